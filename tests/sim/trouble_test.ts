/** Simulated miners with troubles, seen from the server they connect to. */

import assert from "node:assert/strict";
import { MINER_FAULTS } from "../../lib/cli/command.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { SimFarm, type SimFarmOptions } from "../../lib/sim/sim_farm.ts";
import { conductOf, HEALTHY, troubleAt, TROUBLES } from "../../lib/sim/trouble.ts";
import { WorkScheduler } from "../../lib/sim/work_scheduler.ts";
import { StratumServer } from "./stratum_server.ts";

function startFarm(server: StratumServer, options: Partial<SimFarmOptions>): SimFarm {
  return SimFarm.start({
    port: server.port,
    count: 2,
    firmware: ["antminer"],
    mode: { kind: "hash" },
    scheduler: new WorkScheduler(systemTime, 1),
    ...options,
  });
}

/** What miner `place` of a farm has counted. */
function countsOf(farm: SimFarm, place: number) {
  return farm.miners[place]!.statistics();
}

const OPTIONS = { place: 0, rollsVersions: true, isHashing: true, random: seededRandom(1) };

Deno.test("the command line knows every trouble there is", () => {
  assert.deepEqual([...TROUBLES].sort(), [...MINER_FAULTS].sort());
});

Deno.test("the first miners have the troubles, in the order given, and all others none", () => {
  const troubled = [{ trouble: "weak", count: 2 }, { trouble: "dead", count: 1 }] as const;
  assert.deepEqual([0, 1, 2, 3].map((index) => troubleAt(troubled, index)), [
    { trouble: "weak", place: 0 },
    { trouble: "weak", place: 1 },
    { trouble: "dead", place: 0 },
    undefined,
  ]);
});

Deno.test("a farm says which miners have which trouble before they have connected", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, {
    count: 5,
    connectsPerSecond: 1,
    troubled: [{ trouble: "silent", count: 2 }, { trouble: "gaps", count: 1 }],
  });
  assert.deepEqual([...farm.troubledUsers], [
    ["silent", ["user.rig001", "user.rig002"]],
    ["gaps", ["user.rig003"]],
  ]);
});

Deno.test("a silent miner logs in and takes work, and never sends a share", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, { troubled: [{ trouble: "silent", count: 1 }] });
  await farm.until(() => countsOf(farm, 1).accepted >= 20 && countsOf(farm, 0).workingNow === 1);
  assert.equal(countsOf(farm, 0).submitted, 0);
});

Deno.test("a dead miner works, disconnects, and does not come back, even if others would", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, {
    troubled: [{ trouble: "dead", count: 1 }],
    troubleTimes: { deadAfterMs: 500 },
    reconnects: true,
    haste: 1000,
  });
  await farm.until(() => countsOf(farm, 0).connections === 1 && countsOf(farm, 0).submitted > 0);
  await farm.until(() => countsOf(farm, 0).connectedNow === 0);
  // The other loses its connection and is back: time enough for this one, too.
  server.drop();
  await farm.until(() => countsOf(farm, 1).connections === 2 && countsOf(farm, 1).workingNow === 1);
  assert.deepEqual([countsOf(farm, 0).connections, countsOf(farm, 0).connectedNow], [1, 0]);
});

Deno.test("a flapping miner connects and disconnects again and again, even if others would not", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, {
    troubled: [{ trouble: "flapping", count: 1 }],
    troubleTimes: { flapMs: 100, flapPauseMs: 50 },
  });
  await farm.until(() => countsOf(farm, 0).connections === 4);
  assert.deepEqual([countsOf(farm, 1).connections, countsOf(farm, 1).connectedNow], [1, 1]);
  assert.equal(countsOf(farm, 0).lostConnections, 0);
});

Deno.test("a weak miner finds a fraction of what the others do", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, { troubled: [{ trouble: "weak", count: 1 }] });
  await farm.until(() => countsOf(farm, 1).accepted >= 200);
  const part = countsOf(farm, 0).hashes / countsOf(farm, 1).hashes;
  assert.ok(part > 0.15 && part < 0.25, `${part}`);
});

Deno.test("so does a weak one whose shares are made up", async () => {
  await using server = new StratumServer((request) =>
    request.method === "mining.submit"
      ? [JSON.stringify({ id: request.id, result: true, error: null })]
      : undefined
  );
  await using farm = startFarm(server, {
    mode: { kind: "rate", sharesPerSecond: 200 },
    troubled: [{ trouble: "weak", count: 1 }],
    troubleTimes: { weakPart: 0.1 },
  });
  await farm.until(() => countsOf(farm, 1).accepted >= 200 && countsOf(farm, 0).accepted >= 5);
  const part = countsOf(farm, 0).submitted / countsOf(farm, 1).submitted;
  assert.ok(part > 0.03 && part < 0.2, `${part}`);
});

Deno.test("neighbours whose shares are refused have different flaws, each in every share", async () => {
  await using server = new StratumServer();
  await using farm = startFarm(server, { count: 4, troubled: [{ trouble: "refused", count: 3 }] });
  const refused = [0, 1, 2];
  await farm.until(() =>
    refused.every((place) => countsOf(farm, place).submitted >= 5) &&
    countsOf(farm, 2).rejected > 0
  );
  for (const [place, at] of [[0, 5], [1, 1]] as const) {
    const { user } = farm.miners[place]!;
    const values = server.params("mining.submit").filter(([by]) => by === user)
      .map((params) => params[at] as string);
    const isFlawed = (value: string) => at === 1 ? value === "0" : parseInt(value, 16) % 2 === 1;
    assert.ok(values.length > 0 && values.every(isFlawed), `${values}`);
  }
  const { accepted, rejectedByCode } = countsOf(farm, 2);
  assert.equal(accepted, 0, "its hashes are no shares");
  assert.deepEqual([...rejectedByCode.keys()], [23]);
  assert.equal(farm.healthyStatistics().rejected, 0);
  assert.equal(farm.healthyStatistics().miners, 1);
});

Deno.test("a miner gets no flaw that its shares cannot have", () => {
  const share = { jobId: "j", extranonce2: "00", ntime: 1, nonce: 2, versionBits: 0x2000 };
  for (const place of [0, 1, 2, 3, 4, 5]) {
    const spoil = (options: Partial<typeof OPTIONS>) =>
      conductOf("refused", { ...OPTIONS, place, ...options }).spoil(share);
    assert.notDeepEqual(spoil({}), share);
    assert.equal(spoil({ rollsVersions: false }).versionBits, share.versionBits);
    // A pool that believes shares would not refuse it.
    assert.equal(spoil({ isHashing: false }).nonce, share.nonce);
  }
});

Deno.test("a miner with gaps pauses for as long each time, and works in between", () => {
  const times = { gapEveryMs: 600_000, gapMs: 60_000 };
  const { works, part } = conductOf("gaps", { ...OPTIONS, times });
  assert.equal(part, 1);
  const minutes = Array.from({ length: 30 }, (_, minute) => works(minute * 60_000 + 1));
  assert.deepEqual(
    minutes.flatMap((isAtWork, minute) => isAtWork ? [] : [minute]),
    [9, 19, 29],
  );
});

Deno.test("a healthy miner always works, at full speed, and stays", () => {
  const share = { jobId: "j", extranonce2: "00", ntime: 1, nonce: 2, versionBits: 0 };
  assert.deepEqual(
    [HEALTHY.works(1e9), HEALTHY.part, HEALTHY.staysMs, HEALTHY.spoil(share)],
    [true, 1, Infinity, share],
  );
});
