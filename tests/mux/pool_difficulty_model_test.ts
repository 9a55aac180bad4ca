/**
 * PoolDifficulty against models of all pools that are known, over a line on which jobs, difficulties,
 * shares and verdicts take their time: at most one share is refused for each change of difficulty.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type DifficultyStamp, PoolDifficulty } from "../../lib/mux/pool_difficulty.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";

/** What a pool knows of its difficulty when it judges. */
interface PoolMoment {
  readonly current: number;
  readonly previous: number;
  /** The number of the newest job when it changed. */
  readonly changedAt: number;
}

/** A job as its pool knows it. */
interface ModelJob {
  readonly number: number;
  /** The pool's difficulty when it made the job. */
  readonly difficulty: number;
}

/** A kind of pool: with which job it tells a difficulty, and what it demands for a job. */
interface Kind {
  readonly tells: "alone" | "with job" | "with clean job" | "after job";
  readonly demands: (job: ModelJob, pool: PoolMoment) => number;
}

const lower = ({ current, previous }: PoolMoment) => Math.min(current, previous);

const KINDS: Readonly<Record<string, Kind>> = {
  ckpool: {
    tells: "alone",
    demands: ({ number }, pool) => number < pool.changedAt + 2 ? lower(pool) : pool.current,
  },
  nomp: {
    tells: "with job",
    demands: (_, { current, previous }) => Math.min(0.99 * current, previous),
  },
  public: { tells: "with clean job", demands: (_, { current }) => current },
  "one that goes by the newest, whatever the job": {
    tells: "with job",
    demands: (_, { current }) => current,
  },
  datum: { tells: "with job", demands: ({ difficulty }) => difficulty },
  "datum in a hurry": { tells: "with clean job", demands: ({ difficulty }) => difficulty },
  "one that goes by the job, and says so before": {
    tells: "alone",
    demands: ({ difficulty }) => difficulty,
  },
  "one that goes by the job, and says so after it": {
    tells: "after job",
    demands: ({ difficulty }) => difficulty,
  },
  "one that takes either the job's or the newest": {
    tells: "with job",
    demands: ({ difficulty }, { current }) => Math.min(difficulty, current),
  },
};

type ToUs =
  | { readonly kind: "job"; readonly job: ModelJob; readonly isClean: boolean }
  | { readonly kind: "difficulty"; readonly difficulty: number; readonly isAlone: boolean }
  | { readonly kind: "verdict"; readonly share: ModelShare; readonly isAccepted: boolean };

interface ModelShare {
  readonly job: ModelJob;
  readonly stamp: DifficultyStamp;
  readonly reached: number;
  readonly change: number;
  readonly isTentative: boolean;
}

/** One connection of a pool of some kind, and the shares on it. */
class Line {
  readonly #kind: Kind;
  readonly #random: () => number;
  #pool: PoolMoment = { current: 64, previous: 64, changedAt: 0 };
  #poolChanges = 0;
  #jobs = 0;
  readonly #down: ToUs[] = [];
  readonly #up: ModelShare[] = [];
  readonly ours = new PoolDifficulty(64);
  #stamps: { readonly job: ModelJob; readonly stamp: DifficultyStamp }[] = [];
  /** Refused for each change of those that went up after we had heard of it. */
  readonly refused = new Map<number, number>();
  sure = 0;
  tentative = 0;
  /** Work that the pool would have paid, and what of it did not go up. */
  paid = 0;
  withheld = 0;

  constructor(kind: Kind, seed: number) {
    this.#kind = kind;
    this.#random = seededRandom(seed);
    this.#newJob(true);
    this.hear(Infinity);
  }

  /** The pool has a new job. */
  job(isClean: boolean): void {
    this.#newJob(isClean);
  }

  /** The pool has a new difficulty. */
  difficulty(difficulty: number): void {
    if (difficulty === this.#pool.current) return;
    this.#pool = { current: difficulty, previous: this.#pool.current, changedAt: this.#jobs - 1 };
    this.#poolChanges++;
    const { tells } = this.#kind;
    if (tells === "after job") this.#newJob(false);
    const isAlone = tells === "alone" || tells === "after job";
    this.#down.push({ kind: "difficulty", difficulty, isAlone });
    if (!isAlone) this.#newJob(tells === "with clean job");
  }

  #newJob(isClean: boolean): void {
    const job = { number: this.#jobs++, difficulty: this.#pool.current };
    this.#down.push({ kind: "job", job, isClean });
  }

  /** A miner finds a share for one of the jobs that count. */
  share(): void {
    const at = this.#stamps.length - 1 - Math.floor(this.#random() ** 2 * this.#stamps.length);
    const { job, stamp } = this.#stamps[at]!;
    const { ours } = this;
    const { sure, possible } = ours.demand(stamp);
    const reached = Math.min(sure, possible, stamp.difficulty, ours.lower) / 2 /
      (1 - this.#random());
    if (reached < possible) {
      if (ours.isInFlight(stamp) && this.#isGood({ job, reached })) this.withheld++;
      return;
    }
    const isTentative = reached < sure;
    const share = { job, stamp, reached, change: ours.changes, isTentative };
    if (isTentative) ours.tried(share);
    if (isTentative) this.tentative++;
    else this.sure++;
    this.#up.push(share);
  }

  /** The pool reads so many shares. */
  judge(count: number): void {
    for (const share of this.#up.splice(0, count)) {
      const isAccepted = this.#isGood(share);
      if (isAccepted) this.paid++;
      // One on its way when the difficulty changed went up in good faith.
      else if (share.change === this.#poolChanges) {
        assert.ok(share.isTentative, "a share that was sure");
        this.refused.set(share.change, (this.refused.get(share.change) ?? 0) + 1);
      }
      this.#down.push({ kind: "verdict", share, isAccepted });
    }
  }

  #isGood({ job, reached }: Pick<ModelShare, "job" | "reached">): boolean {
    return reached >= this.#kind.demands(job, this.#pool);
  }

  /** So many lines of the pool come. */
  hear(count: number): void {
    for (const line of this.#down.splice(0, count)) {
      switch (line.kind) {
        case "difficulty":
          this.ours.change(line.difficulty, line.isAlone);
          break;
        case "job":
          if (line.isClean) this.#stamps = [];
          this.#stamps.push({ job: line.job, stamp: this.ours.stamp(line.isClean) });
          if (this.#stamps.length > 8) this.#stamps.shift();
          break;
        case "verdict":
          if (line.isAccepted) this.ours.accepted(line.share);
          else this.ours.refused(line.share);
      }
    }
  }
}

/** One event, of so many shares or lines, or a difficulty of 2^n. */
interface Step {
  readonly kind: "shares" | "judge" | "hear" | "job" | "cleanJob" | "difficulty";
  readonly n: number;
}

const stepOf = (weight: number, kind: Step["kind"], max: number) => ({
  weight,
  arbitrary: fc.record({ kind: fc.constant(kind), n: fc.integer({ min: 1, max }) }),
});
const step: fc.Arbitrary<Step> = fc.oneof(
  stepOf(12, "shares", 8),
  stepOf(8, "judge", 12),
  stepOf(8, "hear", 12),
  stepOf(5, "job", 1),
  stepOf(1, "cleanJob", 1),
  stepOf(3, "difficulty", 12),
);

function take(line: Line, { kind, n }: Step): void {
  switch (kind) {
    case "shares":
      for (let share = 0; share < n; share++) line.share();
      return;
    case "judge":
      return line.judge(n);
    case "hear":
      return line.hear(n);
    case "job":
      return line.job(false);
    case "cleanJob":
      return line.job(true);
    case "difficulty":
      return line.difficulty(2 ** n);
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  Deno.test(`at most one share is refused for a change of difficulty: ${name}`, () => {
    let tentative = 0;
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 20, maxLength: 200, size: "max" }),
        fc.nat(),
        (steps, seed) => {
          const line = new Line(kind, seed);
          for (const each of steps) take(line, each);
          line.judge(Infinity);
          for (const [change, refused] of line.refused) {
            assert.ok(refused <= 1, `${refused} refused for change ${change}`);
          }
          tentative += line.tentative;
        },
      ),
      { seed: 15, numRuns: 300 },
    );
    assert.ok(tentative > 100, `${tentative} were not sure`);
  });
}

/**
 * The most work that a pool would have paid and that does not go up, of a hundred parts, where every
 * verdict is heard before the next share and the difficulty changes each 40 shares.
 */
const MOST_WITHHELD: Readonly<Record<string, number>> = {
  ckpool: 1,
  nomp: 2,
  public: 0,
  "one that goes by the newest, whatever the job": 0,
  datum: 4,
  "datum in a hurry": 0,
  "one that goes by the job, and says so before": 8,
  "one that goes by the job, and says so after it": 25,
  "one that takes either the job's or the newest": 4,
};

for (const [name, most] of Object.entries(MOST_WITHHELD)) {
  Deno.test(`at most ${most} % of what a pool would pay is withheld: ${name}`, () => {
    const line = new Line(KINDS[name]!, 15);
    const random = seededRandom(5);
    for (let round = 0; round < 500; round++) {
      line.difficulty(2 ** (1 + randomBelow(random, 12)));
      for (let share = 0; share < 40; share++) {
        if (share % 13 === 12) line.job(false);
        line.hear(Infinity);
        line.share();
        line.judge(Infinity);
        line.hear(Infinity);
      }
    }
    const parts = 100 * line.withheld / (line.paid + line.withheld);
    assert.ok(parts <= most, `${parts.toFixed(2)} % of ${line.paid + line.withheld}`);
  });
}
