import assert from "node:assert/strict";
import { type Time } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { Watch } from "../../lib/sim/watch.ts";
import { type HashingMiner, WorkScheduler } from "../../lib/sim/work_scheduler.ts";

/** A clock that each asked-for hash moves on. */
class HashClock {
  nowMs = 0;
  readonly time: Time = { ...systemTime, now: () => this.nowMs };
}

class Miner implements HashingMiner {
  turns = 0;
  constructor(
    readonly clock: HashClock,
    readonly watch: Watch,
    public hasWork: boolean,
  ) {}
  hash(): boolean {
    if (!this.hasWork) return false;
    this.turns++;
    this.clock.nowMs += 3;
    this.watch.changed();
    return true;
  }
}

Deno.test("miners get turns evenly, across slices, and those without work cost none", async () => {
  const clock = new HashClock();
  const watch = new Watch(systemTime);
  const scheduler = new WorkScheduler(clock.time, 1);
  const miners = Array.from({ length: 5 }, (_, i) => new Miner(clock, watch, i !== 2));
  for (const miner of miners) scheduler.addHashing(miner);
  // A slice of 8 ms holds three turns of 3 ms: rounds of four do not fit.
  await watch.until(() => miners[0]!.turns >= 10);
  for (const miner of miners) scheduler.remove(miner);
  const turns = miners.map((miner) => miner.turns);
  assert.equal(turns.splice(2, 1)[0], 0);
  assert.ok(Math.max(...turns) - Math.min(...turns) <= 1, turns.join());
});

Deno.test("a miner removed gets no more turns, and the last one gone leaves no timer", async () => {
  const clock = new HashClock();
  const watch = new Watch(systemTime);
  const scheduler = new WorkScheduler(clock.time, 1);
  const [first, second] = [new Miner(clock, watch, true), new Miner(clock, watch, true)];
  scheduler.addHashing(first);
  scheduler.addHashing(second);
  await watch.until(() => first.turns > 0 && second.turns > 0);
  scheduler.remove(first);
  const { turns } = first;
  const seen = second.turns;
  await watch.until(() => second.turns > seen + 3);
  assert.equal(first.turns, turns);
  scheduler.remove(second);
});

Deno.test("a miner that submits at a rate is asked again and again, with the time", async () => {
  const watch = new Watch(systemTime);
  const times: number[] = [];
  const scheduler = new WorkScheduler({ ...systemTime, now: () => times.length * 10 }, 0.5);
  const miner = {
    submitDue: (nowMs: number) => {
      times.push(nowMs);
      watch.changed();
    },
  };
  scheduler.addSubmitting(miner);
  await watch.until(() => times.length === 3);
  scheduler.remove(miner);
  assert.deepEqual(times, [0, 10, 20]);
});
