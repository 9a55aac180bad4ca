/** What waits for a slow peer: every byte once and in order, and how long it may take them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Waiting } from "../../../lib/net/miners/waiting.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { bytes, LIMITS } from "./engine_contract.ts";

const decoder = new TextDecoder();

/** A peer for which these pieces wait, and the time it is judged by. */
function waitingFor(...pieces: string[]): { waiting: Waiting; clock: FakeClock } {
  const waiting = new Waiting();
  const clock = new FakeClock();
  for (const piece of pieces) waiting.add(bytes(piece), clock.now);
  return { waiting, clock };
}

function offered(waiting: Waiting): string | undefined {
  return waiting.next === undefined ? undefined : decoder.decode(waiting.next);
}

Deno.test("nothing waits for a peer before there is anything for it", () => {
  const { waiting, clock } = waitingFor();
  assert.ok(waiting.isEmpty);
  assert.deepEqual([waiting.bytes, waiting.next, waiting.isEnding], [0, undefined, false]);
  assert.equal(waiting.takeNews(), false);
  clock.advance(10 * LIMITS.stallTimeoutMs);
  assert.equal(waiting.stall(LIMITS, clock.now()), undefined, "a peer that owes nothing");
});

Deno.test("all that came while one piece was written is offered as one", () => {
  const { waiting, clock } = waitingFor("one ", "two ", "three");
  assert.equal(offered(waiting), "one ");
  assert.equal(waiting.bytes, 13);
  waiting.took(3, clock.now);
  assert.equal(offered(waiting), " ");
  waiting.took(1, clock.now);
  assert.equal(offered(waiting), "two three");
  waiting.took(9, clock.now);
  assert.ok(waiting.isEmpty);
  assert.equal(waiting.bytes, 0);
});

Deno.test("however it is cut, a peer is offered every byte once, in order", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.record({ add: fc.string({ unit: "grapheme-ascii", maxLength: 9 }) }),
          fc.record({ take: fc.nat({ max: 12 }) }),
        ),
        { maxLength: 60 },
      ),
      (steps) => {
        const { waiting, clock } = waitingFor();
        let sent = "";
        let taken = "";
        for (const step of steps) {
          if ("add" in step) {
            waiting.add(bytes(step.add), clock.now);
            sent += step.add;
          } else {
            const count = Math.min(step.take, waiting.next?.length ?? 0);
            taken += offered(waiting)?.slice(0, count) ?? "";
            waiting.took(count, clock.now);
          }
          assert.equal(waiting.bytes, sent.length - taken.length);
        }
        while (waiting.next !== undefined) {
          taken += offered(waiting);
          waiting.took(waiting.next.length, clock.now);
        }
        assert.equal(taken, sent);
      },
    ),
    { seed: 20261104, numRuns: 500 },
  );
});

Deno.test("news is asked for once, when everything before it was taken", () => {
  const { waiting, clock } = waitingFor("first");
  waiting.addNews();
  waiting.addNews();
  assert.equal(waiting.takeNews(), false);
  waiting.took(5, clock.now);
  assert.equal(waiting.takeNews(), true);
  assert.equal(waiting.takeNews(), false);
});

Deno.test("no news is asked for when the owner has closed it", () => {
  const { waiting, clock } = waitingFor("last");
  waiting.addNews();
  waiting.end(clock.now);
  waiting.took(4, clock.now);
  assert.equal(waiting.takeNews(), false);
});

Deno.test("more bytes than may wait are too many, those being written included", () => {
  const { waiting, clock } = waitingFor("12345", "67890");
  assert.equal(waiting.overflow({ ...LIMITS, maxWaitingBytes: 10 }), undefined);
  waiting.add(bytes("1"), clock.now);
  assert.deepEqual(waiting.overflow({ ...LIMITS, maxWaitingBytes: 10 }), {
    reason: "too slow: 11 bytes wait for it",
    fault: "waiting_bytes",
  });
});

Deno.test("a peer has the stall timeout for each byte it takes", () => {
  const { waiting, clock } = waitingFor("abc", "def");
  const stall = () => waiting.stall(LIMITS, clock.now());
  clock.advance(LIMITS.stallTimeoutMs);
  assert.equal(stall(), undefined);
  waiting.took(1, clock.now);
  clock.advance(LIMITS.stallTimeoutMs);
  waiting.took(0, clock.now);
  assert.equal(stall(), undefined);
  clock.advance(1);
  assert.deepEqual(stall(), { reason: "took no byte for 30 s", fault: "stall_timeout" });
  waiting.took(2, clock.now);
  assert.equal(stall(), undefined, "it goes on with what waits");
});

Deno.test("a peer the owner has closed has one stall timeout for all that waits", () => {
  const { waiting, clock } = waitingFor("abc", "def");
  clock.advance(LIMITS.stallTimeoutMs);
  waiting.end(clock.now);
  assert.ok(waiting.isEnding);
  clock.advance(LIMITS.stallTimeoutMs / 2);
  waiting.took(3, clock.now);
  waiting.end(clock.now);
  clock.advance(LIMITS.stallTimeoutMs / 2);
  assert.equal(waiting.stall(LIMITS, clock.now()), undefined);
  clock.advance(1);
  assert.equal(waiting.stall(LIMITS, clock.now())?.fault, "stall_timeout");
});

Deno.test("nothing waits any more for a peer that is gone", () => {
  const { waiting, clock } = waitingFor("abc", "def");
  waiting.clear();
  assert.ok(waiting.isEmpty);
  assert.equal(waiting.bytes, 0);
  waiting.took(3, clock.now);
  assert.equal(waiting.next, undefined);
});
