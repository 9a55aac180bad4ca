/**
 * A history as the status server sees it: of any time, with a stretch in which nothing was
 * recorded, an outage, and trouble of every worker.
 */

import { fullNameOf } from "../../lib/observe/history/find_worker.ts";
import type { HistoryFigures, KeptHistory } from "../../lib/observe/history/kept_history.ts";
import type {
  CauseStep,
  HistoryEvent,
  Subject,
  SumRow,
  WorkerName,
  WorkerRow,
  WorkerSpan,
} from "../../lib/observe/history/steps.ts";
import type { SummaryShape } from "../../lib/observe/status/shapes.ts";
import { Histogram } from "../../lib/observe/histogram.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import type { FakeFarm } from "./fake_farm.ts";

/** Parts of a period, from its beginning. */
type Part = readonly [from: number, to: number];

/** In which nothing was recorded, and in which every worker was missing. */
const UNRECORDED: Part = [0.2, 0.3];
const MISSING: Part = [0.6, 0.65];

/** When the outage began and ended. */
const OUTAGE: Part = [0.5, 0.52];

const NO_FSYNCS = new Histogram([1]).snapshot();

/** What the summary says of a history that is kept. */
export const KEPT: NonNullable<SummaryShape["history"]> = {
  kept: true,
  bytes: 61_000_000,
  from: 1_700_000_000,
  to: 1_800_000_000,
  state: "working",
  problem: "",
  steps: 4_320,
  dropped_steps: 0,
  written_bytes: 900_000_000,
  fsync: { bounds_seconds: [1], counts: [0, 0], sum_seconds: 0 },
  week_sentence: "0.4 % of the work of the last 7 days was lost: 0.4 % stale",
  week_lost_part: 0.004,
  uptime_week_part: 0.9995,
};

/** Keeps nothing, and tells the same of every period. */
export class FakeHistory implements KeptHistory {
  readonly stepMs = 600_000;
  /** Workers that only the history knows. */
  gone: WorkerSpan[] = [];

  /** Gives `farm` one. */
  static of(farm: FakeFarm): FakeHistory {
    const history = new FakeHistory();
    farm.history = history;
    farm.keptHistory = KEPT;
    return history;
  }

  get figures(): HistoryFigures {
    return {
      bytes: KEPT.bytes,
      from: 0,
      to: Date.now(),
      writes: 0,
      dropped: 0,
      bytesWritten: 0,
      fsyncs: NO_FSYNCS,
      state: KEPT.state,
      problem: "",
    };
  }

  // deno-lint-ignore require-yield -- all in one step
  *sums(
    { kind }: Subject,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, SumRow[]> {
    const random = seededRandom(19);
    const share = kind === "farm" ? 1 : 0.5;
    return recorded(from, to, stepMs).map(([at, place]): SumRow => ({
      at,
      end: Math.min(at + stepMs, to),
      seconds: stepMs / 1000,
      miners: share * (place < 0.8 ? 2_000 : 1_980),
      good: share * 0.9 * stepMs,
      lost: share * 0.003 * stepMs,
      difficulty: share * (place < 0.8 ? 2e17 : 1.98e17) * (0.999 + 0.002 * random()) *
        stepMs / 1000 / 2 ** 32,
      lostDifficulty: 0,
      outageSeconds: isIn(place, OUTAGE) ? stepMs / 1000 : 0,
      bytesUp: share * 9 * stepMs,
      bytesDown: share * 2 * stepMs,
    }));
  }

  // deno-lint-ignore require-yield -- all in one step
  *worker(
    _account: string,
    _name: string,
    from: number,
    to: number,
    stepMs: number,
  ): Generator<void, WorkerRow[]> {
    const random = seededRandom(19);
    return recorded(from, to, stepMs).map(([at, place]): WorkerRow => {
      const isMissing = isIn(place, MISSING);
      return {
        at,
        end: Math.min(at + stepMs, to),
        seconds: stepMs / 1000,
        hashrate: isMissing ? 0 : 1e14 * (0.97 + 0.06 * random()),
        lostPart: isMissing ? 0 : 0.004 * random(),
        connectedPart: isMissing ? 0 : 1,
        condition: isMissing ? "missing" : "working",
      };
    });
  }

  events(from: number, to: number): HistoryEvent[] {
    const at = (place: number) => from + (to - from) * place;
    return [
      { at: at(OUTAGE[0]), kind: "outage", text: "No pool answers" },
      { at: at(OUTAGE[1]), kind: "outage_end", text: "A pool answers again" },
    ];
  }

  // deno-lint-ignore require-yield -- all in one step
  *find(name: string): Generator<void, WorkerName[]> {
    return this.gone.filter((worker) => fullNameOf(worker) === name);
  }

  *workers(): Generator<WorkerSpan | undefined, void> {
    yield* this.gone;
  }

  // deno-lint-ignore require-yield -- nothing is counted
  *causes(): Generator<void, CauseStep[]> {
    return [];
  }

  *write(): Generator<void, void> {}
  *flush(): Generator<void, void> {}
  *upkeep(): Generator<void, void> {}
  addEvent(): void {}
  learn(): void {}
  close(): void {}

  learned(): ReadonlyMap<string, number> {
    return new Map();
  }
}

function isIn(place: number, [from, to]: Part): boolean {
  return place >= from && place < to;
}

/** When the steps began of which something is recorded, and which part of the period that is. */
function recorded(from: number, to: number, stepMs: number): [at: number, place: number][] {
  const steps: [number, number][] = [];
  for (let at = Math.ceil(from / stepMs) * stepMs; at < to; at += stepMs) {
    const place = (at - from) / (to - from);
    if (!isIn(place, UNRECORDED)) steps.push([at, place]);
  }
  return steps;
}
