/** The clock of simulated miners, which stands still while their process does. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemTime } from "../../lib/base/system_time.ts";
import { Ticker } from "../../lib/sim/ticker.ts";

/** A ticker whose process can be kept from its timers. */
class World implements Disposable {
  readonly ticker = new Ticker({ ...systemTime, now: () => this.#nowMs });
  readonly seen: number[] = [];
  readonly #ticking = { tick: (nowMs: number) => this.seen.push(nowMs) };
  #nowMs = 5_000;

  constructor() {
    mock.timers.enable({ apis: ["setInterval"] });
    this.ticker.add(this.#ticking);
  }

  /** Time passes with every timer on time. */
  pass(ms: number): void {
    for (let passed = 0; passed < ms; passed += 100) {
      this.#nowMs += 100;
      mock.timers.tick(100);
    }
  }

  /** Nothing has a turn for a while. */
  standStill(ms: number): void {
    this.#nowMs += ms;
  }

  /** How much longer ago than now a line may have come that is read now, in milliseconds. */
  get late(): number {
    const { sinceMs, untilMs } = this.ticker.arrival();
    assert.equal(untilMs, this.#nowMs);
    return untilMs - sinceMs;
  }

  [Symbol.dispose](): void {
    this.ticker.remove(this.#ticking);
    mock.timers.reset();
  }
}

Deno.test("miners' time moves with the ticks, by at most two intervals in one", () => {
  using world = new World();
  world.pass(300);
  world.standStill(3_000);
  world.pass(200);
  assert.deepEqual(world.seen, [100, 200, 300, 500, 600]);
});

Deno.test("a line read on time has arrived just now", () => {
  using world = new World();
  assert.equal(world.late, 0);
  for (let second = 0; second < 3; second++) {
    world.pass(1_000);
    world.standStill(99);
    assert.equal(world.late, 0);
  }
});

Deno.test("a line read within a second after a standstill may have arrived at its beginning", () => {
  using world = new World();
  world.pass(2_000);
  world.standStill(3_000);
  assert.ok(world.late >= 2_900, "before any timer has come");
  world.pass(100);
  assert.ok(world.late >= 2_900);
  world.pass(700);
  assert.ok(world.late >= 2_900);
  world.pass(300);
  assert.equal(world.late, 0);
});
