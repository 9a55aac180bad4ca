/** Outstanding: which shares a pool's runs of verdicts are for. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Outstanding } from "../../../lib/pool/sv2/outstanding.ts";

/** A channel whose events are written down: `+first-last` accepted, `?serial` forgotten. */
function channel(): { readonly shares: Outstanding; readonly take: () => string[] } {
  const events: string[] = [];
  const shares = new Outstanding({
    accepted: (first, last) => events.push(`+${first}-${last}`),
    forgotten: (serial) => events.push(`?${serial}`),
  });
  return { shares, take: () => events.splice(0) };
}

/** Sends shares with these serials. */
function send(shares: Outstanding, ...serials: readonly number[]): void {
  for (const serial of serials) shares.sent(serial);
}

/** Serials from 0 up to but not including `count`. */
function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}

Deno.test("Sequence numbers count from 0 in the order in which shares are written", () => {
  const { shares } = channel();
  assert.deepEqual([shares.sent(9), shares.sent(4), shares.sent(5)], [0, 1, 2]);
});

Deno.test("Of 13 shares, a batch of ten accepts ten and leaves three waiting", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(13));
  assert.equal(shares.acceptedUpTo(9, 10), 0);
  assert.deepEqual(take(), ["+0-9"]);
  assert.equal(shares.acceptedUpTo(12, 3), 0);
  assert.deepEqual(take(), ["+10-12"]);
});

Deno.test("An error between is not accepted by the batch around it", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(12));
  assert.deepEqual(shares.refused(4), { serial: 4, isRepeated: false });
  assert.equal(shares.acceptedUpTo(10, 10), 0);
  assert.deepEqual(take(), ["+0-3", "+5-10"]);
});

Deno.test("A possible block that went first keeps its own verdict", () => {
  const { shares, take } = channel();
  // Share 7 overtook 5 and 6, which waited for their turn.
  send(shares, 4, 7, 5, 6);
  assert.deepEqual(shares.refused(1), { serial: 7, isRepeated: false });
  assert.equal(shares.acceptedUpTo(3, 3), 0);
  assert.deepEqual(take(), ["+4-6"]);
});

Deno.test("Counts since the channel was opened, as older pools send them, fit too", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(30));
  assert.equal(shares.acceptedUpTo(9, 10), 0);
  shares.refused(12);
  assert.equal(shares.acceptedUpTo(20, 20), 0, "20 in all, 10 of them now");
  shares.refused(3);
  assert.equal(shares.acceptedUpTo(29, 28), 0, "a late error is not counted by the pool any more");
  assert.deepEqual(take(), ["+0-9", "+10-11", "+13-20", "+21-29"]);
});

Deno.test("An error after its acknowledgement names its share, and moves no other verdict", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(5));
  shares.acceptedUpTo(2, 3);
  assert.deepEqual(shares.refused(1), { serial: 1, isRepeated: true });
  assert.deepEqual(shares.refused(1), { serial: 1, isRepeated: true });
  assert.equal(shares.acceptedUpTo(4, 2), 0);
  assert.deepEqual(take(), ["+0-2", "+3-4"]);
});

Deno.test("A pool that accepts one by one may refuse an older share later", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(4));
  assert.equal(shares.acceptedUpTo(0, 1), 0);
  // Shares 1 and 2 are refused, but the pool writes that down before it says so.
  assert.equal(shares.acceptedUpTo(3, 1), 0);
  assert.deepEqual(take(), ["+0-0", "+3-3"]);
  assert.deepEqual(shares.refused(2), { serial: 2, isRepeated: false });
  assert.deepEqual(shares.refused(1), { serial: 1, isRepeated: false });
  assert.equal(shares.acceptedCount, 2);
  assert.equal(shares.acceptedUpTo(3, 1), 1, "it was accepted before");
  assert.deepEqual(take(), []);
});

Deno.test("A count that does not fit is a difference, and verdicts stay with their shares", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(10));
  assert.equal(shares.acceptedUpTo(4, 9), 4);
  assert.deepEqual(take(), ["+0-4"]);
  assert.equal(shares.acceptedUpTo(4, 5), 0, "a cumulative count, and nothing is new");
  assert.equal(shares.acceptedUpTo(3, 2), 2, "all of these were accepted before");
  assert.deepEqual(take(), []);
});

Deno.test("Sequence numbers that were never sent are ignored", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(3));
  assert.equal(shares.acceptedUpTo(3, 4), undefined);
  assert.equal(shares.acceptedUpTo(0xffff_ffff, 1), undefined);
  assert.equal(shares.refused(3), undefined);
  assert.deepEqual(take(), []);
  assert.equal(shares.acceptedUpTo(2, 3), 0, "the shares still wait");
});

Deno.test("A pool that judges nothing makes the oldest shares forgotten, not memory grow", () => {
  const { shares, take } = channel();
  send(shares, ...upTo(0x10000 + 3));
  assert.deepEqual(take(), ["?0", "?1", "?2"]);
  assert.equal(shares.refused(1), undefined, "too long ago");
  assert.equal(shares.acceptedUpTo(0x10002, 0x10000), 0);
  assert.deepEqual(take(), [`+3-${0x10002}`]);
});

Deno.test("Whatever a pool says, each share gets at most one verdict, and the right one", () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.constant({ kind: "send" as const }) },
    fc.record({ kind: fc.constant("error" as const), back: fc.nat({ max: 100 }) }),
    fc.record({
      kind: fc.constant("success" as const),
      back: fc.integer({ min: -3, max: 100 }),
      count: fc.nat({ max: 50 }),
    }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
    // The slow twin: a list of all shares and what became of each.
    const fates: ("waits" | "accepted" | "refused")[] = [];
    const told = new Map<number, string>();
    const shares = new Outstanding({
      accepted: (first, last) => {
        for (let serial = first; serial <= last; serial++) {
          assert.equal(told.get(serial), undefined, `share ${serial} has one verdict`);
          told.set(serial, "accepted");
        }
      },
      forgotten: () => assert.fail("too few to be forgotten"),
    });
    for (const each of steps) {
      if (each.kind === "send") {
        assert.equal(shares.sent(fates.length), fates.length);
        fates.push("waits");
        continue;
      }
      const sequence = fates.length - 1 - each.back;
      if (sequence < 0) continue;
      if (each.kind === "error") {
        const found = shares.refused(sequence);
        // 64 are surely remembered.
        if (found === undefined) assert.ok(each.back >= 64, "it is remembered");
        else {
          assert.equal(found.serial, sequence);
          assert.equal(found.isRepeated, fates[sequence] !== "waits");
          if (!found.isRepeated) told.set(sequence, "refused");
          fates[sequence] = "refused";
        }
      } else {
        const difference = shares.acceptedUpTo(sequence, each.count);
        if (sequence >= fates.length) assert.equal(difference, undefined);
        if (difference === undefined) continue;
        const isAlone = each.count === 1 && fates[sequence] === "waits";
        for (let i = isAlone ? sequence : 0; i <= sequence; i++) {
          if (fates[i] === "waits") fates[i] = "accepted";
        }
      }
      for (const [i, fate] of fates.entries()) {
        assert.equal(told.has(i), fate !== "waits", `share ${i} ${fate}`);
      }
    }
  }));
});
