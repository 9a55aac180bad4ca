/** The last seven days of the history in a few figures, worked out after each step. */

import type { KeptHistory } from "../observe/history/kept_history.ts";
import { uptimeOf } from "../observe/history/uptime.ts";
import type { KeptHistoryShape } from "../observe/status/history_shapes.ts";
import { SPANS } from "../observe/status/spans.ts";
import { partLost } from "../workers/causes.ts";
import { keptCauses } from "./kept_causes.ts";

/** The figures in the shape of the API. */
export type WeekShape = Pick<
  KeptHistoryShape,
  "week_sentence" | "week_lost_part" | "uptime_week_part"
>;

const HOUR_MS = 3_600_000;

/** Keeps the figures of the last update. */
export class WeekInShort {
  #shape: WeekShape = { week_sentence: "", week_lost_part: null, uptime_week_part: null };

  /** The figures. */
  get shape(): WeekShape {
    return this.#shape;
  }

  /** Works them out for the seven days before `now`, in milliseconds since 1970. */
  *update(history: KeptHistory, now: number): Generator<void, void> {
    const from = now - SPANS.week.ms;
    const causes = keptCauses(yield* history.causes(from, now), "week");
    yield;
    const farm = { kind: "farm" } as const;
    const rows = yield* history.sums(farm, from, now, HOUR_MS);
    const isKnown = causes.good + causes.lost > 0;
    this.#shape = {
      week_sentence: causes.sentence,
      week_lost_part: isKnown ? partLost(causes) : null,
      uptime_week_part: uptimeOf(history.figures, farm, rows, from, now),
    };
  }
}
