/**
 * A made-up farm for the bench of the history: hashrates with the noise that counting shares has,
 * some lost shares, machines that fail, and machines that are away for hours.
 */

import type { Random } from "../../../lib/base/clock.ts";
import { seededRandom } from "../../../lib/sim/seeded_random.ts";
import {
  type CauseStep,
  type HistoryStep,
  STEP_MS,
  type SumStep,
  type WorkerStep,
} from "../../../lib/observe/history/steps.ts";

/** Hashrate of a machine, and how much it differs from step to step: 100 shares are counted. */
const HASHRATE = 120e12;
const NOISE = 0.1;

/** Parts of all steps: some of the work lost, away, in trouble. */
const LOSSY = 0.35;
const AWAY = 0.01;
const TROUBLED = 0.02;

const ACCOUNTS = 20;
const POOLS = ["pool-one.example:3333", "pool-two.example:3333", "pool-three.example:3333"];
const REASONS = ["rejected_stale", "rejected_low_difficulty", "refused_stale", "outage"];
const SOFTWARE = ["cgminer/4.11.1", "bmminer/2.0.0", "bosminer-plus/0.9", "NerdQAxe/1.1"];

interface Machine {
  account: string;
  name: string;
  hashrate: number;
  lostPart: number;
  connectedPart: number;
  condition: WorkerStep["condition"];
  /** What it does without noise. */
  readonly usual: number;
  /** Steps that it stays away. */
  away: number;
}

/** Makes steps of a farm with this many workers. */
export class Farm {
  readonly #machines: readonly Machine[];
  readonly #random: Random;

  /** The same `seed` gives the same farm; `named` names a worker by its number. */
  constructor(
    workers: number,
    seed: number,
    named: (worker: number) => { readonly account: string; readonly name: string } = (worker) => ({
      account: accountOf(worker),
      name: workerOf(worker),
    }),
  ) {
    const random = seededRandom(seed);
    this.#random = random;
    this.#machines = Array.from({ length: workers }, (_, number) => ({
      ...named(number),
      hashrate: 0,
      lostPart: 0,
      connectedPart: 1,
      condition: "working",
      usual: HASHRATE * (0.8 + 0.4 * random()),
      away: 0,
    }));
  }

  /** The step that starts at `at`. */
  step(at: number): HistoryStep {
    const workers = this.#machines.length;
    return {
      at,
      ms: STEP_MS,
      farm: this.#sum(workers),
      pools: new Map(POOLS.map((name) => [name, this.#sum(workers / POOLS.length)])),
      accounts: new Map(
        Array.from({ length: ACCOUNTS }, (_, i) => [accountOf(i), this.#sum(workers / ACCOUNTS)]),
      ),
      workers: this.#workers(),
      causes: this.#causes(),
    };
  }

  *#workers(): Generator<WorkerStep> {
    const random = this.#random;
    for (let i = 0; i < this.#machines.length; i++) {
      const machine = this.#machines[i]!;
      if (machine.away > 0) machine.away--;
      else if (random() < AWAY / 20) machine.away = 20;
      const isAway = machine.away > 0;
      // Three uniform numbers are normal enough.
      const noise = 1 + NOISE * 2 * (random() + random() + random() - 1.5);
      machine.hashrate = isAway ? 0 : machine.usual * noise;
      machine.lostPart = !isAway && random() < LOSSY ? Math.ceil(random() * 3) / 100 : 0;
      machine.connectedPart = isAway ? 0 : 1;
      machine.condition = isAway ? "missing" : random() < TROUBLED ? "weak" : "working";
      yield machine;
    }
  }

  *#causes(): Generator<CauseStep> {
    for (const pool of POOLS) {
      for (const software of SOFTWARE) {
        for (let i = 0; i < 4; i++) {
          const place = { pool, software, subnet: `10.0.${i}.0/24`, account: accountOf(i) };
          yield { ...place, reason: "good", shares: 20_000, work: 1e9 * this.#random() };
          for (const reason of REASONS) {
            yield { ...place, reason, shares: 17, work: 1e6 * this.#random() };
          }
        }
      }
    }
  }

  #sum(miners: number): SumStep {
    return {
      seconds: STEP_MS / 1000,
      difficulty: miners * 1e6 * this.#random(),
      good: Math.round(miners * 100 * this.#random()),
      lost: Math.round(miners * this.#random()),
      lostDifficulty: miners * 1e4 * this.#random(),
      miners,
      outageSeconds: 0,
      bytesUp: Math.round(miners * 4_000 * this.#random()),
      bytesDown: Math.round(miners * 200 * this.#random()),
    };
  }
}

/** The sub-account of a worker. */
export function accountOf(worker: number): string {
  return `farm-${worker % ACCOUNTS}`;
}

/** The name of a worker. */
export function workerOf(worker: number): string {
  return `hall${worker % 7}-rack${Math.floor(worker / 40)}-${worker}`;
}
