/** A pool connection for each worker: large farms, and as many connections as open files allow. */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { LIKES } from "../../lib/sim/stratum_pool/settings.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { freePort } from "../support/free_port.ts";
import { HOSTILE_NAMES } from "../support/hostile_names.ts";
import { loseAndReturn, mineOnOwn } from "../support/own_connections.ts";
import { Program } from "../support/program.ts";
import { entryOf, NARROW_FIRMWARE, ONE_LAYOUT_FIRMWARE, sizeOf } from "../support/stratum_farms.ts";
import { until } from "../support/test_proxy.ts";

const EASY = 2 ** -20;

/** Honest names and hostile ones, and one that three miners share. */
const NAMES = [
  ...Object.values(HOSTILE_NAMES).filter(({ length }) => length < 1_000),
  ..."same same same".split(" "),
];

for (const like of LIKES) {
  if (like === "ckpool-reasons" || like === "narrow6") continue;
  Deno.test(`200 workers, hostile names among them, hash on connections of their own through ${like}`, () =>
    mineOnOwn({
      pool: { like, difficulty: 4 * EASY, minDifficulty: EASY, vardiff: "fixed" },
      names: [...NAMES, ...Array.from({ length: 200 - NAMES.length }, (_, i) => `rig${i}`)],
      // With 4 bytes, miners of one name but two layouts cannot share a connection.
      firmware: sizeOf(like) < 6 ? ONE_LAYOUT_FIRMWARE : NARROW_FIRMWARE,
      shares: 400,
    }));
}

Deno.test("200 workers lose their connections, then the pool, and return: no miner notices", () =>
  loseAndReturn({ miners: 200, shares: 200 }));

/** A program in front of one pool that may have `openFiles` files open. */
async function programOf(pool: SimStratumPool, openFiles: number, limits: object) {
  const folder = await Deno.makeTempDir();
  const port = freePort();
  await Deno.writeTextFile(
    `${folder}/agent.jsonc`,
    JSON.stringify({
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: port,
      pools: [{ ...entryOf(pool), workers: "connection" }],
      limits: { login_timeout_seconds: 600, ...limits },
    }),
  );
  const program = new Program(["-c", `${folder}/agent.jsonc`], undefined, openFiles);
  await program.wrote("serves miners");
  return { program, port };
}

/** How many workers have a connection of their own at a pool. */
function workersAt(pool: SimStratumPool): number {
  return pool.clients().filter(({ name, isAuthorized }) => isAuthorized && name !== "farm").length;
}

Deno.test("2,000 workers have connections of their own within five minutes", async () => {
  await using pool = await SimStratumPool.start({ difficulty: 1_000.5, vardiff: "fixed" });
  const { program, port } = await programOf(pool, 20_000, { max_miners: 2_000 });
  await using _program = program;
  const options = { port, account: "farm", mode: { kind: "idle" } } as const;
  await using farm = SimFarm.start({ ...options, count: 2_000, connectsPerSecond: 200 });
  await farm.until(() => farm.statistics().workingNow === 2_000);
  await until(() => workersAt(pool) === 2_000, "all have theirs", 300_000);
  await farm.until(() => farm.miners.every(({ work }) => work?.difficulty === 1_000));
  assert.equal(farm.statistics().lostConnections, 0);
  assert.doesNotMatch(program.output, /The limit of open files allows|leaves room for only/);
});

Deno.test("beyond what open files allow, miners work on the connection for all, which is said once", async () => {
  await using pool = await SimStratumPool.start({ difficulty: 1_000.5, vardiff: "fixed" });
  const { program, port } = await programOf(pool, 600, { max_miners: 300 });
  await using _program = program;
  const foreseen = /Up to 300 miners.* room for only (\d+) connections of single workers/;
  const most = Number(foreseen.exec(program.output)?.[1]);
  assert.ok(most > 100 && most < 300, program.output);
  const options = { port, account: "farm", mode: { kind: "idle" } } as const;
  await using farm = SimFarm.start({ ...options, count: 300, connectsPerSecond: 100 });
  await farm.until(() => farm.statistics().workingNow === 300);
  await until(() => workersAt(pool) === most, "as many as may have theirs");
  await program.wrote(`The limit of open files allows ${most} connections of single workers`);
  const had = farm.statistics().jobs;
  pool.newBlock();
  await farm.until(() => farm.statistics().jobs >= had + 300);
  assert.equal(workersAt(pool), most);
  assert.equal(farm.statistics().lostConnections, 0);
  assert.equal(
    program.output.split(`The limit of open files allows ${most} connections`).length,
    2,
  );
});
