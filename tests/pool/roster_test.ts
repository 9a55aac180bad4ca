/** PoolRoster: which connections an account has, and which of them serve, as pools come and go. */

import assert from "node:assert/strict";
import { encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { POOL_KINDS } from "../../lib/pool/kinds.ts";
import { turn } from "../support/fake_clock.ts";
import type { Mood } from "../support/fake_pools.ts";
import { LogCapture } from "../support/log_capture.ts";
import { POOL_LINES } from "../support/pool_lines.ts";
import { SHARE } from "../support/session_rig.ts";
import { RETURN_AFTER_MS, RosterRig, TICK_MS } from "../support/roster_rig.ts";

function scenario(
  name: string,
  run: (rig: RosterRig) => Promise<void>,
  moods: Mood[],
  n?: number,
): void {
  Deno.test(name, async () => {
    const rig = await RosterRig.started(moods, n);
    try {
      await run(rig);
    } finally {
      rig.roster.stop();
      assert.deepEqual(rig.pools.connected, []);
    }
  });
}

Deno.test("Nothing is opened before the first tick", async () => {
  const rig = new RosterRig(["serves", "serves"]);
  await turn();
  assert.deepEqual(rig.pools.dialled, []);
  rig.roster.tick();
  await turn();
  assert.deepEqual(rig.pools.dialled, [0, 1]);
  rig.roster.stop();
});

Deno.test("each connect suggests the difficulty that suits the miners then, if that is known", async () => {
  const rig = new RosterRig(["refuses", "refuses"]);
  const suggested: unknown[] = [];
  rig.open = (options) => {
    suggested.push("suggestedDifficulty" in options ? options.suggestedDifficulty : "nothing");
    return POOL_KINDS.open({ ...options, kind: "agent" });
  };
  const roster = rig.another();
  roster.tick();
  await turn();
  assert.deepEqual([...new Set(suggested.splice(0))], ["nothing"]);
  rig.suggestedDifficulty = 4096;
  for (let passed = 0; passed < 30_000; passed += TICK_MS) {
    rig.clock.advance(TICK_MS);
    roster.tick();
    await turn();
  }
  assert.deepEqual([...new Set(suggested)], [4096]);
  roster.stop();
});

scenario(
  "The best pool serves, and the next one is the warm spare",
  async (rig) => {
    assert.deepEqual(rig.roles.active, [0]);
    assert.deepEqual(rig.roles.spare, [1]);
    await rig.pass(600_000);
    assert.deepEqual(rig.roles.story, ["pool0 spare", "pool0 active", "pool1 spare"]);
    assert.deepEqual(rig.pools.dialled, [0, 1]);
  },
  ["serves", "serves", "serves"],
);

scenario(
  "With one pool, the spare is a second connection to it",
  async (rig) => {
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [0]]);
    await rig.pools.lose(0, 1);
    assert.deepEqual(rig.roles.active, [0]);
    await rig.pass(1000);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [0]]);
  },
  ["serves"],
);

scenario(
  "A pool with one address that restarts its connections is served from again without a wait",
  async (rig) => {
    await rig.pass(10_000);
    // No tick and no time between: the redial is the answer to the loss.
    await rig.pools.lose(0);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [0]]);
    assert.equal(rig.pools.dialled.length, 4, "each connection was redialled once");
  },
  ["serves"],
);

scenario(
  "Failover to the spare needs no dial and no time",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    assert.deepEqual(rig.roles.active, [1]);
    assert.deepEqual(rig.roles.story.slice(3, 5), ["pool0 lost", "pool1 active"]);
    assert.deepEqual(rig.roles.spare, [2]);
  },
  ["serves", "serves", "serves"],
);

scenario(
  "Miners return to the better pool when it has been healthy for 180 s, not before",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(60_000);
    assert.deepEqual(rig.roles.active, [1]);
    rig.pools.moods[0] = "serves";
    await rig.pass(30_000);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[1], [0]]);
    const readyAt = rig.clock.now();
    await rig.pass(RETURN_AFTER_MS - 30_000);
    assert.deepEqual(rig.roles.active, [1]);
    await rig.pass(30_000);
    assert.ok(rig.clock.now() - readyAt <= RETURN_AFTER_MS);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
    // The better one first, then the other rests, so that miners always have where to be.
    assert.deepEqual(rig.roles.story.slice(-2), ["pool0 active", "pool1 spare"]);
    await rig.pass(600_000);
    assert.deepEqual(rig.roles.story.slice(-2), ["pool0 active", "pool1 spare"]);
  },
  ["serves", "serves"],
);

scenario(
  "A primary that breaks every 2 s is left alone: miners move once, and dials become rare",
  async (rig) => {
    let since = 0;
    const breakEvery2s = async () => {
      since = rig.pools.connected.includes(0) ? since + TICK_MS : 0;
      if (since >= 2000) await rig.pools.lose(0);
    };
    await rig.pass(60_000, breakEvery2s);
    assert.deepEqual(rig.roles.active, [1]);
    assert.ok(rig.pools.dialled.length < 12, `${rig.pools.dialled.length} dials`);
    await rig.pass(1_800_000, breakEvery2s);
    const activations = rig.roles.story.filter((line) => line.endsWith("active"));
    assert.deepEqual(activations, ["pool0 active", "pool1 active"]);
    assert.ok(rig.pools.dialled.length < 75, `${rig.pools.dialled.length} dials`);
  },
  ["serves", "serves"],
);

scenario(
  "A flapping primary does not keep miners from the second pool forever",
  async (rig) => {
    await rig.pass(60_000);
    assert.deepEqual(rig.roles.active, [2]);
    rig.pools.moods[0] = rig.pools.moods[1] = "serves";
    let since = 0;
    await rig.pass(600_000, async () => {
      since = rig.pools.connected.includes(0) ? since + TICK_MS : 0;
      if (since >= 2000) await rig.pools.lose(0);
    });
    assert.deepEqual(rig.roles.active, [1]);
  },
  ["refuses", "refuses", "serves"],
);

scenario(
  "Miners go to the second pool while the first has not proved itself, then to the first",
  async (rig) => {
    await rig.pass(60_000);
    rig.pools.moods[1] = "serves";
    await rig.pass(100_000);
    rig.pools.moods[0] = "serves";
    await rig.pass(100_000);
    assert.deepEqual(rig.roles.active, [1]);
    await rig.pass(RETURN_AFTER_MS);
    assert.deepEqual(rig.roles.active, [0]);
  },
  ["refuses", "refuses", "serves"],
);

scenario(
  "When the best pool hangs, the next one serves after 2 s",
  async (rig) => {
    await rig.pass(1500);
    assert.deepEqual(rig.pools.dialled, [0]);
    await rig.pass(750);
    assert.deepEqual(rig.roles.active, [1]);
    assert.equal(rig.pools.pendingDials, 1);
    await rig.pass(15_000);
    assert.equal(rig.pools.pendingDials + rig.pools.connected.length, 2);
  },
  ["hangs", "serves"],
);

for (const mood of ["refuses", "hangs", "is silent", "denies"] as const) {
  scenario(
    `When the best pool ${mood}, the next one serves and the best is tried ever more rarely`,
    async (rig) => {
      await rig.pass(20_000);
      assert.deepEqual(rig.roles.active, [1]);
      rig.pools.dialled.length = 0;
      await rig.pass(600_000);
      const dials = rig.pools.dialled.filter((pool) => pool === 0).length;
      assert.ok(dials >= 12 && dials <= 25, `${dials} dials in ten minutes`);
      rig.pools.moods[0] = "serves";
      await rig.pass(46_000 + RETURN_AFTER_MS);
      assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
    },
    [mood, "serves"],
  );
}

scenario(
  "While no pool answers, each is tried after its own wait: 0.5 s, then 1 s",
  async (rig) => {
    const times: number[][] = [[], []];
    let seen = 0;
    const start = rig.clock.now() - TICK_MS;
    const note = () => {
      for (; seen < rig.pools.dialled.length; seen++) {
        times[rig.pools.dialled[seen]!]!.push(rig.clock.now() - start);
      }
    };
    note();
    await rig.pass(200_000, note);
    for (const pool of [0, 1]) {
      const waits = times[pool]!.slice(1).map((time, i) => (time - times[pool]![i]!) / 1000);
      assert.deepEqual(waits.slice(0, 9), [0.5, 1, 1, 1, 1, 1, 1, 1, 1], `pool ${pool}`);
    }
    assert.deepEqual(rig.roles.story, []);
  },
  ["refuses", "refuses"],
);

scenario(
  "A pool that comes back after a short restart is served from within a second",
  async (rig) => {
    await rig.pass(60_000);
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(750);
    rig.pools.moods[0] = "serves";
    await rig.pass(1000);
    assert.equal(rig.roles.active.length, 5);
  },
  ["serves"],
  5,
);

scenario(
  "Five connections wanted: five to the best pool, no spare",
  async (rig) => {
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0, 0, 0, 0, 0], []]);
    await rig.pools.lose(0, 2);
    assert.deepEqual(rig.roles.active, [0, 0, 0]);
    await rig.pass(1000);
    assert.deepEqual(rig.roles.active, [0, 0, 0, 0, 0]);
    assert.deepEqual(rig.pools.connected, [0, 0, 0, 0, 0]);
  },
  ["serves", "serves"],
  5,
);

scenario(
  "Five connections wanted: when the pool breaks, five to the next, and all five return",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(1000);
    assert.deepEqual(rig.roles.active, [1, 1, 1, 1, 1]);
    rig.pools.moods[0] = "serves";
    await rig.pass(RETURN_AFTER_MS + 40_000);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0, 0, 0, 0, 0], []]);
    assert.deepEqual(rig.pools.connected, [0, 0, 0, 0, 0]);
  },
  ["serves", "serves"],
  5,
);

scenario(
  "Five connections wanted: one that breaks sends no miner to a worse pool while four serve",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0, 1);
    await rig.pass(60_000);
    assert.deepEqual(rig.pools.connected, [0, 0, 0, 0]);
    rig.pools.moods[0] = "serves";
    await rig.pass(30_000);
    assert.deepEqual(rig.roles.active, [0, 0, 0, 0, 0]);
  },
  ["serves", "serves"],
  5,
);

scenario(
  "A connection that handed its miners over stays until its last verdicts have come",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(1000);
    rig.pools.moods[0] = "serves";
    const [upstream] = rig.roles.activeUpstreams;
    while (!rig.roles.active.includes(0)) {
      assert.ok(rig.roles.active.includes(1));
      await rig.pass(TICK_MS);
    }
    upstream!.enter({ sessionId: 1, account: "alice", name: "rig", clientAgent: "" });
    upstream!.submit(0, 1, { poolJobId: "0", ntime: 0, version: 0 }, SHARE, false);
    await rig.pass(1000);
    const old = rig.pools.links.find(({ pool }) => pool === 1)!;
    old.connection.deliver(encodeVerdict(0, 1798084231));
    await turn();
    assert.equal(rig.roles.verdicts, 1);
    await rig.pass(10_000);
    assert.deepEqual(rig.pools.connected, [0]);
  },
  ["serves", "serves"],
  1,
);

scenario(
  "Bytes of connections that are gone stay counted",
  async (rig) => {
    const { bytesRead, bytesWritten } = rig.roster.traffic;
    assert.ok(bytesRead > 1000 && bytesWritten > 500);
    rig.pools.moods.fill("hangs");
    await rig.pools.lose(0);
    await rig.pools.lose(1);
    assert.deepEqual(rig.pools.connected, []);
    assert.equal(rig.roster.traffic.bytesRead, bytesRead);
    assert.equal(rig.roster.traffic.bytesWritten, bytesWritten);
  },
  ["serves", "serves"],
);

scenario(
  "A pool that asks for a new connection is given one, after a wait",
  async (rig) => {
    const [link] = rig.pools.links;
    link!.connection.deliver(
      new TextEncoder().encode('{"id":null,"method":"client.reconnect","params":[]}\n'),
    );
    await turn();
    assert.deepEqual(rig.roles.active, [1]);
    await rig.pass(1000);
    assert.deepEqual(rig.roles.spare, [0]);
  },
  ["serves", "serves"],
);

scenario(
  "Five connections wanted: a pool that failed is tried with one connection, not with five",
  async (rig) => {
    rig.pools.dialled.length = 0;
    await rig.pass(10_000);
    assert.ok(rig.pools.dialled.length <= 11, `${rig.pools.dialled.length} dials in 10 s`);
    rig.pools.moods[0] = "serves";
    await rig.pass(1_250);
    assert.ok(rig.roles.active.length >= 1);
    await rig.pass(5_000);
    assert.equal(rig.roles.active.length, 5);
  },
  ["refuses"],
  5,
);

Deno.test("Without leave for a spare one connection is all there is, until there is leave", async () => {
  const rig = new RosterRig(["serves", "serves"]);
  rig.maySpare = false;
  await rig.pass(10_000);
  assert.deepEqual([rig.roles.active, rig.roles.spare, rig.pools.dialled], [[0], [], [0]]);
  rig.maySpare = true;
  await rig.pass(TICK_MS);
  assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], [1]]);
  rig.roster.stop();
});

Deno.test("200 accounts on one dead pool come to it once a second, all together", async () => {
  const rig = new RosterRig(["refuses"]);
  const accounts = Array.from({ length: 200 }, () => rig.another());
  const tick = () => {
    for (const account of accounts) account.tick();
  };
  await rig.pass(30_000, tick);
  assert.ok(rig.pools.dialled.length <= 10 + 31, `${rig.pools.dialled.length} dials in 30 s`);
  for (const account of [rig.roster, ...accounts]) account.stop();
});

Deno.test("A dead pool is one line in the log however many accounts try it, then one a minute", async () => {
  using log = new LogCapture();
  const rig = new RosterRig(["refuses"]);
  const accounts = [rig.roster, ...Array.from({ length: 50 }, () => rig.another())];
  const tick = () => {
    for (const account of accounts) account.tick();
  };
  await rig.pass(8_000, tick);
  assert.ok(rig.pools.dialled.length >= 15, `${rig.pools.dialled.length} dials`);
  const first = log.take();
  assert.equal(first.length, 1, first.join("\n"));
  assert.match(first[0]!, /Pool pool0:3333 #1 not reached: Connection refused .*; retrying in/);
  await rig.pass(120_000, tick);
  const later = log.take();
  assert.equal(later.length, 2, later.join("\n"));
  assert.match(later[0]!, /not reached: .*; \d+ more like this in 6\d s$/);
  for (const account of accounts) account.stop();
});

Deno.test("A flapping pool is not logged at every loss, a pool that breaks after a good time is", async () => {
  using log = new LogCapture();
  const rig = await RosterRig.started(["serves"]);
  const losses = () => log.take().filter((line) => line.includes("lost (serving)"));
  for (let i = 0; i < 8; i++) {
    await rig.pools.lose(0);
    await rig.pass(5_000);
  }
  assert.equal(losses().length, 1);
  await rig.pass(120_000);
  await rig.pools.lose(0);
  assert.match(losses().join("\n"), /closed the connection; retrying now$/);
  rig.roster.stop();
});

for (const connections of [undefined, 3]) {
  Deno.test(`Stopping (connections: ${connections}) closes all, aborts dials and opens no more`, async () => {
    const rig = await RosterRig.started(["serves", "hangs", "serves"], connections);
    const [link] = rig.pools.links;
    rig.roster.stop();
    assert.deepEqual(rig.pools.connected, []);
    assert.equal(rig.pools.pendingDials, 0);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[], []]);
    const { length } = rig.pools.dialled;
    assert.equal(link!.connection.isClosed, true);
    await rig.pass(120_000);
    rig.roster.stop();
    assert.equal(rig.pools.dialled.length, length);
  });
}

Deno.test("A dial answered after the stop is closed and changes nothing", async () => {
  const rig = await RosterRig.started(["hangs"]);
  rig.pools.fakeDial.isDeaf = true;
  const [call] = rig.pools.fakeDial.calls;
  rig.roster.stop();
  let isClosed = false;
  call!.answer({
    read: () => Promise.reject(new Error("read after the stop")),
    write: () => Promise.reject(new Error("write after the stop")),
    close: () => isClosed = true,
  });
  await turn();
  assert.equal(isClosed, true);
  assert.deepEqual(rig.roles.story, []);
});

Deno.test("An account whose pool refuses its sub-account never serves it", async () => {
  const rig = await RosterRig.started(["denies"]);
  await rig.pass(60_000);
  assert.deepEqual(rig.roles.active, []);
  assert.deepEqual(rig.roles.spare, []);
  assert.ok(POOL_LINES.auth.includes("true"), "the same pool would have agreed otherwise");
  rig.roster.stop();
});

scenario("An account every pool refuses is reported, and again after each round", async (rig) => {
  assert.deepEqual(rig.roles.story, ["account refused"]);
  await rig.pass(5_000);
  assert.ok(rig.roles.story.length >= 2);
  assert.ok(rig.roles.story.every((entry) => entry === "account refused"));
}, ["denies"]);

scenario(
  "An account that all pools refuse after they served it is reported, too",
  async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(1000);
    rig.pools.moods[0] = "serves";
    await rig.pass(RETURN_AFTER_MS + 60_000);
    assert.deepEqual([rig.roles.active, rig.roles.spare], [[0], []]);
    rig.pools.moods.fill("denies");
    await rig.pools.lose(0);
    await rig.pass(60_000);
    assert.equal(rig.roles.story.at(-1), "account refused");
  },
  ["serves", "serves"],
  1,
);

scenario(
  "An account that was served is not refused for one pool's word while others are unreachable",
  async (rig) => {
    rig.pools.moods[0] = "denies";
    rig.pools.moods[1] = "refuses";
    await rig.pools.lose(0);
    await rig.pools.lose(1);
    await rig.pass(60_000);
    assert.ok(!rig.roles.story.includes("account refused"));
    rig.pools.moods[1] = "serves";
    await rig.pass(5_000);
    assert.deepEqual(rig.roles.active, [1]);
  },
  ["serves", "serves"],
);

scenario("One pool that takes the account is enough for it", async (rig) => {
  await rig.pass(5_000);
  assert.ok(!rig.roles.story.includes("account refused"));
  assert.deepEqual(rig.roles.active, [1]);
}, ["denies", "serves"]);

scenario("A refusal from before a pool took the account is forgotten", async (rig) => {
  rig.pools.moods[0] = "serves";
  await rig.pass(1000);
  assert.deepEqual(rig.roles.active, [0]);
  const { length } = rig.roles.story;
  rig.pools.moods[0] = "refuses";
  await rig.pools.lose(0);
  await rig.pass(60_000);
  assert.ok(!rig.roles.story.slice(length).includes("account refused"));
}, ["denies"]);

scenario("Pools that cannot be reached do not make the account a wrong one", async (rig) => {
  await rig.pass(60_000);
  assert.deepEqual(rig.roles.story, []);
}, ["refuses", "hangs"]);

scenario("It is the account once the last pool, too, has failed", async (rig) => {
  assert.deepEqual(rig.roles.story, []);
  await rig.pass(20_000);
  assert.equal(rig.roles.story[0], "account refused");
}, ["denies", "is silent"]);

scenario(
  "Each time no pool serves any more it is said once, with what becomes of miners",
  async (rig) => {
    using log = new LogCapture();
    const said = () => log.take().filter((line) => line.includes("No pool answers"));
    for (let outage = 1; outage <= 2; outage++) {
      rig.pools.moods[0] = "refuses";
      await rig.pools.lose(0);
      await rig.pass(10_000);
      const lines = said();
      assert.equal(lines.length, 1, `outage ${outage}`);
      assert.match(lines[0]!, /^warning: No pool answers: .*outage\.grace_seconds.*disconnected/);
      rig.pools.moods[0] = "serves";
      await rig.pass(60_000);
      assert.deepEqual(rig.roles.active, [0]);
      assert.deepEqual(said(), []);
    }
  },
  ["serves"],
);

for (const standbyMs of [undefined, 30_000]) {
  const withWhat = standbyMs === undefined ? "without made-up jobs" : "with made-up jobs";
  Deno.test(`With a pool that comes and goes, the log says once a minute that none serves, ${withWhat}`, async () => {
    using log = new LogCapture();
    const rig = new RosterRig(["serves"], undefined, undefined, standbyMs);
    await rig.pass(TICK_MS);
    for (let i = 0; i < 45; i++) {
      await rig.pools.lose(0);
      await rig.pass(2_000);
    }
    rig.roster.stop();
    const lines = log.take().filter((line) => line.includes("No pool answers"));
    assert.equal(lines.length, 2, lines.join("\n"));
    assert.match(lines[1]!, /; [0-9]+ more like this in 6[0-9] s$/);
  });
}

async function withStandby(moods: Mood[], run: (rig: RosterRig) => Promise<void>): Promise<void> {
  const rig = new RosterRig(moods, undefined, undefined, 30_000);
  await rig.pass(TICK_MS);
  try {
    await run(rig);
  } finally {
    rig.roster.stop();
  }
}

Deno.test("With a standby, an outage has made-up jobs, one each interval, until a pool serves", async () => {
  await withStandby(["serves"], async (rig) => {
    const real = rig.roles.jobs.at(-1)!.job;
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(TICK_MS);
    const [standby] = rig.roles.activeUpstreams;
    assert.equal(standby!.terms.verdicts, "none");
    assert.equal(
      standby!.terms.poolDifficulty,
      Infinity,
      "no pool's difficulty bounds miners' own",
    );
    await rig.pass(61_000);
    const madeUp = rig.roles.jobs.filter(({ upstream }) => upstream === standby)
      .map(({ job }) => job);
    assert.equal(madeUp.length, 3);
    assert.equal(new Set(madeUp.map(({ coinbase1 }) => coinbase1)).size, 3);
    for (const job of madeUp) {
      assert.equal(job.coinbase1.length, real.coinbase1.length);
      assert.notEqual(job.coinbase1, real.coinbase1);
      assert.equal(job.prevHash, real.prevHash);
    }
    rig.pools.moods[0] = "serves";
    await rig.pass(31_000);
    assert.deepEqual(rig.roles.active, [0]);
    assert.equal(rig.roles.activeUpstreams[0]!.terms.verdicts, "given");
  });
});

Deno.test("Stopping in an outage ends the standby, too", async () => {
  await withStandby(["serves"], async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    assert.equal(rig.roles.activeUpstreams.length, 1);
    rig.roster.stop();
    assert.deepEqual(rig.roles.activeUpstreams, []);
  });
});

Deno.test("With a standby, failover to a ready spare has no made-up job", async () => {
  await withStandby(["serves", "serves"], async (rig) => {
    rig.pools.moods[0] = "refuses";
    await rig.pools.lose(0);
    await rig.pass(TICK_MS);
    assert.ok(rig.roles.jobs.every(({ upstream }) => upstream.terms.verdicts === "given"));
  });
});

Deno.test("A standby makes up nothing before there was a real job", async () => {
  await withStandby(["refuses"], async (rig) => {
    await rig.pass(120_000);
    assert.deepEqual(rig.roles.story, []);
  });
});

scenario(
  "A pool that is pinned is tried at once, however long it was to be left alone",
  async (rig) => {
    await rig.pass(120_000);
    assert.ok(rig.roster.pools[1]!.retryInMs > 2 * TICK_MS);
    rig.pools.moods[1] = "serves";
    rig.roster.pin(1);
    await rig.pass(TICK_MS);
    assert.deepEqual(rig.roles.active, [1]);
  },
  ["serves", "refuses"],
);

scenario(
  "A pinned pool serves as soon as it is ready, whatever its place in the order",
  async (rig) => {
    rig.roster.pin(2);
    await rig.pass(2_000);
    assert.deepEqual(rig.roles.active, [2]);
    await rig.pass(RETURN_AFTER_MS * 2);
    assert.deepEqual(rig.roles.active, [2], "no return to the first pool while it is pinned");
    assert.deepEqual(rig.roles.spare, [0], "the best of the others is the spare");
  },
  ["serves", "serves", "serves"],
);

scenario(
  "A pinned pool that fails leaves the miners to the others until it is back",
  async (rig) => {
    rig.roster.pin(1);
    await rig.pass(2_000);
    rig.pools.moods[1] = "refuses";
    await rig.pools.lose(1);
    await rig.pass(TICK_MS);
    assert.deepEqual(rig.roles.active, [0]);
    rig.pools.moods[1] = "serves";
    await rig.pass(35_000);
    assert.deepEqual(rig.roles.active, [1]);
  },
  ["serves", "serves"],
);

scenario(
  "Without the pin, miners return to the better pool when it has been healthy",
  async (rig) => {
    rig.roster.pin(1);
    await rig.pass(2_000);
    assert.deepEqual(rig.roles.active, [1]);
    rig.roster.pin(undefined);
    await rig.pass(RETURN_AFTER_MS + 2_000);
    assert.deepEqual(rig.roles.active, [0]);
  },
  ["serves", "serves"],
);

scenario("Pinning a pool there is not is refused and changes nothing", async (rig) => {
  assert.throws(() => rig.roster.pin(2), RangeError);
  assert.throws(() => rig.roster.pin(-1), RangeError);
  await rig.pass(2_000);
  assert.deepEqual(rig.roles.active, [0]);
}, ["serves", "serves"]);

scenario(
  "Every one of several connections moves to a pinned pool",
  async (rig) => {
    rig.roster.pin(1);
    await rig.pass(10_000);
    assert.deepEqual(rig.roles.active, [1, 1, 1]);
  },
  ["serves", "serves"],
  3,
);
