/** PendingShares: a verdict's serial finds the share it was given for, or none. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type PendingShare, PendingShares } from "../../lib/mux/pending_shares.ts";

/** Share number `n` of a connection; who owns it says which it is. */
function share(n: number, sentAt = n): PendingShare<string> {
  return {
    owner: `share ${n}`,
    requestId: n,
    sentAt,
    difficulty: 1,
    stamp: undefined,
    reached: 0,
    change: 0,
    isTentative: false,
    isQueued: false,
    job: { isPast: false },
    block: undefined,
    isBraked: false,
    isAnswered: false,
    versionBits: 0,
  };
}

function filled(count: number): PendingShares<string> {
  const pending = new PendingShares<string>();
  for (let n = 0; n < count; n++) pending.add(n, share(n));
  return pending;
}

Deno.test("PendingShares gives each share to its own verdict when verdicts overtake each other", () => {
  const pending = filled(5);
  for (const n of [3, 0, 4, 2, 1]) assert.equal(pending.settle(n)?.owner, `share ${n}`);
  assert.equal(pending.waiting, 0);
});

Deno.test("PendingShares knows no share under a number settled before", () => {
  const pending = filled(3);
  assert.equal(pending.settle(1)?.owner, "share 1");
  assert.equal(pending.settle(1), undefined);
  assert.equal(pending.settle(0)?.owner, "share 0");
  assert.equal(pending.settle(0), undefined);
  assert.equal(pending.settle(1), undefined);
  assert.equal(pending.waiting, 1);
});

for (const serial of [0, 1, 3, 4, 255, 65_535]) {
  Deno.test(`PendingShares knows no share ${serial} when none was sent`, () => {
    assert.equal(new PendingShares<string>().settle(serial), undefined);
  });
}

for (const serial of [5, 6, 64, 65_535]) {
  Deno.test(`PendingShares knows no share ${serial} after shares 0 to 4`, () => {
    const pending = filled(5);
    assert.equal(pending.settle(serial), undefined);
    assert.equal(pending.waiting, 5);
  });
}

Deno.test("PendingShares refuses a share out of step with the pool's count", () => {
  const pending = filled(2);
  assert.throws(() => pending.add(1, share(2)), RangeError);
  assert.throws(() => pending.add(3, share(2)), RangeError);
});

Deno.test("PendingShares finds each of 70,000 shares, judged 100 later", () => {
  const pending = new PendingShares<string>();
  for (let n = 0; n < 70_000; n++) {
    pending.add(n, share(n));
    if (n >= 100) assert.equal(pending.settle(n - 100)?.owner, `share ${n - 100}`);
  }
  assert.equal(pending.waiting, 100);
});

Deno.test("PendingShares knows that a share was given up, of the last 65,536 that were", () => {
  const pending = filled(70_000);
  assert.equal([...pending.expire(69_000)].length, 69_000);
  assert.equal(pending.pastOf(68_999), "givenUp");
  assert.equal(pending.pastOf(69_000 - 65_536), "givenUp");
  assert.equal(pending.pastOf(69_000 - 65_537), "judged");
});

Deno.test("PendingShares keeps one old share apart from 100,000 newer ones", () => {
  const pending = new PendingShares<string>();
  pending.add(0, share(0));
  for (let n = 1; n <= 100_000; n++) {
    pending.add(n, share(n));
    assert.equal(pending.settle(n)?.owner, `share ${n}`);
  }
  assert.equal(pending.waiting, 1);
  assert.equal(pending.settle(0)?.owner, "share 0");
});

Deno.test("PendingShares expires all shares sent before a time, oldest first, and no others", () => {
  const pending = filled(6);
  pending.settle(1);
  const expired = [...pending.expire(4)].map(({ owner }) => owner);
  assert.deepEqual(expired, ["share 0", "share 2", "share 3"]);
  assert.equal(pending.waiting, 2);
  assert.equal(pending.settle(2), undefined);
  assert.equal(pending.settle(4)?.owner, "share 4");
  assert.deepEqual([...pending.expire(Infinity)].map(({ owner }) => owner), ["share 5"]);
  assert.deepEqual([...pending.expire(Infinity)], []);
});

/** The obvious way: a map from number to share. */
class SlowPendingShares {
  readonly #shares = new Map<number, PendingShare<string>>();

  get waiting(): number {
    return this.#shares.size;
  }

  add(serial: number, added: PendingShare<string>): void {
    this.#shares.set(serial, added);
  }

  settle(index: number): PendingShare<string> | undefined {
    const settled = this.#shares.get(index);
    this.#shares.delete(index);
    return settled;
  }

  expire(time: number): PendingShare<string>[] {
    const expired = [...this.#shares].filter(([, { sentAt }]) => sentAt < time);
    for (const [index] of expired) this.#shares.delete(index);
    return expired.map(([, old]) => old);
  }
}

const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ add: fc.integer({ min: 1, max: 200 }) }) },
  // Enough to grow several times.
  { weight: 1, arbitrary: fc.record({ add: fc.constant(30_000) }) },
  { weight: 6, arbitrary: fc.record({ settle: fc.integer({ min: -3, max: 300 }) }) },
  { weight: 2, arbitrary: fc.record({ settle: fc.nat({ max: 65_535 }) }) },
  { weight: 1, arbitrary: fc.record({ expireAllBut: fc.nat({ max: 400 }) }) },
);

Deno.test("PendingShares does what a map of all shares does in any course of events", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const fast = new PendingShares<string>();
      const slow = new SlowPendingShares();
      let next = 0;
      for (const what of steps) {
        if ("add" in what) {
          for (let i = 0; i < what.add; i++, next++) {
            const added = share(next);
            slow.add(next, added);
            fast.add(next, added);
          }
        } else if ("settle" in what) {
          // Near the newest more often than not.
          const serial = next - what.settle;
          assert.equal(fast.settle(serial), slow.settle(serial), `share ${serial}`);
        } else {
          const before = next - what.expireAllBut;
          assert.deepEqual([...fast.expire(before)], slow.expire(before));
        }
        assert.equal(fast.waiting, slow.waiting);
      }
    }),
    { seed: 4, numRuns: 120 },
  );
});

Deno.test("PendingShares knows the past of a share", () => {
  const pending = filled(4);
  pending.settle(1);
  assert.deepEqual([...pending.expire(1)].map(({ owner }) => owner), ["share 0"]);
  const pasts = [0, 1, 4, 65_535, -1].map((serial) => pending.pastOf(serial));
  assert.deepEqual(pasts, ["givenUp", "judged", "neverSent", "neverSent", "neverSent"]);
});
