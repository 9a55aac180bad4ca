/** PoolHandshake: any order of answers, any pool, any nonsense (agent.md "Handshake"). */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PoolHandshake } from "../../../lib/pool/agent/handshake.ts";
import { decodePoolLine } from "../../../lib/protocol/stratum/message.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { notifyLine, POOL_LINES } from "../../support/pool_lines.ts";

const encoder = new TextEncoder();
const { caps, conf, mask, sub, auth, difficulty, verdicts } = POOL_LINES;
const job = notifyLine("7");

function handshake(wantsVerdicts = true): PoolHandshake {
  return new PoolHandshake({
    clientAgent: "btccom-agent/1.2.3-deno",
    account: "alice",
    wantsVerdicts,
  });
}

function receive(to: PoolHandshake, line: string): unknown[] {
  return to.receive(decodePoolLine(encoder.encode(line))).map((text) => JSON.parse(text));
}

/** Hands all lines over, and the answer to the question for verdicts right behind that one. */
function receiveAll(to: PoolHandshake, lines: readonly string[]): number {
  let questions = 0;
  for (const line of lines) {
    for (const question of receive(to, line)) {
      assert.deepEqual(question, {
        id: "verdicts",
        method: "agent.get_capabilities",
        params: [["verrol", "subres"]],
      });
      questions++;
      receive(to, verdicts);
    }
  }
  return questions;
}

Deno.test("The handshake begins with four requests, and an inner list in the first", () => {
  assert.deepEqual(handshake().begin().map((text) => JSON.parse(text)), [
    { id: "caps", method: "agent.get_capabilities", params: [["verrol", "subres"]] },
    {
      id: "conf",
      method: "mining.configure",
      params: [["version-rolling"], {
        "version-rolling.mask": "ffffffff",
        "version-rolling.min-bit-count": 0,
      }],
    },
    { id: "sub", method: "mining.subscribe", params: ["btccom-agent/1.2.3-deno"] },
    { id: "auth", method: "mining.authorize", params: ["alice", ""] },
  ]);
});

Deno.test("The handshake says what it waits for, answer by answer", () => {
  const shake = handshake();
  const steps: [string, string | undefined][] = [
    [caps, "the version mask"],
    [conf, "the subscribe answer"],
    [mask, "the subscribe answer"],
    [sub, "the authorize answer"],
    [auth, "the switch to verdicts"],
    [verdicts, "a difficulty"],
    [difficulty, "a job"],
    [job, undefined],
  ];
  assert.equal(shake.waitingFor, "its capabilities");
  for (const [line, missing] of steps) {
    assert.equal(shake.agreement, undefined);
    receive(shake, line);
    assert.equal(shake.waitingFor, missing, `after ${line}`);
  }
});

Deno.test("The handshake ends with what both sides know", () => {
  const shake = handshake();
  receiveAll(shake, [caps, conf, mask, sub, auth, difficulty, job]);
  const { job: agreedJob, ...agreed } = shake.agreement!;
  assert.deepEqual(agreed, {
    poolExtranonce1: 0x0100002a,
    versionMask: 0x1fffe000,
    givesVerdicts: true,
    difficulty: 16384,
  });
  assert.equal(agreedJob.id, "7");
  assert.equal(agreedJob.coinbase1, "010000000100002a");
});

Deno.test("The handshake ends alike in whichever order the answers come", () => {
  const lines = [caps, conf, sub, auth, difficulty, job];
  let orders = 0;
  for (const order of permutations(lines)) {
    const shake = handshake();
    assert.equal(receiveAll(shake, order), 1, "asked for verdicts exactly once");
    assert.equal(shake.waitingFor, undefined, `after ${order}`);
    assert.equal(shake.agreement?.givesVerdicts, true);
    orders++;
  }
  assert.equal(orders, 720);
});

function* permutations<T>(items: readonly T[]): Generator<T[]> {
  if (items.length === 0) yield [];
  for (const [i, item] of items.entries()) {
    for (const rest of permutations(items.toSpliced(i, 1))) yield [item, ...rest];
  }
}

Deno.test("Verdicts are requested only after the authorize answer, when that has an effect", () => {
  const shake = handshake();
  for (const line of [caps, conf, mask, sub, difficulty, job]) {
    assert.deepEqual(receive(shake, line), []);
  }
  assert.equal(receive(shake, auth).length, 1);
});

Deno.test("A repeated answer changes nothing and asks for nothing again", () => {
  const shake = handshake();
  receiveAll(shake, [caps, conf, sub, auth, difficulty, job]);
  const before = shake.agreement;
  assert.equal(receiveAll(shake, [auth, caps, conf, sub, verdicts]), 0);
  assert.deepEqual(shake.agreement, before);
});

for (
  const { name, wantsVerdicts, line, givesVerdicts } of [
    { name: "wanted and offered", wantsVerdicts: true, line: caps, givesVerdicts: true },
    { name: "offered, not wanted", wantsVerdicts: false, line: caps, givesVerdicts: false },
    {
      name: "wanted, not offered",
      wantsVerdicts: true,
      line: '{"id":"caps","result":{"capabilities":["verrol"]}}',
      givesVerdicts: false,
    },
    {
      name: "wanted, another word offered",
      wantsVerdicts: true,
      line: '{"id":"caps","result":{"capabilities":["SUBRES",1,null,["subres"]]}}',
      givesVerdicts: false,
    },
  ]
) {
  Deno.test(`Verdicts ${name}: ${givesVerdicts ? "each share gets one" : "there are none"}`, () => {
    const shake = handshake(wantsVerdicts);
    const questions = receiveAll(shake, [line, conf, sub, auth, difficulty, job]);
    assert.equal(questions, givesVerdicts ? 1 : 0);
    assert.equal(shake.agreement?.givesVerdicts, givesVerdicts);
  });
}

for (
  const { name, lines, expected } of [
    { name: "as the pool has it", lines: [caps, conf], expected: 0x1fffe000 },
    {
      name: "in capitals",
      lines: [caps, conf.replace("1fffe000", "1FFFE000")],
      expected: 0x1fffe000,
    },
    { name: "all bits", lines: [caps, conf.replace("1fffe000", "ffffffff")], expected: 0xffffffff },
    {
      name: "0 when shares cannot carry version bits (no verrol)",
      lines: ['{"id":"caps","result":{"capabilities":["subres"]}}', conf, mask],
      expected: 0,
    },
    {
      name: "0 when nothing is offered",
      lines: ['{"id":"caps","result":{"capabilities":[]}}', conf, mask],
      expected: 0,
    },
    {
      name: "0 when the pool does not know the extension",
      lines: [caps, '{"id":"conf","result":{"version-rolling":false},"error":null}'],
      expected: 0,
    },
    {
      name: "0 when the pool does not know configure",
      lines: [caps, '{"id":"conf","result":null,"error":[26,"Illegal method",null]}'],
      expected: 0,
    },
    {
      name: "0 when the mask is no hex",
      lines: [caps, conf.replace("1fffe000", "0x1ff")],
      expected: 0,
    },
    {
      name: "0 when the mask is a number",
      lines: [caps, conf.replace('"1fffe000"', "536862720")],
      expected: 0,
    },
    {
      name: "0 when rolling is only nearly true",
      lines: [caps, conf.replace("true", "1")],
      expected: 0,
    },
    {
      name: "the newest when the pool tells another behind the answer",
      lines: [caps, conf, mask.replace("1fffe000", "00c00000")],
      expected: 0x00c00000,
    },
  ]
) {
  Deno.test(`The version mask is ${name}`, () => {
    const shake = handshake();
    receiveAll(shake, [...lines, sub, auth, difficulty, job]);
    assert.equal(shake.agreement?.versionMask, expected);
  });
}

for (
  const { name, lines, expected } of [
    { name: "the first one told", lines: [[16384], [64], [1]], expected: 16384 },
    { name: "the first one told, whatever nonsense follows", lines: [[512], ["x"]], expected: 512 },
    { name: "a fraction, from a pool in development", lines: [[0.005]], expected: 0.005 },
    { name: "2^63", lines: [[2 ** 63]], expected: 2 ** 63 },
  ]
) {
  Deno.test(`The difficulty miners start at is ${name}`, () => {
    const shake = handshake();
    const told = lines.map((params) =>
      JSON.stringify({ id: null, method: "mining.set_difficulty", params })
    );
    receiveAll(shake, [caps, conf, sub, auth, ...told, job]);
    assert.equal(shake.agreement?.difficulty, expected);
  });
}

Deno.test("The newest of several jobs is the one to begin with", () => {
  const shake = handshake();
  receiveAll(shake, [caps, conf, sub, auth, difficulty, job, notifyLine("8", false)]);
  assert.equal(shake.agreement?.job.id, "8");
  assert.equal(shake.agreement?.job.isClean, false);
});

Deno.test("Answers to nothing, unknown methods and questions of the pool's are passed over", () => {
  const shake = handshake();
  for (
    const line of [
      '{"id":"conn_test","result":{"capabilities":["verrol"]}}',
      '{"id":"probe","result":{"capabilities":[]}}',
      '{"id":null,"result":true}',
      '{"id":1,"result":true,"error":null}',
      '{"id":5,"method":"client.get_version","params":[]}',
      '{"id":null,"method":"client.show_message","params":["hello"]}',
      '{"id":null,"method":7,"params":"x"}',
      "{}",
    ]
  ) assert.deepEqual(receive(shake, line), [], line);
  assert.equal(shake.waitingFor, "its capabilities");
});

const refusals: { readonly name: string; readonly line: string; readonly says: RegExp }[] = [
  ...[2, 4, 7, 9, "8", null, 8.5, [8], {}].map((size) => ({
    name: `extranonce2 of ${JSON.stringify(size)} bytes`,
    line: JSON.stringify({ id: "sub", result: [[], "0100002a", size], error: null }),
    says: /does not speak the agent protocol: its extranonce2 has .* bytes, wanted 8/,
  })),
  ...["0100002", "0100002a0", "0x00002a", "", 42, null].map((extranonce1) => ({
    name: `extranonce1 ${JSON.stringify(extranonce1)}`,
    line: JSON.stringify({ id: "sub", result: [[], extranonce1, 8], error: null }),
    says: /its extranonce1 is .*, wanted 8 hex digits/,
  })),
  {
    name: "an error as answer to subscribe",
    line: '{"id":"sub","result":null,"error":[20,"Not an agent",null]}',
    says: /it answers subscribe with \[20, "Not an agent"\]/,
  },
  {
    name: "a subscribe answer that is too short",
    line: '{"id":"sub","result":[[]],"error":null}',
    says: /its extranonce2 has undefined bytes/,
  },
  {
    name: "capabilities that are no list",
    line: '{"id":"caps","result":{"capabilities":"verrol"}}',
    says: /does not answer agent.get_capabilities with its capabilities/,
  },
  {
    name: "capabilities inherited by every object",
    line: '{"id":"caps","result":{"toString":[]}}',
    says: /does not answer agent.get_capabilities with its capabilities/,
  },
  {
    name: "an error as answer to the question for capabilities",
    line: '{"id":"caps","result":null,"error":[26,"Illegal method",null]}',
    says: /does not answer agent.get_capabilities with its capabilities/,
  },
  {
    name: "an unknown sub-account",
    line: '{"id":"auth","result":null,"error":[29,"Invalid username",null]}',
    says: /Cannot authorize as sub-account "alice": the pool answers \[29, "Invalid username"\]/,
  },
  {
    name: "false as answer to authorize",
    line: '{"id":"auth","result":false,"error":null}',
    says: /Cannot authorize as sub-account "alice": the pool answers null/,
  },
  {
    name: "1 as answer to authorize",
    line: '{"id":"auth","result":1,"error":null}',
    says: /Cannot authorize/,
  },
  ...[0, -1, 1e300, "16", null, [1], {}].map((value) => ({
    name: `difficulty ${JSON.stringify(value)}`,
    line: JSON.stringify({ id: null, method: "mining.set_difficulty", params: [value] }),
    says: /Cannot use a difficulty/,
  })),
  ...["", "1fffe0000", "-1", 5, null].map((value) => ({
    name: `version mask ${JSON.stringify(value)}`,
    line: JSON.stringify({ id: null, method: "mining.set_version_mask", params: [value] }),
    says: /Cannot use a version mask/,
  })),
  {
    name: "a job without its parameters",
    line: '{"id":null,"method":"mining.notify","params":[]}',
    says: /Cannot read a job/,
  },
];

for (const { name, line, says } of refusals) {
  Deno.test(`A pool with ${name} is refused, with a reason for the operator`, () => {
    assert.throws(
      () => receive(handshake(), line),
      (error) => error instanceof PoolFault && says.test(error.message),
    );
  });
}

/** Values that a program stumbles over when it prints or converts them. */
const trap = fc.constantFrom<unknown>(
  { toString: 1, valueOf: 1 },
  [{ toString: 1, valueOf: 1 }],
  [[[[[{ toString: null }]]]]],
  { capabilities: { length: 3 } },
  { capabilities: [{ toString: 1 }] },
  { "version-rolling": true, "version-rolling.mask": ["1fffe000"] },
  { constructor: null, hasOwnProperty: 1 },
  1e308,
  "\u0000\u001b[31m",
);
const anything = fc.oneof(trap, fc.jsonValue(), fc.array(fc.oneof(trap, fc.jsonValue())));
const id = fc.constantFrom("caps", "conf", "sub", "auth", "verdicts", "probe", null, 0);
const method = fc.constantFrom(
  "mining.set_difficulty",
  "mining.notify",
  "mining.set_version_mask",
  "client.reconnect",
  "toString",
);
const jobParams = fc.tuple(fc.nat({ max: 9 }), anything).map(([at, value]) =>
  JSON.parse(job).params.with(Math.min(at, 8), value)
);
const message = fc.oneof(
  fc.record({ id, result: anything, error: anything }, { requiredKeys: ["id"] }),
  fc.record({ id: anything, method: fc.oneof(method, anything), params: anything }),
  fc.record({ id, method: fc.constant("mining.notify"), params: jobParams }),
  fc.record({ id, result: fc.record({ capabilities: anything }) }),
  fc.record({ id, result: fc.tuple(anything, anything, fc.oneof(fc.constant(8), anything)) }),
);

Deno.test("Nothing a pool says during the handshake throws anything but PoolFault", () => {
  let faults = 0;
  fc.assert(
    fc.property(fc.array(message, { maxLength: 6 }), (messages) => {
      const shake = handshake();
      try {
        for (const each of messages) receive(shake, JSON.stringify(each));
        void shake.agreement;
      } catch (error) {
        assert.ok(error instanceof PoolFault, String(error));
        assert.match(error.message, /^[\x20-\x7e…]*$/, "fit for a log line");
        faults++;
      }
    }),
    { seed: 7, numRuns: 3000 },
  );
  assert.ok(faults > 1000);
});
