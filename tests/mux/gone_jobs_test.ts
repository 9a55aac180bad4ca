/** Jobs of connections that are gone. */

import assert from "node:assert/strict";
import { GoneJobs, MOST_JOBS } from "../../lib/mux/gone_jobs.ts";
import { Slot } from "../../lib/mux/slot.ts";
import type { MinerSeat } from "../../lib/mux/seat.ts";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import { MuxWorld, poolJob } from "../support/mux_world.ts";
import { WIDEST_LAYOUT } from "../../lib/mux/terms.ts";

const SHARE = {
  id: 1,
  extranonce2: 5,
  extranonce2Digits: 8,
  ntime: 0x650d1b20,
  nonce: 7,
  versionBits: 0,
  hasVersionBits: false,
};

const OWNER = { sessionId: 1, layout: WIDEST_LAYOUT };

/** A connection with these jobs, one a minute, all of whose hashes are blocks. */
function slotWith({ mux, clock }: MuxWorld, numbers: readonly number[]): Slot<MinerSeat> {
  const slot = new Slot<MinerSeat>(
    new CheckedUpstream("a", mux, { difficulty: 2 ** -40 }),
    clock.now(),
  );
  for (const number of numbers) {
    clock.advance(60_000);
    const job = { ...poolJob(`${number}`, false, "aa"), bits: "2100ffff" };
    slot.setJob(number, job, clock.now());
  }
  return slot;
}

Deno.test("of a connection that is gone its last jobs are held for ten minutes, and no miners", () => {
  const world = new MuxWorld();
  const { clock } = world;
  const gone = new GoneJobs();
  gone.add(slotWith(world, [1, 2, 3, 4, 5]), clock.now());
  const found = (jobId: number) => gone.blockOf({ ...SHARE, jobId }, OWNER);
  assert.equal(found(1), undefined, "it has been old for long");
  const all = [2, 3, 4, 5].map((number) => found(number)!);
  assert.deepEqual(all.map(({ job }) => job.poolJobId), ["2", "3", "4", "5"]);
  assert.deepEqual(Object.keys(all[0]!.holder).sort(), ["screening", "upstream"]);
  assert.deepEqual(Object.keys(all[0]!.holder.upstream).sort(), ["name", "terms", "versionMask"]);
  clock.advance(599_000);
  gone.stillUsed(5, 1, clock.now());
  clock.advance(1_000);
  gone.expire(clock.now());
  assert.equal(gone.size, 1, "only the one that is still worked on");
  clock.advance(600_000);
  gone.expire(clock.now());
  assert.equal(gone.size, 0);
});

Deno.test("of very many connections that are gone the newest job of each is held longest", () => {
  const world = new MuxWorld();
  const { clock } = world;
  const gone = new GoneJobs();
  const connections = MOST_JOBS / 2;
  for (let i = 0; i < connections; i++) {
    gone.add(slotWith(world, [3 * i, 3 * i + 1, 3 * i + 2]), clock.now());
  }
  assert.equal(gone.size, MOST_JOBS);
  const isHeld = (jobId: number) => gone.blockOf({ ...SHARE, jobId }, OWNER) !== undefined;
  assert.deepEqual([0, 1, 2].map(isHeld), [false, false, true]);
  const last = 3 * (connections - 1);
  assert.deepEqual([last, last + 1, last + 2].map(isHeld), [true, true, true]);
});
