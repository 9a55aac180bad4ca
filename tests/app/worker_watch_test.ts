/** The book of workers as the program keeps it: by attended time, from the counters of shares. */

import assert from "node:assert/strict";
import { WorkerWatch } from "../../lib/app/worker_watch.ts";
import { AttendedClock, TICK_MS } from "../../lib/base/attended_clock.ts";
import type { Timers } from "../../lib/base/clock.ts";
import type { Attendee } from "../../lib/miner/attendance.ts";
import { Ledger, ShareCounter } from "../../lib/mux/books/ledger.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { WORKER_TIMES } from "../../lib/workers/worker_times.ts";
import { workerViews } from "../../lib/workers/worker_view.ts";
import { poisson } from "../support/poisson.ts";

const SECOND_MS = 1_000;
const MINERS = 20;

/** A farm of which each miner finds shares by chance. */
class Rig {
  time = 5_000_000;
  readonly clock = new AttendedClock(() => this.time);
  readonly #random = seededRandom(5);
  readonly #ledger = new Ledger(0);
  readonly #due: (() => void)[] = [];
  readonly #timers: Timers = {
    after: (_ms, act) => this.#due.push(act) as never,
    every: () => undefined as never,
    clear: () => {},
    nextTurn: (act) => this.#due.push(act),
  };
  readonly #counter = new ShareCounter(MINERS);
  readonly watch = new WorkerWatch({
    book: { rememberMs: 86_400_000, times: WORKER_TIMES },
    counter: this.#counter,
    accountOf: (name) => name,
    clock: this.clock,
    timers: this.#timers,
  });
  readonly miners: { -readonly [Key in keyof Attendee]: Attendee[Key] }[] = [];

  constructor() {
    for (let sessionId = 0; sessionId < MINERS; sessionId++) {
      this.#counter.begin(sessionId);
      const miner = {
        attendance: 0,
        sessionId,
        from: { hostname: "10.1.2.3" },
        connectedAt: this.clock.now(),
        account: "",
        workerName: `rig${sessionId}`,
        clientAgent: "bmminer/2.0.0",
        upstreamName: "pool:3333 #1",
        difficulty: 65_536,
        lastShareAt: 0,
        rolling: "rolls" as Attendee["rolling"],
      };
      miner.attendance = this.watch.loggedIn(miner);
      this.miners.push(miner);
    }
  }

  /** Goes on for this time, and calls `each` after every minute. */
  run(minutes: number, each: () => void = () => {}): void {
    for (let second = 1; second <= 60 * minutes; second++) {
      for (let tick = 0; tick < SECOND_MS / TICK_MS; tick++) {
        this.time += TICK_MS;
        this.clock.tick();
      }
      this.#mine();
      this.#look();
      if (second % 60 === 0) each();
    }
  }

  /** The process stands still. */
  sleep(minutes: number): void {
    this.time += minutes * 60_000;
    this.clock.tick();
    this.#look();
  }

  states(): string[] {
    const views = [...workerViews(this.watch.book, this.clock.now())];
    return [...new Set(views.map(({ condition }) => condition.state + condition.reason))];
  }

  #look(): void {
    this.watch.tick(() => this.miners);
    while (this.#due.length > 0) this.#due.shift()!();
  }

  #mine(): void {
    for (const miner of this.miners) {
      for (let shares = poisson(10 / 60, this.#random); shares > 0; shares--) {
        const sender = { isGone: false, miner: { sessionId: miner.sessionId, origin: 0 } };
        this.#counter.good(sender, "accepted", this.#ledger, 65_536, this.time);
        miner.lastShareAt = this.clock.now();
      }
    }
  }
}

for (const minutes of [2, 10, 200]) {
  Deno.test(`a program that stood still for ${minutes} minutes finds no worker weak for it`, () => {
    const rig = new Rig();
    rig.run(150);
    assert.deepEqual(rig.states(), ["working"]);
    const usual = [...workerViews(rig.watch.book, rig.clock.now())][0]!.usualHashrate!;
    rig.sleep(minutes);
    assert.deepEqual(rig.states(), ["working"]);
    rig.run(100, () => assert.deepEqual(rig.states(), ["working"]));
    const after = [...workerViews(rig.watch.book, rig.clock.now())][0]!.usualHashrate!;
    assert.ok(after > 0.9 * usual, "what it usually does is not learned from a sleep");
  });
}
