/** Newcomers: who has had how long to log in, in which order, and who is looked at no more. */

import assert from "node:assert/strict";
import { type Newcomer, Newcomers } from "../../lib/miner/newcomers.ts";

/** A miner that connected at this time; counts how often it was looked at. */
class FakeNewcomer implements Newcomer {
  readonly connectedAt: number;
  turnedAwayAt: number | undefined = undefined;
  isIn = false;
  looks = 0;

  constructor(connectedAt: number) {
    this.connectedAt = connectedAt;
  }

  get hasLoggedIn(): boolean {
    this.looks++;
    return this.isIn;
  }
}

function rig(count: number): { newcomers: Newcomers<FakeNewcomer>; miners: FakeNewcomer[] } {
  const newcomers = new Newcomers<FakeNewcomer>();
  const miners = Array.from({ length: count }, (_, i) => new FakeNewcomer(i * 100));
  for (const miner of miners) newcomers.add(miner);
  return { newcomers, miners };
}

Deno.test("miners that have had longer than their time come out, the oldest first", () => {
  const { newcomers, miners } = rig(4);
  assert.deepEqual([...newcomers.olderThan(1_000, 1_000)], []);
  assert.deepEqual([...newcomers.olderThan(1_000, 1_150)], miners.slice(0, 2));
});

Deno.test("a miner that was turned away has its full time again, after those that came later", () => {
  const { newcomers, miners } = rig(3);
  miners[0]!.turnedAwayAt = 900;
  newcomers.add(miners[0]!);
  assert.deepEqual([...newcomers.olderThan(1_000, 1_250)], miners.slice(1));
  assert.deepEqual([...newcomers.olderThan(1_000, 2_000)], [miners[1], miners[2], miners[0]]);
});

Deno.test("a miner whose connection is over is not among them any more", () => {
  const { newcomers, miners } = rig(3);
  newcomers.delete(miners[1]!);
  assert.deepEqual([...newcomers.olderThan(1_000, 9_000)], [miners[0], miners[2]]);
  newcomers.clear();
  assert.deepEqual([...newcomers.olderThan(1_000, 9_000)], []);
});

Deno.test("a miner that has logged in is looked at once more and then forgotten", () => {
  const { newcomers, miners } = rig(2);
  miners[0]!.isIn = true;
  assert.deepEqual([...newcomers.olderThan(1_000, 9_000)], [miners[1]]);
  assert.deepEqual([...newcomers.olderThan(1_000, 9_000)], [miners[1]]);
  assert.equal(miners[0]!.looks, 1);
  assert.equal(miners[1]!.looks, 2);
});
