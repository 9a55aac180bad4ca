/** WorkerLogins on a session: who is authorized when, whose name shares have, and the ways back. */

import assert from "node:assert/strict";
import { MAX_WORKER_CHARS } from "../../../lib/pool/stratum/worker_names.ts";
import {
  FIRST_ANSWER_MS,
  MOST_UNANSWERED,
  USER_ANSWER_MS,
} from "../../../lib/pool/stratum/worker_logins.ts";
import { ASKING_MS, WorkersAtPools } from "../../../lib/pool/stratum/workers_at_pools.ts";
import { FIRST_LOGIN_ID } from "../../../lib/protocol/stratum/pool_request.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { stratumHandshake, stratumJob, StratumRig } from "../../support/stratum_rig.ts";

const USER = "bc1qfarm.main";

/** A request as it was written. */
interface Asked {
  readonly id: number;
  readonly name: string;
  readonly method: string;
  readonly password?: string;
}

/** A session that is ready, with a pool that is to see each worker. */
function readyForEach(atPools?: WorkersAtPools): Promise<StratumRig> {
  return StratumRig.ready(stratumHandshake(), { workers: "each" }, atPools);
}

async function requests(rig: StratumRig): Promise<Asked[]> {
  return (await rig.lines()).map((line) => {
    const { id, method, params } = JSON.parse(line);
    const isLogin = method === "mining.authorize";
    return { id, method, name: params[0], ...isLogin ? { password: params[1] } : {} };
  });
}

/** The names that were authorized since the last look. */
async function logins(rig: StratumRig): Promise<Asked[]> {
  return (await requests(rig)).filter(({ method }) => method === "mining.authorize");
}

/** The names of the shares since the last look. */
async function sharesOf(rig: StratumRig): Promise<string[]> {
  const asked = await requests(rig);
  return asked.filter(({ method }) => method === "mining.submit").map(({ name }) => name);
}

function yes(id: number): string {
  return `{"id":${id},"result":true,"error":null}`;
}

function no(id: number, error = '[24,"unauthorized worker",null]'): string {
  return `{"id":${id},"result":false,"error":${error}}`;
}

/** A session on which `rig1`, miner 1, is authorized. */
async function withRig1(atPools?: WorkersAtPools): Promise<StratumRig> {
  const rig = await readyForEach(atPools);
  rig.enter(1);
  await rig.pass(250);
  const [asked] = await logins(rig);
  await rig.say(yes(asked!.id));
  return rig;
}

Deno.test("A worker is authorized once when it appears, and named in its shares from the answer on", async () => {
  using _log = new LogCapture();
  const rig = await readyForEach();
  rig.enter(1);
  rig.submit(1);
  assert.deepEqual(await requests(rig), [{ id: 5, method: "mining.submit", name: USER }]);
  await rig.pass(250);
  assert.deepEqual(await requests(rig), [
    { id: FIRST_LOGIN_ID, method: "mining.authorize", name: "bc1qfarm.rig1", password: "x" },
  ]);
  rig.submit(1);
  assert.deepEqual(await sharesOf(rig), [USER], "until the answer");
  await rig.say(yes(FIRST_LOGIN_ID));
  rig.submit(1);
  rig.enter(2);
  rig.submit(2);
  assert.deepEqual(await sharesOf(rig), ["bc1qfarm.rig1", "bc1qfarm.rig1"], "one worker there");
  for (let tick = 0; tick < 10; tick++) await rig.pass(250);
  assert.deepEqual(await requests(rig), []);
  rig.session.close();
});

Deno.test("Pools that see one worker, or one on each connection, are asked for no name", async () => {
  for (const workers of ["one", "connection"] as const) {
    const rig = await StratumRig.ready(stratumHandshake(), { workers });
    rig.enter(1);
    for (let tick = 0; tick < 10; tick++) await rig.pass(250);
    rig.submit(1);
    assert.deepEqual((await requests(rig)).map(({ name }) => name), [USER]);
    rig.session.close();
  }
});

Deno.test("The first worker is tried alone; once it is accepted, others follow, at most ten a second", async () => {
  using _log = new LogCapture();
  const rig = await readyForEach();
  for (let id = 0; id < 50; id++) rig.enter(id, `rig${id}`);
  for (let tick = 0; tick < 4; tick++) await rig.pass(250);
  const [first, ...more] = await logins(rig);
  assert.deepEqual(more, []);
  await rig.say(yes(first!.id));
  const names = [first!.name];
  for (let second = 0; second < 5; second++) {
    for (let tick = 0; tick < 4; tick++) await rig.pass(250);
    const asked = await logins(rig);
    assert.ok(asked.length >= 8 && asked.length <= 13, `${asked.length} in a second`);
    names.push(...asked.map(({ name }) => name));
    await rig.say(...asked.map(({ id }) => yes(id)));
  }
  for (let tick = 0; tick < 4; tick++) await rig.pass(250);
  names.push(...(await logins(rig)).map(({ name }) => name));
  assert.deepEqual(names, Array.from({ length: 50 }, (_, i) => `bc1qfarm.rig${i}`));
  rig.session.close();
});

Deno.test("A block that is refused for a worker's name is sent once more, as the user's", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  rig.submit(1, {}, {}, true);
  const [block] = await requests(rig);
  assert.equal(block!.name, "bc1qfarm.rig1");
  rig.events.all.length = 0;
  await rig.say(no(block!.id));
  const [login, ...more] = await requests(rig);
  assert.deepEqual([login!.method, login!.name, more], ["mining.authorize", USER, []]);
  assert.deepEqual(rig.events.all, [], "it is not judged yet");
  await rig.say(yes(login!.id));
  assert.deepEqual(await requests(rig), [{ ...block, name: USER }]);
  await rig.say(no(block!.id));
  assert.deepEqual(await requests(rig), [], "no third time");
  assert.equal(rig.events.all.length, 1, "judged");
  rig.session.close();
});

Deno.test("One of several connections asks for a name, and others only once the pool accepted it", async () => {
  using _log = new LogCapture();
  for (const answer of ["yes", "no", "gone"] as const) {
    const atPools = new WorkersAtPools();
    const first = await readyForEach(atPools);
    const second = await readyForEach(atPools);
    first.enter(1);
    second.enter(2, "rig2");
    await first.pass(250);
    await second.pass(250);
    const [asked] = await logins(first);
    assert.equal(asked!.name, "bc1qfarm.rig1");
    assert.deepEqual(await logins(second), []);
    if (answer === "gone") first.session.close();
    else await first.say(answer === "yes" ? yes(asked!.id) : no(asked!.id));
    await second.pass(250);
    assert.equal((await logins(second)).length, answer === "yes" ? 1 : 0, answer);
    await second.pass(ASKING_MS);
    assert.equal((await logins(second)).length, answer === "gone" ? 1 : 0, answer);
    first.session.close();
    second.session.close();
  }
});

Deno.test("A pool that accepted the first worker and answers no other is asked for a hundred more", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  let asked = 0;
  for (let id = 2; id < 500; id++) {
    rig.enter(id, `rig${id}`);
    await rig.pass(250);
    asked += (await logins(rig)).length;
    // It talks on.
    await rig.say("");
  }
  assert.equal(asked, MOST_UNANSWERED);
  await rig.say(yes(FIRST_LOGIN_ID + 1), yes(FIRST_LOGIN_ID + 2));
  await rig.pass(250);
  assert.equal((await logins(rig)).length, 2);
  rig.session.close();
});

Deno.test("Shares go before names: while one waits for its turn no worker is authorized", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  rig.enter(2, "rig2");
  for (let i = 0; i < 300; i++) rig.submit(1);
  const seen: string[] = [];
  for (let tick = 0; tick < 30; tick++) {
    await rig.pass(250);
    await rig.say(stratumJob({ 0: `x${tick}` }));
    seen.push(...(await requests(rig)).map(({ method }) => method));
  }
  assert.equal(seen.length, 301);
  assert.equal(seen.at(-1), "mining.authorize");
  rig.session.close();
});

Deno.test("A miner called like the user needs no authorize: some pools refuse a name the second time", async () => {
  const rig = await readyForEach();
  rig.enter(1, "main");
  await rig.pass(250);
  rig.submit(1);
  assert.deepEqual((await requests(rig)).map(({ name }) => name), [USER]);
  rig.session.close();
});

Deno.test("A hostile name comes to the pool filtered and cut, under the configured account", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  const names = ["=cmd|'/C calc'!A0", 'a","x"]}\n{"id":5', "\u202e\x1b[2J", "y".repeat(10_000)];
  for (const [i, name] of names.entries()) rig.enter(10 + i, name);
  for (let tick = 0; tick < 4; tick++) await rig.pass(250);
  assert.deepEqual((await logins(rig)).map(({ name }) => name), [
    "bc1qfarm.cmd-C-calc-A0",
    "bc1qfarm.a-x-id-5",
    "bc1qfarm.2J",
    `bc1qfarm.${"y".repeat(MAX_WORKER_CHARS)}`,
  ]);
  rig.session.close();
});

Deno.test("A refused worker ends the names: no share is sent before the user is authorized again", async () => {
  using log = new LogCapture();
  const atPools = new WorkersAtPools();
  const rig = await withRig1(atPools);
  rig.enter(2, "rig2");
  await rig.pass(250);
  const [second] = await logins(rig);
  await rig.say(no(second!.id));
  const [user] = await requests(rig);
  assert.deepEqual(user, {
    id: second!.id + 1,
    method: "mining.authorize",
    name: USER,
    password: "x",
  });
  rig.submit(1);
  rig.submit(2, {}, {}, true);
  assert.deepEqual(await requests(rig), [], "neither a share nor a block");
  await rig.say(yes(user!.id));
  const shares = await requests(rig);
  assert.deepEqual(shares.map(({ id, name }) => [id, name]), [[6, USER], [5, USER]]);
  assert.deepEqual(rig.events.sentSerials, [0], "a block was on its way from the first");
  assert.ok(atPools.isOne(0));
  const said = log.take().filter((line) => line.startsWith("warn"));
  assert.equal(said.length, 1);
  assert.match(said[0]!, /pool:3333.*refused worker "bc1qfarm\.rig2": 24 "unauthorized worker"/);
  rig.enter(3, "rig3");
  for (let tick = 0; tick < 10; tick++) await rig.pass(250);
  rig.submit(3);
  assert.deepEqual((await requests(rig)).map(({ name }) => name), [USER]);
  rig.session.close();
});

Deno.test("If the user is then refused, or not accepted in time, the connection is replaced", async () => {
  using _log = new LogCapture();
  for (const isSilent of [false, true]) {
    const rig = await readyForEach();
    rig.enter(1);
    await rig.pass(250);
    const [asked] = await logins(rig);
    await rig.say(no(asked!.id));
    const [user] = await logins(rig);
    if (isSilent) {
      await rig.pass(USER_ANSWER_MS - 1);
      assert.equal(rig.events.endReason, undefined);
      await rig.pass(1);
    } else {
      await rig.say(no(user!.id, '"no"'));
    }
    assert.equal(
      rig.events.endReason,
      `the pool refused a worker's name, then the user's own, "${USER}": it ` +
        (isSilent ? "left it unanswered for 5 s" : 'answered "no"'),
    );
    assert.equal(rig.events.endCause, "connection", "it is no refusal of the account");
  }
});

Deno.test("A share that is refused for its name ends the names, and no share is lost to them", async () => {
  for (
    const error of [
      '[25,"not subscribed",null]',
      '[24,"unauthorized worker"]',
      '[20,"Worker mismatch",null]',
      '"Worker mismatch"',
    ]
  ) {
    using log = new LogCapture();
    const rig = await withRig1();
    const ids = [rig.submit(1), rig.submit(1)];
    assert.deepEqual(await sharesOf(rig), ["bc1qfarm.rig1", "bc1qfarm.rig1"]);
    await rig.say(...ids.map((id) => no(id, error)));
    assert.equal(rig.events.verdicts.length, 2, "its verdict is the miner's");
    const [user] = await logins(rig);
    assert.equal(user?.name, USER);
    rig.submit(1);
    await rig.say(yes(user!.id));
    assert.deepEqual(await sharesOf(rig), [USER]);
    const said = log.take().filter((line) => /^(warn|error)/.test(line));
    assert.equal(said.length, 1, "the user's name is none the worse for it");
    rig.session.close();
  }
});

Deno.test("A share of a worker that is refused for another reason leaves the names alone", async () => {
  using log = new LogCapture();
  const rig = await withRig1();
  for (const error of ['[23,"low difficulty"]', '[21,"Stale"]', '[20,"Ntime out of range"]']) {
    await rig.say(no(rig.submit(1), error));
  }
  rig.submit(1);
  assert.deepEqual(new Set(await sharesOf(rig)), new Set(["bc1qfarm.rig1"]));
  assert.deepEqual(log.take().filter((line) => line.startsWith("warn")), []);
  rig.session.close();
});

Deno.test("A pool that uses only the last authorized name shows it at the next share of the user", async () => {
  using log = new LogCapture();
  const rig = await withRig1();
  rig.enter(2, "rig2");
  const id = rig.submit(2);
  assert.deepEqual(await sharesOf(rig), [USER]);
  await rig.say(no(id, '[20,"Worker mismatch",null]'));
  assert.equal((await logins(rig))[0]?.name, USER);
  assert.match(log.take().at(-1)!, /refused a share: 20 "Worker mismatch".*sees one worker/);
  rig.session.close();
});

Deno.test("Before any worker was authorized, a refusal of the user's name raises the usual alarm", async () => {
  using log = new LogCapture();
  const rig = await readyForEach();
  await rig.say(no(rig.submit(1)));
  assert.match(log.take().at(-1)!, /^error.*accepts no shares under the name/);
  assert.deepEqual((await logins(rig)).length, 0);
  rig.session.close();
});

Deno.test("A pool that does not answer the first worker for three seconds, but sends more, sees one worker", async () => {
  using log = new LogCapture();
  const atPools = new WorkersAtPools();
  const rig = await readyForEach(atPools);
  rig.enter(1);
  rig.enter(2, "rig2");
  await rig.pass(250);
  assert.equal((await logins(rig)).length, 1);
  await rig.pass(FIRST_ANSWER_MS - 1);
  await rig.say(stratumJob({ 0: "x2" }));
  assert.equal(atPools.isOne(0), false);
  await rig.pass(1);
  assert.ok(atPools.isOne(0));
  assert.match(log.take().at(-1)!, /left the first one unanswered for 3 s.*sees one worker/);
  rig.submit(1);
  for (let tick = 0; tick < 10; tick++) await rig.pass(250);
  assert.deepEqual(
    (await requests(rig)).map(({ method, name }) => [method, name]),
    [["mining.submit", USER]],
    "what it ignored is not asked again, also not for the user",
  );
  rig.session.close();
});

Deno.test("A line on which nothing comes at all decides nothing about names", async () => {
  using _log = new LogCapture();
  const atPools = new WorkersAtPools();
  const rig = await readyForEach(atPools);
  rig.enter(1);
  await rig.pass(250);
  const [asked] = await logins(rig);
  for (let second = 0; second < 20; second++) await rig.pass(1000);
  assert.equal(atPools.isOne(0), false);
  await rig.say(stratumJob({ 0: "x2" }), yes(asked!.id));
  await rig.pass(250);
  rig.submit(1);
  assert.deepEqual(await sharesOf(rig), ["bc1qfarm.rig1"]);
  rig.session.close();
});

Deno.test("A refusal that comes after the silence has the user authorized again all the same", async () => {
  using _log = new LogCapture();
  const rig = await readyForEach();
  rig.enter(1);
  await rig.pass(250);
  const [asked] = await logins(rig);
  await rig.pass(FIRST_ANSWER_MS);
  await rig.say(stratumJob({ 0: "x2" }));
  await rig.pass(250);
  await rig.say(no(asked!.id));
  const [user] = await logins(rig);
  assert.equal(user?.name, USER);
  rig.submit(1);
  assert.deepEqual(await requests(rig), []);
  await rig.say(yes(user!.id), yes(asked!.id));
  assert.deepEqual(await sharesOf(rig), [USER]);
  rig.session.close();
});

Deno.test("A refusal from before the user was taken again, but read after it, changes nothing", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  rig.enter(2, "rig2");
  rig.enter(3, "rig3");
  await rig.pass(250);
  const [second, third] = await logins(rig);
  await rig.say(no(second!.id));
  const [user] = await logins(rig);
  await rig.say(yes(user!.id), no(third!.id));
  rig.submit(1);
  assert.deepEqual((await requests(rig)).map(({ method }) => method), ["mining.submit"]);
  rig.session.close();
});

Deno.test("Shares that still wait when the names end are sent under the user", async () => {
  using _log = new LogCapture();
  const rig = await withRig1();
  const first = rig.submit(1);
  for (let i = 0; i < 99; i++) rig.submit(1);
  const before = await sharesOf(rig);
  assert.ok(before.length < 100);
  await rig.say(no(first));
  const [user] = await logins(rig);
  await rig.say(yes(user!.id));
  const after: string[] = [];
  for (let tick = 0; tick < 8; tick++) {
    await rig.pass(250);
    await rig.say(stratumJob({ 0: `x${tick}` }));
    after.push(...await sharesOf(rig));
  }
  assert.equal(before.length + after.length, 100);
  assert.deepEqual(new Set(after), new Set([USER]));
  assert.deepEqual(rig.events.abandonedSerials, []);
  rig.session.close();
});

Deno.test("What one connection found out counts for the others of the pool, and for later ones", async () => {
  using log = new LogCapture();
  const atPools = new WorkersAtPools();
  const [one, other] = [await withRig1(atPools), await withRig1(atPools)];
  await one.say(no(one.submit(1)));
  await other.pass(250);
  other.submit(1);
  assert.deepEqual((await requests(other)).map(({ name }) => name), [USER]);
  const later = await readyForEach(atPools);
  later.enter(1);
  await later.pass(250);
  later.submit(1);
  assert.deepEqual((await requests(later)).map(({ name }) => name), [USER]);
  const said = log.take().filter((line) => line.includes("by name"));
  assert.equal(said.length, 2, "that it takes names, then that it does not, each once");
  for (const rig of [one, other, later]) rig.session.close();
});

Deno.test("Answers to names are not nonsense, and verdicts of shares still come between them", async () => {
  using log = new LogCapture();
  const rig = await withRig1();
  for (let id = 10; id < 40; id++) rig.enter(id, `rig${id}`);
  for (let tick = 0; tick < 20; tick++) {
    await rig.pass(250);
    const share = rig.submit(1);
    const asked = await logins(rig);
    await rig.say(yes(share), ...asked.map(({ id }) => yes(id)));
  }
  assert.equal(rig.events.verdicts.length, 20);
  assert.deepEqual(log.take().filter((line) => line.startsWith("warn")), []);
  rig.session.close();
});
