/** What is said to a pool in a check, word for word, and what of its answers is kept. */

import assert from "node:assert/strict";
import { talk } from "../../lib/check/talk.ts";
import { FakeConnection } from "../support/fake_connection.ts";

const ANSWERS = [
  '{"id":"caps","result":{"capabilities":["verrol","subres"]}}',
  '{"id":"conf","result":{"version-rolling":true,"version-rolling.mask":"1fffe000"}}',
  '{"id":"sub","result":[[],"01000000",8],"error":null}',
  '{"id":"auth","result":true,"error":null}',
  '{"id":null,"method":"mining.set_difficulty","params":[1024]}',
  `{"id":null,"method":"mining.notify","params":["7","${"0".repeat(64)}","00","00",[],` +
  '"20000000","17000000","65000000",true]}',
  '{"id":"verdicts","result":{"capabilities":["verrol","subres"]}}',
];

async function talkAs(account: string | undefined, answers: readonly string[]) {
  const connection = new FakeConnection();
  for (const line of answers) connection.deliver(new TextEncoder().encode(`${line}\n`));
  let time = 0;
  const result = await talk(connection, {
    introduction: { clientAgent: "btccom-agent/0-test", account, wantsVerdicts: true },
    now: () => time++,
    wallNow: () => 1_700_000_000_000,
    signal: new AbortController().signal,
  });
  assert.ok(connection.isClosed);
  const said = new TextDecoder().decode(connection.written).trimEnd().split("\n")
    .map((line) => (JSON.parse(line) as { method: string }).method);
  return { result, said };
}

const QUESTIONS = ["agent.get_capabilities", "mining.configure", "mining.subscribe"];

Deno.test("with an account the whole handshake is gone through, and nothing else said", async () => {
  const { result, said } = await talkAs("acc", ANSWERS);
  assert.equal(result.end, "done");
  assert.deepEqual(said, [...QUESTIONS, "mining.authorize", "agent.get_capabilities"]);
  assert.deepEqual(result.capabilities, ["verrol", "subres"]);
  assert.equal(result.agreement?.difficulty, 1024);
  assert.equal(result.jobCameAt, 1_700_000_000_000);
  assert.ok(result.loginMs! > 0 && result.jobMs! > result.loginMs!);
});

Deno.test("without an account nobody logs in", async () => {
  const { result, said } = await talkAs(undefined, ANSWERS.slice(0, 3));
  assert.equal(result.end, "done");
  assert.deepEqual(said, QUESTIONS);
  assert.equal(result.agreement, undefined);
});

Deno.test("a job that no agent can submit for is a fault", async () => {
  const answers = ANSWERS.map((line) => line.replace('"params":["7"', '"params":["job-7"'));
  const { result } = await talkAs("acc", answers);
  assert.equal(result.end, "fault");
  assert.equal(result.fault?.code, "bad-job");
});

Deno.test("of what a pool says it can do, only a few short words are kept", async () => {
  const names = [...Array.from({ length: 50 }, (_, i) => `c${i}`), "x".repeat(100), 5];
  const caps = JSON.stringify({ id: "caps", result: { capabilities: names } });
  const { result } = await talkAs(undefined, [caps, ...ANSWERS.slice(1, 3)]);
  assert.deepEqual(result.capabilities, names.slice(0, 16));
});

Deno.test("a connection that breaks is told from one that the pool closes", async () => {
  const endWith = async (error: Error | undefined) => {
    const connection = new FakeConnection();
    if (error === undefined) connection.end();
    else connection.fail(error);
    const { end } = await talk(connection, {
      introduction: { clientAgent: "btccom-agent/0-test", account: "acc", wantsVerdicts: true },
      now: () => 0,
      wallNow: () => 0,
      signal: new AbortController().signal,
    });
    return end;
  };
  assert.equal(await endWith(undefined), "closed");
  assert.equal(await endWith(new Deno.errors.ConnectionReset("reset")), "closed");
  assert.equal(await endWith(new Deno.errors.TimedOut("no route")), "broken");
});
