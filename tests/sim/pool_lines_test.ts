/** The simulated pool answers lines as the real one was measured to, and is silent where it is. */

import assert from "node:assert/strict";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import type { SimPoolOptions } from "../../lib/sim/pool_settings.ts";
import { RawAgent } from "./raw_agent.ts";

const encoder = new TextEncoder();

const SUBSCRIBE = '{"id":"s","method":"mining.subscribe","params":["btccom-agent/1"]}';
const AUTHORIZE = '{"id":"a","method":"mining.authorize","params":["sub1",""]}';
const MARK = '{"id":"mark","method":"agent.get_capabilities","params":[["x"]]}';

/** What the pool says to these lines: everything before the answer to one more that it answers. */
async function answersTo(lines: string, options: SimPoolOptions = {}): Promise<unknown[]> {
  await using pool = await SimPool.start({ proofOfWork: false, hasWork: false, ...options });
  await using agent = await RawAgent.connect(pool);
  agent.send(encoder.encode(`${lines}\n${MARK}\n`));
  await agent.until(() => agent.answer("mark") !== undefined);
  return agent.lines.filter(({ id }) => id !== "mark");
}

function request(method: string, params: unknown = []): string {
  return JSON.stringify({ id: 1, method, params });
}

function refused(code: number, id: unknown = 1): (lines: unknown[]) => void {
  return (lines) => {
    const [{ id: found, error }] = lines as [{ id: unknown; error: unknown[] }];
    assert.deepEqual([lines.length, found, error[0]], [1, id, code]);
  };
}

function silence(lines: unknown[]): void {
  assert.deepEqual(lines, []);
}

function result(wanted: unknown): (lines: unknown[]) => void {
  return ([answer]) => assert.deepEqual(answer, { id: 1, result: wanted, error: null });
}

const configure = (options: unknown, extensions: unknown = ["version-rolling"]) =>
  request("mining.configure", [extensions, options]);
const rolling = (mask: string) => ({ "version-rolling": true, "version-rolling.mask": mask });
const MASK = { "version-rolling.mask": "1fffe000" };

/** What is sent, and what is said of the answers to it. */
const CASES: readonly [string, string, (lines: unknown[]) => void][] = [
  ...["mining.submit", "mining.ping", "mining.extranonce.subscribe", "mining.suggest_difficulty"]
    .flatMap((method): [string, string, (lines: unknown[]) => void][] => [
      [`${method} before authorize`, request(method, [1]), silence],
      [
        `${method} after subscribe`,
        `${SUBSCRIBE}\n${request(method, [1])}`,
        (lines) => assert.equal(lines.length, 1),
      ],
      [
        `${method} after authorize`,
        `${SUBSCRIBE}\n${AUTHORIZE}\n${request(method, [1])}`,
        (lines) => assert.equal(lines.length, 2),
      ],
    ]),
  ["an unknown method", request("no.such"), silence],
  ["suggest_target before subscribe", request("mining.suggest_target", ["00"]), result(true)],
  ["a list", "[1,2]", refused(ERROR_CODE.illegalParams, null)],
  ["a number", "12345", refused(ERROR_CODE.illegalParams, null)],
  ["null", "null", refused(ERROR_CODE.illegalParams, null)],
  [
    "a trailing comma in the object",
    request("agent.get_capabilities", [["y"]]).replace(/}$/, ",}"),
    (lines) => assert.equal(lines.length, 1),
  ],
  [
    "a trailing comma in a list",
    request("agent.get_capabilities", [["y"]]).replace("]]", ",],]"),
    (lines) => assert.equal(lines.length, 1),
  ],
  [
    "a comma behind the object",
    request("agent.get_capabilities", [["y"]]) + ",",
    (lines) => assert.equal(lines.length, 1),
  ],
  [
    "junk behind the object",
    request("agent.get_capabilities", [["}y"]]) + "}x{[",
    (lines) => assert.equal(lines.length, 1),
  ],
  ["params null", request("mining.ping", null), refused(ERROR_CODE.illegalParams)],
  ["no params", '{"id":1,"method":"mining.ping"}', refused(ERROR_CODE.illegalParams)],
  ["params an object", request("mining.ping", {}), refused(ERROR_CODE.illegalParams)],
  ["an empty method", request(""), refused(ERROR_CODE.illegalParams)],
  [
    "a method that is no text",
    '{"id":1,"method":7,"params":[]}',
    refused(ERROR_CODE.illegalParams),
  ],
  ["an answer", '{"id":1,"result":true,"error":null}', refused(ERROR_CODE.illegalParams)],
  ["no JSON", "hello, pool", silence],
  ["half an object", '{"id":1,"method":"mining.configure","params":[', silence],
  [
    "configure without options",
    request("mining.configure", [["version-rolling"]]),
    refused(ERROR_CODE.illegalParams),
  ],
  ["configure with options null", configure(null), refused(ERROR_CODE.illegalParams)],
  ["configure with options that are a list", configure([]), refused(ERROR_CODE.illegalParams)],
  [
    "configure without extensions",
    request("mining.configure", [null, {}]),
    refused(ERROR_CODE.illegalParams),
  ],
  ["configure without a mask", configure({}), result({ "version-rolling": false })],
  [
    "configure with a mask that is a number",
    configure({ "version-rolling.mask": 5 }),
    result({ "version-rolling": false }),
  ],
  [
    "a mask with 0x",
    configure({ "version-rolling.mask": "0x1fffe000" }),
    result(rolling("1fffe000")),
  ],
  [
    "a mask that is too long",
    configure({ "version-rolling.mask": "00001fffe000" }),
    result(rolling("1fffe000")),
  ],
  [
    "a mask of which the pool has some bits",
    configure({ "version-rolling.mask": "00c0f00f" }),
    result(rolling("00c0e000")),
  ],
  [
    "a minimum difficulty",
    configure({ "minimum-difficulty.value": 2048 }, ["minimum-difficulty"]),
    result({ "minimum-difficulty": true }),
  ],
  [
    "a minimum difficulty that is a text",
    configure({ "minimum-difficulty.value": "2048" }, ["minimum-difficulty"]),
    result({ "minimum-difficulty": false }),
  ],
  [
    "extensions that are no text or not known",
    configure({}, [7, null, "x", []]),
    result({ x: false }),
  ],
  [
    "a second configure without a mask",
    `${configure(MASK)}\n${configure({}).replace('"id":1', '"id":2')}`,
    (lines) =>
      assert.deepEqual(lines, [
        { id: 1, result: rolling("1fffe000"), error: null },
        { id: null, method: "mining.set_version_mask", params: ["1fffe000"] },
        { id: 2, result: { "version-rolling": false }, error: null },
        { id: null, method: "mining.set_version_mask", params: ["1fffe000"] },
      ]),
  ],
  [
    "a mask of 0",
    configure({ "version-rolling.mask": "00000000" }),
    (lines) => assert.equal(lines.length, 1),
  ],
  [
    "a second subscribe",
    `${SUBSCRIBE}\n${SUBSCRIBE}`,
    ([, second]) => refused(2147483647, "s")([second]),
  ],
  [
    "a second authorize",
    `${SUBSCRIBE}\n${AUTHORIZE}\n${AUTHORIZE}`,
    ([, , second]) => refused(ERROR_CODE.notSubscribed, "a")([second]),
  ],
];
for (const [name, lines, judge] of CASES) {
  Deno.test(`${name} is answered as the real pool does`, async () => judge(await answersTo(lines)));
}

Deno.test("a line shorter than 4 bytes waits for the bytes after it", async () => {
  await using pool = await SimPool.start({ proofOfWork: false });
  await using agent = await RawAgent.connect(pool);
  agent.send(encoder.encode("7\n"));
  await pool.until(() => pool.statistics().bytesIn === 2);
  assert.deepEqual([pool.statistics().linesIn, pool.statistics().linesOut], [0, 0]);
  agent.send(encoder.encode("\n\n"));
  await agent.until(() => agent.lines.length === 1);
  refused(ERROR_CODE.illegalParams, null)(agent.lines);
});

Deno.test("a connection may begin with a PROXY line where the pool is set up for it, once", async () => {
  const PROXY = "PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n";
  for (const takesProxyLine of [true, false]) {
    await using pool = await SimPool.start({ proofOfWork: false, takesProxyLine });
    await using agent = await RawAgent.connect(pool);
    agent.send(encoder.encode(`${PROXY}${PROXY}${MARK}\n`));
    await agent.until(() => agent.answer("mark") !== undefined);
    assert.equal(pool.statistics().badLines, takesProxyLine ? 1 : 2);
  }
});

/** The options of a pool, a name to log in with, and the sub-account it is; or none. */
const ACCOUNTS: readonly [SimPoolOptions, string, string | undefined][] = [
  [{}, "Alice", "alice"],
  [{ accounts: ["Alice"] }, "aLICE.rig1", "alice"],
  [{ accounts: ["Alice"] }, "bob", undefined],
  [{ caseSensitiveAccounts: true }, "Alice", "Alice"],
  [{ accounts: ["Alice"], caseSensitiveAccounts: true }, "Alice", "Alice"],
  [{ accounts: ["Alice"], caseSensitiveAccounts: true }, "alice", undefined],
];
for (const [options, name, account] of ACCOUNTS) {
  Deno.test(`with ${JSON.stringify(options)} "${name}" is ${account ?? "refused"}`, async () => {
    await using pool = await SimPool.start({ proofOfWork: false, ...options });
    await using agent = await RawAgent.connect(pool);
    agent.line("sub", "mining.subscribe", ["btccom-agent/1"]);
    agent.line("auth", "mining.authorize", [name, ""]);
    await agent.until(() => agent.answer("auth") !== undefined);
    assert.equal(agent.answer("auth")!.error?.[0], account === undefined ? 29 : undefined);
    agent.register(1, "rig1");
    await agent.settled();
    assert.equal(pool.workers()[0]?.account, account);
  });
}

Deno.test("nicehash.forced holds every worker to a minimum that is not announced", async () => {
  await using pool = await SimPool.start({
    proofOfWork: false,
    difficulty: 16,
    nicehashForced: true,
    nicehashDifficulty: 64,
  });
  await using agent = await RawAgent.authorized(pool);
  assert.deepEqual(agent.notifications("mining.set_difficulty"), [[16]]);
  agent.register(1, "rig1");
  // Where nothing is hashed a nonce is the share's luck: one in four is good for 64.
  for (let i = 0; i < 16; i++) agent.submit(1, { nonce: i * 2 ** 28 });
  await agent.until(() => agent.verdicts.length === 16);
  const { accepted, rejectedByCode } = pool.statistics();
  assert.deepEqual([accepted, rejectedByCode], [4, new Map([[23, 12]])]);
});

Deno.test("nicehash.forced demands the proof of work, too", async () => {
  await using pool = await SimPool.start({
    difficulty: 1e-12,
    nicehashForced: true,
    nicehashDifficulty: 1,
  });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  agent.submit(1);
  await agent.until(() => agent.verdicts.length === 1);
  assert.equal(agent.verdicts[0]!.status, 23);
});

Deno.test("the pool books no 22 and no 36, and only the first refusals of a minute", async () => {
  let now = 1_700_000_000_000;
  await using pool = await SimPool.start({
    proofOfWork: false,
    time: { ...systemTime, wallNow: () => now },
  });
  await using agent = await RawAgent.authorized(pool);
  agent.register(1, "rig1");
  const judged = async (count: number) => {
    const wanted = agent.verdicts.length + count;
    await agent.until(() => agent.verdicts.length === wanted);
  };
  agent.submit(1, { nonce: 1 });
  agent.submit(1, { nonce: 1 });
  agent.submit(1, { jobId: 99 });
  agent.submit(1, { nonce: 2, versionBits: 1 });
  await judged(4);
  assert.deepEqual(pool.statistics().bookedByCode, new Map([[33, 1]]));
  for (let i = 0; i < 30; i++) agent.submit(1, { nonce: 10 + i, versionBits: 1 });
  await judged(30);
  // 19 refusals in a minute are booked; two of them were of the kinds that never are.
  assert.deepEqual(pool.statistics().bookedByCode, new Map([[33, 17]]));
  assert.equal(pool.statistics().rejectedByCode.get(33), 31);
  now += 61_000;
  agent.submit(1, { nonce: 100, versionBits: 1 });
  await judged(1);
  assert.deepEqual(pool.statistics().bookedByCode, new Map([[33, 18]]));
});
