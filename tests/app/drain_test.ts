/** An orderly stop waits for verdicts that may come, and for nothing else. */

import assert from "node:assert/strict";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { drain, patience } from "../../lib/app/drain.ts";
import { pause } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import type { LedgerSnapshot } from "../../lib/mux/books/ledger.ts";
import type { Downstream } from "../../lib/mux/downstream.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { Histogram } from "../../lib/observe/histogram.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import { MuxWorld } from "../support/mux_world.ts";

const SILENT_MS = 1_000;
const OLD_MS = 5_000;

/** A farm at one pool; what is asked of it is what a stop asks. */
function farm(count: number) {
  const world = new MuxWorld();
  const pool = world.active("a");
  const miners = Array.from({ length: count }, () => world.join());
  const awaited = (silentMs = SILENT_MS, oldMs = OLD_MS): FakeDownstream[] => {
    const found = world.mux.awaited(silentMs, oldMs).miners;
    return miners.filter((miner) => found.has(miner));
  };
  return { world, pool, miners, awaited };
}

function counted(snapshot: LedgerSnapshot): Record<string, number> {
  return Object.fromEntries(Object.entries(snapshot).filter(([, count]) => count > 0));
}

Deno.test("the stop waits for a miner until the last of its shares is judged", () => {
  const { world, miners, awaited } = farm(3);
  const [pool] = world.upstreams;
  world.submit(miners[0]!);
  world.submit(miners[1]!);
  world.submit(miners[1]!);
  assert.deepEqual(awaited(), [miners[0], miners[1]]);
  pool!.judge(0, SHARE_ACCEPTED);
  pool!.judge(1, SHARE_ACCEPTED);
  assert.deepEqual(awaited(), [miners[1]]);
  pool!.judge(2, ERROR_CODE.lowDifficulty);
  assert.deepEqual(awaited(), []);
});

Deno.test("the stop does not wait for a pool that was silent before", () => {
  const { world, miners, awaited } = farm(2);
  const shares = miners.map((miner) => world.submit(miner));
  world.clock.advance(SILENT_MS);
  assert.deepEqual(awaited(), []);
  assert.deepEqual(counted(world.counter.total.snapshot()), {
    received: 2,
    submitted: 2,
    unansweredStopped: 2,
  });
  for (const [i, { id }] of shares.entries()) {
    assert.deepEqual([...miners[i]!.answers.keys()], [id], "each miner has its answer");
  }
});

Deno.test("the stop waits for a pool as long as it gives verdicts", () => {
  const { world, pool, miners, awaited } = farm(1);
  for (let i = 0; i < 5; i++) world.submit(miners[0]!);
  for (let i = 0; i < 4; i++) {
    world.clock.advance(SILENT_MS - 1);
    pool.judge(i, SHARE_ACCEPTED);
    assert.deepEqual(awaited(), miners);
  }
});

Deno.test("a share that a busy pool forgot delays its miner no longer than other shares did", () => {
  const { world, pool, miners, awaited } = farm(2);
  world.submit(miners[0]!);
  for (let i = 0; i < 6; i++) {
    world.submit(miners[1]!);
    world.clock.advance(SILENT_MS - 100);
    pool.judge(i + 1, SHARE_ACCEPTED);
    awaited();
  }
  world.submit(miners[1]!);
  assert.deepEqual(awaited(), [miners[1]]);
  assert.equal(world.counter.total.get("unansweredStopped"), 1);
});

Deno.test("when the time for the stop is over, every open share is counted as unanswered", () => {
  const { world, miners, awaited } = farm(2);
  for (const miner of miners) world.submit(miner);
  assert.deepEqual(awaited(0, 0), []);
  assert.equal(world.counter.total.get("unansweredStopped"), 2);
  assert.equal(world.mux.waitingShares, 0);
});

Deno.test("a pool has four times its mean verdict time, at least 1 s and at most 3 s, to answer", () => {
  const histogram = new Histogram();
  assert.deepEqual(patience(histogram.snapshot()), { silentMs: 3_000, oldMs: 3_000 });
  histogram.add(5);
  assert.deepEqual(patience(histogram.snapshot()), { silentMs: 1_000, oldMs: 1_000 });
  for (let i = 0; i < 9; i++) histogram.add(555);
  assert.deepEqual(patience(histogram.snapshot()), { silentMs: 2_000, oldMs: 2_000 });
  for (let i = 0; i < 10; i++) histogram.add(4_500);
  assert.deepEqual(patience(histogram.snapshot()), { silentMs: 3_000, oldMs: 10_000 });
});

Deno.test("miners are disconnected before others' verdicts come; a pool that reads nothing is not awaited", async () => {
  const { world, miners } = farm(2);
  const pool = world.upstreams[0]!;
  world.submit(miners[1]!);
  const letGo: number[] = [];
  let waitingBytes = 100;
  let arePortsClosed = false;
  const draining = drain(
    {
      miners: {
        drain: async () => {
          await pause(systemTime, 1);
          arePortsClosed = true;
        },
        letGo: (awaited: ReadonlySet<Downstream>) => {
          assert.ok(arePortsClosed, "it would come back to a port that is about to be closed");
          letGo.push(awaited.size);
          if (letGo.length === 1) pool.judge(0, SHARE_ACCEPTED);
          else world.clock.advance(3_000);
        },
      },
      accounts: {
        awaited: (silentMs, oldMs) => world.mux.awaited(silentMs, oldMs),
        flush: () => waitingBytes = 60,
        get waitingBytes() {
          return waitingBytes;
        },
      },
      counter: world.counter,
    },
    world.clock.now,
    systemTime,
    10_000,
  );
  assert.equal(await draining, 0);
  assert.deepEqual(letGo, [1, 0]);
});
