/** FloodBrake: whatever a pool's difficulty does, no share is dropped and the pool gets enough of them. */

import assert from "node:assert/strict";
import { BRAKE_QUEUE, FloodBrake, sieveSteps } from "../../lib/mux/flood_brake.ts";
import { JOB_EVERY_MS } from "../../lib/mux/work.ts";
import { CkpoolVardiff } from "../../lib/sim/stratum_pool/ckpool_vardiff.ts";

const STEP_MS = 10;
const TICK_MS = 250;
/** Miners take this long to change to another job. */
const LAG_MS = 500;
/** Shares that can come in at all, a second: the others wait in their miners' sockets. */
const INFLOW = 50_000;
/** As the outgoing queue of a connection has it. */
const SUBMITS = 100;
const BURST = 50;
const ROOM = 1_000;

/** 10,000 miners of 100 TH/s, in shares of difficulty 1 a second. */
const FARM = 1e18 / 2 ** 32;

/** A farm and a pool, in time that is made up. */
class Flood {
  time = 1_000;
  readonly brake = new FloodBrake(this.time);
  /** The pool's difficulty, which follows as ckpool's does, if it does. */
  difficulty: number;
  hashrate: number;
  readonly #vardiff: CkpoolVardiff | undefined;
  /** Whether the pool takes nothing just now. */
  isStuck = false;
  queued = 0;
  sent = 0;
  highestQueue = 0;
  tellings: number[] = [];
  /** How many of them told of harder work. */
  hardened = 0;
  /** The level that miners have, and what they will have. */
  #known: number | undefined;
  #coming: { readonly level: number | undefined; readonly at: number }[] = [];
  #room = BURST;

  constructor(hashrate: number, difficulty: number, follows: boolean) {
    this.hashrate = hashrate;
    this.difficulty = difficulty;
    this.#vardiff = follows
      ? new CkpoolVardiff({ targetMs: 3_333, everyMs: 240_000, shares: 72 })
      : undefined;
  }

  /** @returns how many shares went up in the last ten of these seconds, a second. */
  run(seconds: number): number {
    const end = this.time + seconds * 1000;
    let before = this.sent;
    while (this.time < end) {
      this.time += STEP_MS;
      if (end - this.time >= 10_000) before = this.sent;
      this.#step();
      if (this.time % TICK_MS === 0) this.#tick();
    }
    return (this.sent - before) / Math.min(10, seconds);
  }

  #tick(): void {
    this.brake.check(this.time, Math.floor(this.queued), this.difficulty);
    const { untold } = this.brake;
    if (untold === undefined) return;
    const isTime = untold === "harder"
      ? this.brake.takeTelling(this.time)
      : this.time - (this.tellings.at(-1) ?? 0) >= JOB_EVERY_MS;
    if (!isTime) return;
    if (untold === "harder") this.hardened++;
    this.brake.told(this.time);
    this.tellings.push(this.time);
    this.#coming.push({ level: this.brake.level, at: this.time + LAG_MS });
  }

  #step(): void {
    while (this.#coming.length > 0 && this.#coming[0]!.at <= this.time) {
      this.#known = this.#coming.shift()!.level;
    }
    const worth = Math.max(this.difficulty, 2 ** (this.#known ?? -Infinity));
    const shares = Math.min(INFLOW, this.hashrate / worth) * STEP_MS / 1000;
    this.#came(shares);
    this.highestQueue = Math.max(this.highestQueue, this.queued);
    this.#room = Math.min(BURST, this.#room + SUBMITS * STEP_MS / 1000);
    const goes = this.isStuck ? 0 : Math.min(this.queued, this.#room);
    this.queued -= goes;
    this.#room -= goes;
    this.#submit(goes);
  }

  /** Counts whole shares and what is left of them by chance. */
  #part = 0;
  #came(shares: number): void {
    this.#part += shares;
    for (; this.#part >= 1; this.#part--) {
      this.brake.shareCame();
      this.queued += 2 ** -sieveSteps(Math.floor(this.queued));
    }
  }

  #whole = 0;
  #submit(shares: number): void {
    this.#whole += shares;
    for (; this.#whole >= 1; this.#whole--) {
      this.sent++;
      const wanted = this.#vardiff?.accepted(this.difficulty, this.difficulty, this.time);
      if (wanted !== undefined) this.difficulty = wanted;
    }
  }
}

for (const difficulty of [1, 0.00001, 1e4, 1e6]) {
  Deno.test(`a farm at a pool that stays at difficulty ${difficulty} sends it 50 shares a second`, () => {
    const flood = new Flood(FARM, difficulty, false);
    flood.run(30);
    assert.ok(flood.highestQueue < ROOM, `${flood.highestQueue} waited`);
    for (let minutes = 0; minutes < 10; minutes++) {
      const rate = flood.run(60);
      assert.ok(rate >= 25 && rate <= SUBMITS, `${rate} a second`);
      assert.ok(flood.queued <= BRAKE_QUEUE, `${flood.queued} wait`);
    }
    assert.ok(flood.tellings.length <= 8, `told ${flood.tellings.length} times`);
  });

  Deno.test(`a pool at difficulty ${difficulty} that follows has the brake off in half a minute`, () => {
    const flood = new Flood(FARM, difficulty, true);
    flood.run(30);
    assert.ok(flood.highestQueue < ROOM, `${flood.highestQueue} waited`);
    assert.equal(flood.brake.level, undefined);
    assert.ok(flood.run(60) < 1, "what it aims at is 0.3");
    assert.equal(flood.queued, 0);
  });
}

Deno.test("a difficulty that falls by a million and rises again leaves nothing behind", () => {
  const flood = new Flood(FARM, FARM * 3.3, false);
  assert.ok(flood.run(60) < 1);
  assert.equal(flood.tellings.length, 0);
  flood.difficulty /= 1e6;
  flood.run(20);
  assert.ok(flood.run(60) >= 25, "the pool gets what it can take");
  assert.ok(flood.highestQueue < ROOM, `${flood.highestQueue} waited`);
  assert.ok(flood.brake.level! > Math.log2(flood.difficulty));
  flood.difficulty *= 1e6;
  flood.run(1);
  assert.equal(flood.brake.level, undefined);
  assert.ok(flood.run(60) < 1);
});

Deno.test("miners hear of a brake three times at once, then once in five seconds", () => {
  const flood = new Flood(FARM, 1, false);
  for (let round = 0; round < 40; round++) {
    flood.difficulty = round % 2 === 0 ? 1 : 1e9;
    flood.run(2);
  }
  assert.ok(flood.hardened <= 3 + 80 / 5, `${flood.hardened}`);
  assert.ok(flood.tellings.length - flood.hardened <= 80 / 5);
  assert.ok(flood.highestQueue < ROOM);
});

Deno.test("half of the farm, then four times as much, and the brake follows", () => {
  const flood = new Flood(FARM, 1, false);
  flood.run(30);
  for (const hashrate of [FARM / 2, FARM * 2, FARM / 64, FARM]) {
    flood.hashrate = hashrate;
    flood.run(30);
    const rate = flood.run(30);
    assert.ok(rate >= 25 && rate <= SUBMITS, `${rate} a second`);
  }
  assert.ok(flood.highestQueue < ROOM);
  flood.hashrate = 0;
  flood.run(300);
  assert.equal(flood.brake.level, undefined, "nobody works");
});

Deno.test("a pool that takes nothing for half a minute in a flood finds no more than it has room for", () => {
  const flood = new Flood(FARM, 1, false);
  flood.isStuck = true;
  flood.run(30);
  assert.ok(flood.highestQueue < ROOM, `${flood.highestQueue} waited`);
});

Deno.test("a healthy pool that takes nothing for half a minute has no brake", () => {
  const flood = new Flood(1, 1, false);
  flood.isStuck = true;
  flood.run(30);
  flood.isStuck = false;
  flood.run(30);
  assert.equal(flood.tellings.length, 0);
  assert.equal(flood.queued, 0);
});

Deno.test("the known hashrate sets the brake before a share has come", () => {
  const brake = new FloodBrake(0);
  brake.foresee(0, 99, 1);
  assert.equal(brake.level, undefined, "as many may go up");
  brake.foresee(0, FARM, 1);
  const rate = FARM / 2 ** brake.level!;
  assert.ok(rate > 25 && rate <= 50, `${rate} a second`);
  assert.equal(brake.untold, "harder");
  brake.told(0);
  assert.equal(brake.untold, undefined);
  brake.foresee(1, FARM * 1.5, 1);
  assert.equal(brake.untold, undefined, "it is high enough");
  brake.foresee(1, FARM * 8, 1);
  assert.equal(brake.untold, "harder");
  brake.foresee(2, FARM * 8, FARM * 8);
  brake.check(2, 0, FARM * 8);
  assert.equal(brake.level, undefined);
  assert.equal(brake.untold, "easier");
});

Deno.test("the sieve begins late, and lets nothing through at the end", () => {
  assert.deepEqual([0, 100, 300, 301, 340, 341].map(sieveSteps), [0, 0, 0, 1, 1, 2]);
  assert.ok(INFLOW * 2 ** -sieveSteps(ROOM - 1) < 1);
});
