import assert from "node:assert/strict";
import { mock } from "node:test";
import { AttendedClock, TICK_MS } from "../../lib/base/attended_clock.ts";
import { AttendedTimeout } from "../../lib/base/attended_timeout.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** An attended clock over a real one that a test moves. */
class World {
  readonly real = new FakeClock();
  readonly clock = new AttendedClock(this.real.now);
  readonly #began = this.clock.now();

  /** Ticks as they should be for `ms`. */
  attend(ms: number): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) this.tickAfter(TICK_MS);
  }

  /** One tick after `ms`. Returns how long we were away. */
  tickAfter(ms: number): number {
    this.real.advance(ms);
    return this.clock.tick();
  }

  /** How much time has passed on the attended clock. */
  get passed(): number {
    return this.clock.now() - this.#began;
  }
}

Deno.test("while it is ticked in time the attended clock is the real one, between ticks too", () => {
  const world = new World();
  world.attend(60_000);
  assert.equal(world.passed, 60_000);
  world.real.advance(100);
  assert.equal(world.passed, 60_100);
  // Somewhat late, as on any busy machine.
  assert.equal(world.tickAfter(350), 0);
  assert.equal(world.passed, 60_450);
});

Deno.test("an absence of 65 s passes no time, before the late tick and at it", () => {
  const world = new World();
  world.attend(1_000);
  world.real.advance(65_000);
  assert.equal(world.passed, 1_000, "before the tick");
  assert.equal(world.clock.tick(), 65_000);
  assert.equal(world.passed, 1_000, "at the tick");
  world.attend(500);
  assert.equal(world.passed, 1_500);
});

Deno.test("what was seen before an absence stays: the clock never goes back", () => {
  const world = new World();
  world.attend(1_000);
  world.real.advance(200);
  assert.equal(world.passed, 1_200);
  world.tickAfter(8_000);
  assert.equal(world.passed, 1_200);
});

Deno.test("in a minute of ticks that each come 3 s late hardly any time passes, but some does", () => {
  const world = new World();
  for (let tick = 0; tick < 20; tick++) world.tickAfter(3_250);
  assert.ok(world.passed > 0, `${world.passed} ms`);
  assert.ok(world.passed <= 20 * TICK_MS, `${world.passed} ms`);
});

Deno.test("late ticks and punctual ones in turns let the punctual ones count", () => {
  const world = new World();
  for (let turn = 0; turn < 10; turn++) {
    world.tickAfter(2_000);
    world.tickAfter(TICK_MS);
  }
  assert.equal(world.passed, 10 * TICK_MS);
});

Deno.test("a real clock that jumps ahead by a day, or back, moves no deadline", () => {
  const world = new World();
  world.attend(1_000);
  world.tickAfter(86_400_000);
  assert.equal(world.passed, 1_000);
  world.real.advance(-86_400_000);
  assert.equal(world.passed, 1_000);
  world.clock.tick();
  world.attend(1_000);
  assert.equal(world.passed, 2_000);
});

Deno.test("an absence is known at once, until everything that came meanwhile is read", () => {
  const world = new World();
  world.attend(1_000);
  assert.equal(world.clock.awayMs(), 0);
  world.real.advance(65_000);
  assert.equal(world.clock.awayMs(), 65_000, "before the late tick");
  world.clock.tick();
  world.attend(1_000);
  assert.equal(world.clock.awayMs(), 65_000);
  world.attend(1_000);
  assert.equal(world.clock.awayMs(), 0);
});

/** Lets `count` timers of `stepMs` fire, each `lateMs` late by the clock. */
function fire(clock: FakeClock, count: number, stepMs: number, lateMs = 0): void {
  for (let i = 0; i < count; i++) {
    clock.advance(stepMs + lateMs);
    mock.timers.tick(stepMs);
  }
}

Deno.test("a time-out that ends during an absence leaves time to read what came meanwhile", () => {
  const clock = new FakeClock();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let calls = 0;
    new AttendedTimeout(clock.time, 1_000, () => calls++);
    fire(clock, 3, TICK_MS);
    fire(clock, 1, TICK_MS, 65_000);
    assert.equal(calls, 0, "the last step was late");
    fire(clock, 1, TICK_MS);
    assert.equal(calls, 1);
    fire(clock, 4, TICK_MS);
    assert.equal(calls, 1, "once");
  } finally {
    mock.timers.reset();
  }
});

Deno.test("a time-out ends although every step is late, and not once it is cancelled", () => {
  const clock = new FakeClock();
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    let calls = 0;
    new AttendedTimeout(clock.time, 1_000, () => calls++);
    new AttendedTimeout(clock.time, 1_000, () => calls += 100).cancel();
    fire(clock, 4, TICK_MS, 3_000);
    assert.equal(calls, 0);
    fire(clock, 1, TICK_MS, 3_000);
    assert.equal(calls, 1);
  } finally {
    mock.timers.reset();
  }
});
