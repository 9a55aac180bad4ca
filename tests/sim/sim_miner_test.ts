import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { Extranonce2s } from "../../lib/sim/extranonce2.ts";
import { FIRMWARE, FIRMWARE_NAMES, type FirmwareName } from "../../lib/sim/firmware.ts";
import { addToChecksum } from "../../lib/sim/share_checksum.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimMiner } from "../../lib/sim/sim_miner.ts";
import type { SimMinerOptions } from "../../lib/sim/sim_miner_options.ts";
import { WorkScheduler } from "../../lib/sim/work_scheduler.ts";
import { difficultyLine, errorLine, JOB, notifyLine, StratumServer } from "./stratum_server.ts";

function startMiner(
  server: StratumServer,
  options: Partial<SimMinerOptions> = {},
): SimMiner {
  return SimMiner.start({
    port: server.port,
    user: "alice.rig1",
    // Tests do not have to leave time for anything else.
    scheduler: new WorkScheduler(systemTime, 1),
    ...options,
  });
}

function isWorking(miner: SimMiner): () => boolean {
  return () => miner.statistics().workingNow === 1;
}

for (const firmware of FIRMWARE_NAMES) {
  Deno.test(`${firmware} starts to work, and every share it hashes is valid`, async () => {
    await using server = new StratumServer();
    await using miner = startMiner(server, { firmware, mode: { kind: "hash" } });
    await miner.until(() => miner.statistics().accepted >= 20);
    const { rejected, faults, hashes } = miner.statistics();
    assert.deepEqual([rejected, faults, miner.faults], [0, 0, []]);
    // About 430 hashes a share at this difficulty.
    assert.ok(hashes > 20 * 100, `${hashes} hashes`);
    const submits = server.params("mining.submit");
    const has = (index: number) => new Set(submits.map((params) => params[index])).size > 1;
    assert.equal(has(2), !["braiins", "nerdminer"].includes(firmware), "rolls extranonce2");
    assert.ok(has(4), "rolls the nonce");
    const configured = server.params("mining.configure").length > 0;
    assert.equal(submits[0]!.length, configured ? 6 : 5);
  });
}

Deno.test("miners with version rolling roll version bits within the mask, and time at times", async () => {
  await using server = new StratumServer();
  await using miner = startMiner(server, { firmware: "avalon", mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted >= 60);
  const bits = server.params("mining.submit").map((params) => parseInt(params[5] as string, 16));
  assert.ok(bits.some((value) => value !== 0));
  assert.ok(bits.every((value) => (value & ~0x1fffe000) === 0));
  const times = server.params("mining.submit").map((params) => params[3]);
  assert.ok(new Set(times).size > 1);
  assert.ok(times.includes(JOB.ntime));
});

/** The requests each kind begins with. */
const HANDSHAKES: Readonly<Record<FirmwareName, string>> = {
  antminer: "1 configure, 2 subscribe, 3 authorize, 4 multi_version, 5 configure",
  s9: "0 subscribe, 1 authorize, 2 multi_version",
  whatsminer: "1 suggest_difficulty, 2 configure, 3 subscribe, 4 authorize",
  braiins: "0 configure, 1 subscribe, 2 authorize",
  avalon: "0 configure, 1 subscribe, 2 authorize",
  cgminer: "0 subscribe, 1 authorize, 2 suggest_difficulty, 3 extranonce.subscribe",
  bfgminer: '0 subscribe, null suggest_target, null capabilities, "auth" authorize, ' +
    '"txlistj1" get_transactions',
  cpuminer: "1 subscribe, 2 authorize",
  bitaxe: "1 configure, 2 subscribe, 3 authorize, 4 suggest_difficulty",
  nerdqaxe: "1 subscribe, 2 configure, 3 authorize, 4 suggest_difficulty, 5 extranonce.subscribe",
  nerdminer: "1 subscribe, 2 authorize, 3 suggest_difficulty",
  nicehash: "1 subscribe, 2 extranonce.subscribe, 3 authorize",
};
for (const firmware of FIRMWARE_NAMES) {
  Deno.test(`${firmware} begins as the real one does`, async () => {
    await using server = new StratumServer();
    await using miner = startMiner(server, { firmware });
    const expected = HANDSHAKES[firmware].split(", ");
    await miner.until(isWorking(miner));
    await server.until(() => server.requests.length === expected.length);
    assert.deepEqual(
      server.requests.map(({ id, method }) =>
        `${JSON.stringify(id)} ${method.replace("mining.", "")}`
      ),
      expected,
    );
  });
}

Deno.test("some kinds send all or most of their handshake before any answer, others wait", async () => {
  const sent = [["bitaxe", 3], ["nerdqaxe", 5], ["braiins", 1], ["antminer", 1]] as const;
  for (const [firmware, requests] of sent) {
    await using server = new StratumServer(() => []);
    await using _miner = startMiner(server, { firmware });
    await server.until(() => server.requests.length > 0);
    assert.equal(server.requests.length, requests);
  }
});

Deno.test("the Braiins client agent is 70 bytes with blanks and semicolons, among nulls", async () => {
  await using server = new StratumServer();
  await using _miner = startMiner(server, { firmware: "braiins" });
  await server.until(() => server.params("mining.subscribe").length === 1);
  const [agent, ...rest] = server.params("mining.subscribe")[0]!;
  assert.equal((agent as string).length, 70);
  assert.match(agent as string, /^bosminer.*; /);
  assert.deepEqual(rest, [null, `127.0.0.1:${server.port}`, null]);
});

Deno.test("a slow miner sends its handshake byte by byte, its shares at once", async () => {
  await using server = new StratumServer();
  await using miner = startMiner(server, {
    firmware: "nicehash",
    dribbleMs: 0.1,
    mode: { kind: "hash" },
  });
  await miner.until(() => miner.statistics().accepted >= 3);
  const handshake = server.requests.slice(0, 3).map((request) =>
    JSON.stringify(request).length + 1
  );
  const bytes = handshake.reduce((sum, length) => sum + length);
  // The kernel may join a few of them.
  assert.ok(server.chunks.filter((count) => count === 1).length > bytes / 2);
  assert.ok(server.chunks.some((count) => count > 50));
});

for (const size of [2, 3, 4, 8]) {
  Deno.test(`extranonce2 is exactly ${size} bytes when the server says so`, async () => {
    await using server = new StratumServer();
    server.extranonce2Size = size;
    await using miner = startMiner(server, { mode: { kind: "hash" } });
    await miner.until(() => miner.statistics().accepted >= 3);
    assert.equal(miner.statistics().rejected, 0);
    for (const [, , extranonce2] of server.params("mining.submit")) {
      assert.equal((extranonce2 as string).length, size * 2);
    }
  });
}

for (const [extranonce1, size] of [["07", 3], ["0701", 2], ["0701", 4], ["07", 7]] as const) {
  Deno.test(`every kind hashes with extranonce1 ${extranonce1} and ${size} bytes to roll`, async () => {
    await using server = new StratumServer();
    server.extranonce1 = extranonce1;
    server.extranonce2Size = size;
    const firmware = FIRMWARE_NAMES.filter((name) => {
      const { extranonce2Sizes: [least, most], worksWith, extranonce2 } = FIRMWARE[name];
      // NerdMiner knows 2, 4 and 8 bytes only.
      return size >= least && size <= most && worksWith(size) &&
        (extranonce2 !== "one" || size % 2 === 0);
    });
    await using farm = SimFarm.start({
      port: server.port,
      count: firmware.length,
      firmware,
      mode: { kind: "hash" },
      scheduler: new WorkScheduler(systemTime, 1),
    });
    await farm.until(() => farm.miners.every((miner) => miner.statistics().accepted >= 3));
    assert.deepEqual([farm.statistics().rejected, farm.faults], [0, []]);
  });
}

Deno.test("the sum over shares has a short extranonce2 at the left, as frames carry it", async () => {
  await using server = new StratumServer(({ id, method }) =>
    method === "mining.submit" ? [JSON.stringify({ id, result: true, error: null })] : undefined
  );
  server.extranonce2Size = 3;
  await using miner = startMiner(server);
  await miner.until(isWorking(miner));
  miner.submit({ jobId: "j1", extranonce2: "00002a", ntime: 5, nonce: 6, versionBits: 0 });
  await miner.until(() => miner.statistics().accepted === 1);
  const share = { extranonce2: 0x2a00, ntime: 5, nonce: 6, versionBits: 0 };
  assert.equal(miner.statistics().acceptedChecksum, addToChecksum(0, "rig1", share));
});

Deno.test("a NerdQAxe counts on through jobs, and repeats itself when digits are cut", () => {
  const counted = new Extranonce2s();
  const next = () => counted.next("countsOn", JOB, 2);
  const first = Array.from({ length: 65_536 }, next);
  assert.equal(new Set(first).size, 65_536);
  assert.equal(new Set(Array.from({ length: 160 }, next)).size, 10);
});

Deno.test("a miner submits at the rate asked for, answered or not", async () => {
  await using server = new StratumServer(({ method }) =>
    method === "mining.submit" ? [] : undefined
  );
  await using miner = startMiner(server, { mode: { kind: "rate", sharesPerSecond: 500 } });
  await miner.until(isWorking(miner));
  const start = performance.now();
  await server.until(() => server.params("mining.submit").length >= 100);
  const tookMs = performance.now() - start;
  assert.ok(tookMs > 150, `100 shares in ${tookMs} ms`);
  const { submitted, waitingNow, accepted } = miner.statistics();
  assert.deepEqual([waitingNow, accepted], [submitted, 0]);
  const distinct = new Set(server.params("mining.submit").map((params) => params[2]));
  assert.equal(distinct.size, server.params("mining.submit").length);
});

Deno.test("a miner stops submitting when set to idle, and starts again", async () => {
  await using server = new StratumServer();
  await using miner = startMiner(server, { mode: { kind: "hash" } });
  await miner.until(() => miner.statistics().accepted > 0);
  miner.setMode({ kind: "idle" });
  await miner.until(() => miner.statistics().waitingNow === 0);
  const { submitted, hashes } = miner.statistics();
  server.send(notifyLine({ ...JOB, id: "j2", ntime: "650d1b21" }));
  await miner.until(() => miner.work?.job.id === "j2");
  assert.deepEqual(
    [miner.statistics().submitted, miner.statistics().hashes],
    [submitted, hashes],
  );
  miner.setMode({ kind: "hash" });
  await miner.until(() => miner.statistics().submitted > submitted);
});

Deno.test("a miner works on the newest job at the difficulty and mask it was told last", async () => {
  await using server = new StratumServer();
  await using miner = startMiner(server, { firmware: "bitaxe" });
  await miner.until(isWorking(miner));
  server.send(difficultyLine(4096));
  server.send('{"id":null,"method":"mining.set_version_mask","params":["00c00000"]}');
  const { difficulty, versionMask } = miner.work!;
  assert.deepEqual([difficulty, versionMask], [1e-7, 0x1fffe000], "the job at hand keeps its own");
  server.send(notifyLine({ ...JOB, id: "j2", isClean: false, ntime: "650d1b21" }));
  await miner.until(() => miner.work!.job.id === "j2");
  assert.deepEqual([miner.work!.difficulty, miner.work!.versionMask], [4096, 0x00c00000]);
  const { jobs, cleanJobs } = miner.statistics();
  assert.deepEqual([jobs, cleanJobs], [2, 1]);
});

Deno.test("answers are counted by what they say, and accepted shares summed", async () => {
  const answers = ["true", "21", "22", "22"];
  await using server = new StratumServer(({ id, method }) => {
    if (method !== "mining.submit") return undefined;
    const answer = answers.shift()!;
    return [
      answer === "true"
        ? JSON.stringify({ id, result: true, error: null })
        : errorLine(id, +answer),
    ];
  });
  await using miner = startMiner(server);
  await miner.until(isWorking(miner));
  const share = { jobId: "j1", extranonce2: "0000002a", ntime: 5, nonce: 6, versionBits: 0 };
  for (let i = 0; i < 4; i++) miner.submit(share);
  await miner.until(() => miner.statistics().waitingNow === 0);
  const { submitted, accepted, rejected, rejectedByCode, acceptedChecksum } = miner.statistics();
  assert.deepEqual([submitted, accepted, rejected], [4, 1, 3]);
  assert.deepEqual(rejectedByCode, new Map([[21, 1], [22, 2]]));
  assert.equal(acceptedChecksum, addToChecksum(0, "rig1", { ...share, extranonce2: 42 }));
});

Deno.test("a miner reconnects when its connection ends, with its old session id", async () => {
  await using server = new StratumServer();
  await using miner = startMiner(server, { firmware: "antminer", reconnects: true });
  await miner.until(isWorking(miner));
  miner.submit({ jobId: "x", extranonce2: "00000000", ntime: 0, nonce: 0, versionBits: 0 });
  await miner.until(() => miner.statistics().waitingNow === 0);
  server.drop();
  await miner.until(() => miner.statistics().connections === 2);
  await miner.until(isWorking(miner));
  assert.deepEqual(server.params("mining.subscribe"), [
    ["bmminer/2.0.0 rwglr"],
    ["bmminer/2.0.0 rwglr", "x"],
  ]);
  assert.equal(miner.statistics().lostConnections, 1);
});

Deno.test("shares without an answer when the connection ends are counted so", async () => {
  await using server = new StratumServer(({ method }) =>
    method === "mining.submit" ? [] : undefined
  );
  await using miner = startMiner(server);
  await miner.until(isWorking(miner));
  miner.submit({ jobId: "x", extranonce2: "00000000", ntime: 0, nonce: 0, versionBits: 0 });
  await server.until(() => server.params("mining.submit").length === 1);
  server.drop();
  await miner.until(() => miner.statistics().connectedNow === 0);
  const { submitted, waitingNow, unanswered } = miner.statistics();
  assert.deepEqual([submitted, waitingNow, unanswered], [1, 0, 1]);
});

Deno.test("a miner told to reconnect does, and one that does not reconnect stays away", async () => {
  for (const reconnects of [true, false]) {
    await using server = new StratumServer();
    await using miner = startMiner(server, { reconnects });
    await miner.until(isWorking(miner));
    server.send('{"id":null,"method":"client.reconnect","params":[]}');
    await miner.until(() => miner.statistics().toldToReconnect === 1);
    await miner.until(() => miner.statistics().connectedNow === 0);
    if (reconnects) await miner.until(isWorking(miner));
    assert.equal(miner.statistics().connections, reconnects ? 2 : 1);
    assert.equal(miner.statistics().lostConnections, 0);
  }
});

Deno.test("a miner whose server is gone keeps trying", async () => {
  const server = new StratumServer();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  await using miner = SimMiner.start({ port, user: "a.b", reconnects: true, haste: 100 });
  await miner.until(() => miner.statistics().failedConnections >= 2);
});

Deno.test("faults of a farm must be read before it ends, or the test fails", async () => {
  await using server = new StratumServer();
  for (const isLookedAt of [true, false]) {
    const farm = SimFarm.start({ port: server.port, count: 2, firmware: ["s9", "avalon"] });
    await farm.until(() => farm.statistics().workingNow === 2);
    server.send(notifyLine(JOB));
    await farm.until(() => farm.statistics().faults === 2);
    const faults = ["user.rig001 (s9)", "user.rig002 (avalon)"].map((miner) =>
      `${miner}: the id of job j1 came before`
    );
    if (isLookedAt) assert.deepEqual(farm.faults, faults);
    const ended = farm[Symbol.asyncDispose]();
    if (isLookedAt) await ended;
    else {await assert.rejects(ended, {
        message: `Faults of a server that nobody has looked at (2): ${faults.join("; ")}`,
      });}
  }
});

Deno.test("a miner's fault after the last read counts as unread", async () => {
  await using server = new StratumServer();
  const miner = startMiner(server);
  await miner.until(isWorking(miner));
  server.send(notifyLine(JOB));
  await miner.until(() => miner.statistics().faults === 1);
  assert.equal(miner.faults.length, 1);
  server.send('{"id":null,"method":"mining.ping","params":[]}');
  await miner.until(() => miner.statistics().faults === 2);
  await assert.rejects(miner[Symbol.asyncDispose](), {
    message: /looked at \(1\): alice.rig1 \(cgminer\): mining.ping is a message/,
  });
});

Deno.test("a farm is mixed, names its miners in order, and counts them together", async () => {
  await using server = new StratumServer();
  await using farm = SimFarm.start({
    port: server.port,
    count: 24,
    account: "alice",
    mode: { kind: "hash" },
    connectsPerSecond: 1000,
  });
  await farm.until(() => farm.statistics().workingNow === 24);
  await farm.until(() => farm.statistics().accepted >= 50);
  assert.equal(farm.statistics().rejected, 0);
  assert.deepEqual(farm.faults, []);
  assert.deepEqual(farm.miners.map(({ firmware }) => firmware), [
    ...FIRMWARE_NAMES,
    ...FIRMWARE_NAMES,
  ]);
  const users = new Set(server.params("mining.authorize").map(([user]) => user));
  assert.equal(users.size, 24);
  assert.ok(users.has("alice.rig001") && users.has("alice.rig024"));
  assert.ok(farm.workerNames.has("rig024"));
  await farm.stop();
  assert.equal(farm.statistics().connectedNow, 0);
});
