/** Rounds: one at most for each crowd, nobody always last, and the urgent first but not for ever. */

import assert from "node:assert/strict";
import { Rounds } from "../../../lib/net/miners/rounds.ts";
import { TestCrowd } from "./engine_contract.ts";

class World {
  time = 0;
  readonly ended: number[] = [];
  readonly rounds = new Rounds(() => this.time, (ms) => this.ended.push(ms));

  /** The next `count` peers, or all. */
  take(count = Infinity): number[] {
    const taken: number[] = [];
    while (taken.length < count) {
      const handle = this.rounds.next();
      if (handle === undefined) break;
      taken.push(handle);
    }
    return taken;
  }
}

function crowd(first: number, count: number, isUrgent = false): TestCrowd {
  const made = new TestCrowd(Array.from({ length: count }, (_, i) => first + i));
  made.isUrgent = isUrgent;
  return made;
}

const sorted = (handles: readonly number[]) => handles.toSorted((a, b) => a - b);

Deno.test("a crowd is gone through once, however often there is news before the first has its turn", () => {
  const world = new World();
  const farm = crowd(0, 10);
  for (let news = 0; news < 1000; news++) world.rounds.add(farm);
  world.time = 7;
  assert.deepEqual(sorted(world.take()), farm.handles());
  assert.ok(world.rounds.isEmpty);
  assert.deepEqual(world.ended, [7]);
});

Deno.test("news during a round makes one more of it, for all", () => {
  const world = new World();
  const farm = crowd(0, 10);
  world.rounds.add(farm);
  world.take(4);
  world.time = 5;
  for (let news = 0; news < 1000; news++) world.rounds.add(farm);
  world.time = 6;
  const rest = world.take();
  assert.equal(rest.length, 6 + 10);
  assert.deepEqual(sorted(rest.slice(6)), farm.handles());
  assert.deepEqual(world.ended, [6, 1], "each from when there was news");
});

Deno.test("the urgent go before others, also those that become urgent, and the others after them", () => {
  const world = new World();
  const [slow, quick, changed] = [crowd(0, 4), crowd(10, 2, true), crowd(20, 2)];
  world.rounds.add(slow);
  world.take(1);
  world.rounds.add(quick);
  world.rounds.add(changed);
  changed.isUrgent = true;
  world.rounds.add(changed);
  const tens = world.take().map((handle) => Math.floor(handle / 10));
  assert.deepEqual(tens, [1, 1, 2, 2, 0, 0, 0]);
});

Deno.test("a crowd whose news is always urgent does not keep the others waiting for ever", () => {
  const world = new World();
  const flooded = crowd(100, 3, true);
  const quiet = crowd(0, 3);
  world.rounds.add(flooded);
  world.rounds.add(quiet);
  const heard = new Set<number>();
  for (let turn = 0; turn < 12; turn++) {
    heard.add(world.take(1)[0]!);
    world.rounds.add(flooded);
  }
  for (const handle of quiet.handles()) assert.ok(heard.has(handle), `${handle} was never told`);
});

Deno.test("no peer of many is always the last", () => {
  const world = new World();
  const farm = crowd(0, 100);
  const places = new Array<number>(100).fill(0);
  const rounds = 50;
  for (let round = 0; round < rounds; round++) {
    world.rounds.add(farm);
    world.take().forEach((handle, place) => places[handle]! += place);
  }
  const means = places.map((sum) => sum / rounds);
  assert.ok(Math.min(...means) > 40 && Math.max(...means) < 60, `${means}`);
});

Deno.test("an empty crowd is finished at once", () => {
  const world = new World();
  world.rounds.add(crowd(0, 0));
  assert.deepEqual(world.take(), []);
  assert.deepEqual(world.ended, [0]);
});
