/**
 * Shares that are checked here and wait for their turn to go up, in any course of events: after each
 * the books add up, and in the end every request has had one answer.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type LedgerSnapshot,
  refusedIn,
  rejectedIn,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/books/ledger.ts";
import { VERDICT_TIMEOUT_MS } from "../../lib/mux/terms.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import { ACCEPTED, type Verdict } from "../../lib/mux/verdict.ts";
import { judgementOf } from "../../lib/pool/stratum/verdicts.ts";
import type { RequestId } from "../../lib/protocol/stratum/request_id.ts";
import { assertLossesAddUp } from "../support/losses_add_up.ts";
import { ANY_WORK, type CheckedUpstream } from "../support/checked_upstream.ts";
import { CheckedWorld, NO_BLOCKS } from "../support/checked_world.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import { LogCapture } from "../support/log_capture.ts";
import { until } from "../support/test_proxy.ts";

/** One hash in 65,536 is no block. */
const ALL_BLOCKS = "2100ffff";

/** One that every hash reaches, some that one in a few does, and one that none does. */
const EXPONENTS = [-32, -32, -31, -30, -29, 10, 224];

const JOB_IDS = 4;
const MOST_MINERS = 5;

/** One event; `pick` chooses among what is there. */
type Step =
  | {
    readonly kind: "join" | "leave" | "hold" | "letGo" | "open" | "lose" | "drop";
    readonly pick: number;
  }
  | {
    readonly kind: "shares";
    readonly pick: number;
    readonly jobsBack: number;
    readonly count: number;
    readonly isRepeated: boolean;
  }
  | { readonly kind: "judge" | "judgeHeld"; readonly pick: number; readonly code: number }
  | {
    readonly kind: "difficulty";
    readonly pick: number;
    readonly exponent: number;
    readonly isAlone: boolean;
  }
  | {
    readonly kind: "job";
    readonly pick: number;
    readonly id: number;
    readonly isClean: boolean;
    readonly bits: string;
  }
  | { readonly kind: "pass"; readonly ms: number };

const pick = fc.nat({ max: 1000 });
const count = fc.integer({ min: 1, max: 6 });
const code = fc.constantFrom(0, 0, 0, 23, 23, 20, 21, 22);
const only = (...kinds: ("join" | "leave" | "hold" | "letGo" | "open" | "lose" | "drop")[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), pick });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: only("join", "leave", "hold", "hold", "letGo", "drop") },
  { weight: 1, arbitrary: only("open", "lose") },
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("shares" as const),
      pick,
      jobsBack: fc.nat({ max: 3 }),
      count,
      isRepeated: fc.boolean(),
    }),
  },
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constantFrom("judge" as const, "judge" as const, "judgeHeld" as const),
      pick,
      code,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("difficulty" as const),
      pick,
      exponent: fc.constantFrom(...EXPONENTS),
      isAlone: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("job" as const),
      pick,
      id: fc.nat({ max: JOB_IDS - 1 }),
      isClean: fc.boolean(),
      bits: fc.constantFrom(NO_BLOCKS, NO_BLOCKS, NO_BLOCKS, ALL_BLOCKS),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(250, 1_000, 5_000, 36_000, VERDICT_TIMEOUT_MS + 1),
    }),
  },
);

class Course {
  readonly #world = new CheckedWorld();
  readonly #pools: CheckedUpstream[] = [];
  readonly #unjudged = new Map<CheckedUpstream, Set<number>>();
  readonly #asked = new Map<FakeDownstream, RequestId[]>();
  #opened = 0;
  #requests = 0;

  constructor() {
    // What its pool makes of a share is the question here.
    this.#world.rules = vardiffRules({ fixed: ANY_WORK });
    this.#open();
    this.#world.join();
  }

  get submitted(): number {
    return this.#world.mux.books.shares.submitted;
  }

  take(step: Step): void {
    const { mux, clock } = this.#world;
    const live = this.#world.miners.filter(({ isGone }) => !isGone);
    if (step.kind === "pass") {
      clock.advance(step.ms);
      return mux.tick();
    }
    const [miner, pool] = [one(live, step.pick), one(this.#pools, step.pick)];
    if (step.kind === "open") return this.#open();
    if (step.kind === "join" && live.length < MOST_MINERS) return void this.#world.join();
    if (step.kind === "leave") return miner?.leave();
    if (step.kind === "shares" && miner !== undefined) return this.#submit(miner, step);
    if (pool !== undefined) this.#happenAt(pool, step);
  }

  #happenAt(pool: CheckedUpstream, step: Step): void {
    const { mux } = this.#world;
    switch (step.kind) {
      case "hold":
        pool.isHolding = true;
        return;
      case "letGo":
        return pool.letGo();
      case "drop": {
        const dropped = pool.held.shift();
        pool.queued = pool.held.length;
        if (dropped !== undefined) mux.abandoned(pool, dropped.serial, dropped.serial);
        return;
      }
      case "lose":
        this.#pools.splice(this.#pools.indexOf(pool), 1);
        return mux.upstreamLost(pool);
      case "judge":
      case "judgeHeld": {
        const of = step.kind === "judge" ? pool.submits : pool.held;
        const judged = this.#unjudged.get(pool)!;
        const serial = one(of.filter(({ serial }) => !judged.has(serial)), step.pick)?.serial;
        if (serial === undefined) return;
        if (step.kind === "judge") judged.add(serial);
        return mux.judged(pool, serial, serial, verdictOf(step.code));
      }
      case "difficulty":
        return mux.difficultyChanged(pool, "all", 2 ** step.exponent, step.isAlone);
      case "job":
        return this.#world.jobOf(pool, String(step.id), step.isClean, step.bits);
    }
  }

  #open(): void {
    if (this.#pools.length === 2) return;
    const poolId = this.#opened++ % 2;
    const pool = this.#world.serves(`p${this.#opened}`, { poolId });
    this.#pools.push(pool);
    this.#unjudged.set(pool, new Set());
  }

  #submit(miner: FakeDownstream, { jobsBack, count, isRepeated }: Step & { kind: "shares" }): void {
    const job = miner.jobs.at(-1 - jobsBack);
    if (job === undefined) return;
    const asked = this.#asked.get(miner) ?? [];
    this.#asked.set(miner, asked);
    for (let n = 0; n < count; n++) {
      const id = ++this.#requests;
      asked.push(id);
      const receipt = miner.seat!.submit({
        id,
        jobId: job.id,
        extranonce2: isRepeated ? n : id,
        extranonce2Digits: 8,
        ntime: 0x650d1b20,
        nonce: 7,
        versionBits: 0,
        hasVersionBits: false,
      });
      if (receipt === "taken") miner.acceptShare(id);
      else if (typeof receipt !== "string") miner.rejectShare(id, receipt);
    }
  }

  /** To be called when nothing waits to be hashed. */
  check(): void {
    const { mux, counter, losses } = this.#world;
    const queued = this.#pools.reduce((sum, pool) => sum + pool.queued, 0);
    assertAddsUp(mux.books.shares, mux.waitingShares);
    assert.deepEqual(counter.total.snapshot(), mux.books.shares);
    assertLossesAddUp(counter, losses);
    const { received, submitted, kept, outage } = mux.books.shares;
    const notUp = received - submitted - kept - outage - refusedIn(mux.books.shares);
    // Those of a connection that is gone are ended in turns.
    assert.ok(notUp >= queued, `${notUp} have not gone up, ${queued} wait for their turn`);
    assert.ok(mux.books.brakeLoss >= 0);
  }

  /** Everything is over. */
  async end(): Promise<void> {
    const { mux } = this.#world;
    for (const pool of this.#pools.splice(0)) mux.upstreamLost(pool);
    const isAnswered = ([miner, asked]: [FakeDownstream, RequestId[]]) =>
      miner.isGone || asked.every((id) => miner.answers.has(id));
    await until(() => [...this.#asked].every(isAnswered), "every request is answered");
    await until(() => mux.waitingShares === 0, "no share waits");
    this.check();
    for (const { answers } of this.#asked.keys()) {
      for (const [id, given] of answers) assert.equal(given.length, 1, `request ${id}: ${given}`);
    }
  }
}

function assertAddsUp(shares: LedgerSnapshot, pending: number): void {
  const { received, submitted, kept, outage, accepted, assumed } = shares;
  const queued = received - submitted - kept - outage - refusedIn(shares);
  const waiting = waitingIn(shares);
  assert.ok(queued >= 0, `${queued} wait for their turn`);
  assert.ok(waiting >= 0, `${waiting} wait for their verdict`);
  assert.equal(queued + waiting, pending);
  assert.equal(
    submitted,
    accepted + assumed + rejectedIn(shares) + unansweredIn(shares) + waiting,
  );
}

function verdictOf(code: number): Verdict {
  if (code === 0) return ACCEPTED;
  const error = { code, text: "no" };
  return judgementOf({ kind: "answer", id: 1, result: undefined, error }).verdict;
}

function one<Item>(items: readonly Item[], pick: number): Item | undefined {
  return items[pick % Math.max(items.length, 1)];
}

Deno.test("shares that wait for their turn add up in any course of events, and each is answered once", async () => {
  using _log = new LogCapture();
  let submitted = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 100, size: "max" }), async (steps) => {
      const course = new Course();
      for (const each of steps) {
        course.take(each);
        await Promise.resolve();
        course.check();
      }
      submitted += course.submitted;
      await course.end();
    }),
    { seed: 11, numRuns: 200 },
  );
  assert.ok(submitted > 500, `${submitted} went up`);
});
