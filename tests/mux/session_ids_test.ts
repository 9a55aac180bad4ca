/** SessionIds: every id once, none back too soon, none twice. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { REST_MS, SessionIds } from "../../lib/mux/session_ids.ts";
import { FakeClock } from "../support/fake_clock.ts";

Deno.test("SessionIds leases each of the 65,535 ids once, then none", () => {
  const ids = new SessionIds(() => 0);
  const leased = new Set<number>();
  for (let i = 0; i < 65_535; i++) leased.add(ids.lease()!);
  assert.equal(leased.size, 65_535);
  assert.equal(Math.max(...leased), 0xfffe);
  assert.equal(ids.leased, 65_535);
  assert.equal(ids.lease(), undefined);
  assert.equal(ids.leased, 65_535);
});

Deno.test("SessionIds recovers from exhaustion with the id that has rested longest", () => {
  const clock = new FakeClock();
  const ids = new SessionIds(clock.now, 3);
  for (let i = 0; i < 4; i++) ids.lease();
  assert.equal(ids.lease(), undefined);
  ids.release(2);
  clock.advance(1);
  ids.release(0);
  assert.deepEqual([ids.lease(), ids.lease(), ids.lease()], [2, 0, undefined]);
});

Deno.test("SessionIds does not lease an id again while it rests and fresh ones are left", () => {
  const clock = new FakeClock();
  const ids = new SessionIds(clock.now);
  assert.equal(ids.lease(), 0);
  ids.release(0);
  clock.advance(REST_MS - 1);
  assert.equal(ids.lease(), 1);
  clock.advance(1);
  assert.equal(ids.lease(), 0);
  assert.equal(ids.lease(), 2);
});

for (const id of [0, 1, 7, 8, -1, 65_535, 1.5, NaN]) {
  Deno.test(`SessionIds refuses to take back ${id} when it is not leased`, () => {
    const ids = new SessionIds(() => 0, 7);
    ids.lease();
    ids.release(0);
    assert.throws(() => ids.release(id), RangeError);
    assert.equal(ids.leased, 0);
  });
}

Deno.test("SessionIds never leases an id in use, and gives one whenever one is free", () => {
  const step = fc.oneof(
    fc.constant("lease" as const),
    fc.record({ release: fc.nat({ max: 20 }) }),
    fc.record({ wait: fc.integer({ min: 0, max: REST_MS }) }),
  );
  fc.assert(
    fc.property(
      fc.nat({ max: 6 }),
      fc.array(step, { maxLength: 120, size: "max" }),
      (highest, steps) => {
        const clock = new FakeClock();
        const ids = new SessionIds(clock.now, highest);
        const held: number[] = [];
        const givenBackAt = new Map<number, number>();
        for (const what of steps) {
          if (what === "lease") {
            const id = ids.lease();
            assert.equal(id === undefined, held.length === highest + 1);
            if (id === undefined) continue;
            assert.ok(!held.includes(id) && id >= 0 && id <= highest);
            const wasFresh = held.length + givenBackAt.size < highest + 1;
            const rested = clock.now() - (givenBackAt.get(id) ?? -Infinity);
            assert.ok(!wasFresh || rested >= REST_MS, `id ${id} came back after ${rested} ms`);
            givenBackAt.delete(id);
            held.push(id);
          } else if ("release" in what) {
            const [id] = held.splice(what.release % Math.max(held.length, 1), 1);
            if (id === undefined) continue;
            ids.release(id);
            givenBackAt.set(id, clock.now());
          } else {
            clock.advance(what.wait);
          }
          assert.equal(ids.leased, held.length);
        }
      },
    ),
    { seed: 3, numRuns: 500 },
  );
});
