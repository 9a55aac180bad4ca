/** Spares that a pool keeps closing: it gets no more of them, and serves when it is needed. */

import assert from "node:assert/strict";
import { turn } from "../support/fake_clock.ts";
import { LogCapture } from "../support/log_capture.ts";
import type { Mood } from "../support/fake_pools.ts";
import { RETURN_AFTER_MS, RosterRig, TICK_MS } from "../support/roster_rig.ts";

const IDLE_MS = 600_000;

type Kind = "agent" | "stratum";

/** The pool closes the newest connection that it has, as for idleness: FIN or RST. */
async function closeSpare(rig: RosterRig, pool: number, how: "end" | "reset"): Promise<void> {
  const spare = rig.pools.links.filter((link) => link.pool === pool).at(-1)!.connection;
  if (how === "end") spare.end();
  else spare.fail(new Deno.errors.ConnectionReset("Connection reset by peer (os error 104)"));
  await turn();
}

/** Three times a spare is closed when it has had nothing to do for ten minutes. */
async function goCold(rig: RosterRig, pool: number, how: "end" | "reset" = "end"): Promise<void> {
  for (let closes = 1; closes <= 3; closes++) {
    await rig.pass(IDLE_MS);
    assert.ok(rig.pools.connected.includes(pool), `a spare before close ${closes}`);
    await closeSpare(rig, pool, how);
  }
  await rig.pass(IDLE_MS);
}

async function started(kind: Kind, moods: readonly Mood[]): Promise<RosterRig> {
  return kind === "agent" ? await RosterRig.started(moods) : await RosterRig.startedStratum(moods);
}

function scenario(
  name: string,
  moods: readonly Mood[],
  run: (rig: RosterRig, kind: Kind, log: LogCapture) => Promise<void>,
): void {
  for (const kind of ["agent", "stratum"] as const) {
    Deno.test(`${name} (${kind})`, async () => {
      using log = new LogCapture();
      const rig = await started(kind, moods);
      try {
        await run(rig, kind, log);
      } finally {
        rig.roster.stop();
        assert.deepEqual(rig.pools.connected, []);
      }
    });
  }
}

scenario(
  "A pool that closed three idle spares gets no more, which is said once",
  ["serves", "serves"],
  async (rig, kind, log) => {
    await goCold(rig, 1, kind === "agent" ? "reset" : "end");
    await rig.pass(6 * IDLE_MS);
    assert.deepEqual(rig.pools.connected, [0]);
    assert.equal(rig.pools.dialled.filter((pool) => pool === 1).length, 3);
    const [serving, cold] = rig.roster.pools;
    assert.deepEqual([serving!.isCold, cold!.isCold], [false, true]);
    assert.match(
      cold!.trouble!,
      /closed 3 idle spare connections, .* connecting to it only when it is needed$/,
    );
    const lines = log.take();
    assert.deepEqual(lines.filter((line) => line.includes("from now on, connecting")), [
      "info: Pool pool1:3333 closed 3 idle spare connections: from now on, connecting to it only when it is needed",
    ]);
    const losses = lines.filter((line) => line.includes("lost (spare)"));
    assert.equal(losses.length, 3);
    assert.match(losses[2]!, /; connecting to it when it is needed$/);
  },
);

scenario(
  "Miners of a lost pool are served by a cold one as soon as it is connected to",
  ["serves", "serves"],
  async (rig) => {
    await goCold(rig, 1);
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    // No tick and no time between.
    assert.deepEqual(rig.roles.active, [1]);
  },
);

scenario(
  "A pool that hangs is not waited for where a cold one answers",
  ["serves", "serves"],
  async (rig) => {
    await goCold(rig, 1);
    rig.pools.moods[0] = "hangs";
    await rig.pools.lose(0);
    assert.deepEqual(rig.roles.active, [1]);
  },
);

Deno.test("A cold pool is connected to when the one that serves leaves a question unanswered", async () => {
  using _log = new LogCapture();
  const rig = await RosterRig.started(["serves", "serves"]);
  await goCold(rig, 1);
  for (let silentMs = 0; silentMs < 45_000; silentMs += TICK_MS) {
    rig.clock.advance(TICK_MS);
    for (const { pool, connection } of rig.pools.links) if (pool !== 0) connection.deliver([0x0a]);
    await turn();
    rig.roster.tick();
    await turn();
  }
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
  rig.roster.stop();
});

scenario(
  "A cold pool that served gets spares again",
  ["serves", "serves"],
  async (rig) => {
    await goCold(rig, 1);
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    rig.pools.moods[0] = "serves";
    await rig.pass(RETURN_AFTER_MS + 60_000);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
    assert.equal(rig.roster.pools[1]!.isCold, false);
    // What served and rests now is no idle spare; those after it are.
    await closeSpare(rig, 1, "end");
    await goCold(rig, 1);
    assert.deepEqual(rig.pools.connected, [0]);
  },
);

scenario("A reload gives every pool spares again", ["serves", "serves"], async (rig) => {
  await goCold(rig, 1);
  rig.reconfigure([0, 1]);
  await rig.pass(TICK_MS);
  assert.deepEqual(rig.roles.spare, [1]);
});

scenario("A cold pool that is pinned serves at once", ["serves", "serves"], async (rig) => {
  await goCold(rig, 1);
  rig.roster.pin(1);
  await turn();
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[1], [0]]);
  assert.equal(rig.roster.pools[1]!.isCold, false);
});

scenario(
  "The spare goes to the next pool that keeps its connections",
  ["serves", "serves", "serves"],
  async (rig) => {
    await goCold(rig, 1);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [2]]);
  },
);

scenario("The only pool is connected to once when it closes spares", ["serves"], async (rig) => {
  await goCold(rig, 0);
  assert.deepEqual([rig.pools.connected, rig.roles.active], [[0], [0]]);
  await rig.pools.lose(0);
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [0]]);
});

scenario(
  "A better pool that keeps closing is connected to again and again: miners are to return",
  ["refuses", "serves"],
  async (rig) => {
    await rig.pass(60_000);
    assert.deepEqual(rig.roles.active, [1]);
    rig.pools.moods[0] = "serves";
    for (let closes = 0; closes < 5; closes++) {
      await rig.pass(120_000);
      await closeSpare(rig, 0, "end");
    }
    assert.equal(rig.roster.pools[0]!.isCold, false);
    await rig.pass(60_000 + RETURN_AFTER_MS);
    assert.deepEqual(rig.roles.active, [0]);
  },
);

scenario(
  "Spares that are lost otherwise, or stayed for hours, make no pool cold",
  ["serves", "serves"],
  async (rig) => {
    for (let losses = 0; losses < 4; losses++) {
      await rig.pass(IDLE_MS);
      rig.pools.links.find(({ pool }) => pool === 1)!.connection.fail(
        new Error("no route to host"),
      );
      await turn();
    }
    for (let closes = 0; closes < 2; closes++) {
      await rig.pass(IDLE_MS);
      await closeSpare(rig, 1, "end");
    }
    for (let hours = 0; hours < 3; hours++) await rig.pass(6 * IDLE_MS);
    await rig.pass(TICK_MS);
    await closeSpare(rig, 1, "end");
    for (let closes = 0; closes < 2; closes++) {
      await rig.pass(IDLE_MS);
      await closeSpare(rig, 1, "end");
    }
    await rig.pass(IDLE_MS);
    assert.deepEqual(rig.roles.spare, [1]);
  },
);
