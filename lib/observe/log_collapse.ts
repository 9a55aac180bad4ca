/**
 * Makes a storm of lines readable: of each kind a few lines are written, the rest are counted and
 * summed up in one, such as `312 more in 60 s: Miner … out: the connection was reset`.
 *
 * A kind is a message of the program together with its cause, so that one cause cannot hide
 * another. Causes have words of peers in them: only so many are told apart for each message.
 */

import { fillPlaces, type LogRecord, textOf } from "./log_record.ts";

/** Lines of one kind that are written in a {@linkcode WINDOW_MS}. */
const WRITTEN = 10;

/**
 * A kind is counted for so long from its first line on; then it may be written again, but only once
 * in a window while the storm goes on.
 */
const WINDOW_MS = 60_000;

/** When a kind was not heard of for so long its sum is said early, once in a window. */
const QUIET_MS = 5_000;

/** Causes of one message that are told apart in a window; those to come are counted together. */
const MAX_CAUSES = 20;

/** A cause is cut here in what names a kind, in UTF-16 units. */
const MAX_CAUSE = 200;

/** The values that say why, or of which pool it is; all others change from line to line. */
const CAUSES: ReadonlySet<string> = new Set([
  "consequence",
  "error",
  "found",
  "path",
  "pool",
  "problem",
  "reason",
  "role",
  "stack",
  "text",
  "way",
]);

/** Lines of one kind in its window; times as in {@linkcode Collapser.admits}. */
interface Kind extends Pick<LogRecord, "area" | "level"> {
  readonly name: string;
  startedAt: number;
  written: number;
  /** Not written since the last sum, with the times of the first and the last. */
  left: number;
  leftFrom: number;
  leftTo: number;
  wasSummedEarly: boolean;
  /** Whether any was left out in this window. */
  isStorm: boolean;
}

/** See the head of this file. */
export class Collapser {
  /** Kinds by message, then by cause. */
  readonly #messages = new Map<string, Map<string, Kind>>();

  /** Whether `record`, which came at `time` (monotonic, milliseconds), is to be written. */
  admits(record: LogRecord, time: number): boolean {
    const kind = this.#kindOf(record, time);
    if (kind.written < WRITTEN) {
      kind.written++;
      return true;
    }
    if (kind.left++ === 0) kind.leftFrom = time;
    kind.leftTo = time;
    kind.isStorm = true;
    return false;
  }

  /** The sums that are due at `time`; those of windows that are over and of storms that ended. */
  *due(time: number): Generator<LogRecord> {
    for (const [message, kinds] of this.#messages) {
      for (const [cause, kind] of kinds) {
        const isOver = time - kind.startedAt >= WINDOW_MS;
        const isQuiet = !kind.wasSummedEarly && time - kind.leftTo >= QUIET_MS;
        if (kind.left > 0 && (isOver || isQuiet)) {
          yield sumOf(kind);
          kind.left = 0;
          kind.wasSummedEarly = true;
        }
        if (!isOver) continue;
        if (kind.isStorm) beginAgain(kind, time);
        else kinds.delete(cause);
      }
      if (kinds.size === 0) this.#messages.delete(message);
    }
  }

  #kindOf(record: LogRecord, time: number): Kind {
    const message = `${record.area} ${record.template}`;
    let kinds = this.#messages.get(message);
    if (kinds === undefined) this.#messages.set(message, kinds = new Map());
    let name = kindName(record, true);
    let kind = kinds.get(name);
    if (kind === undefined && kinds.size >= MAX_CAUSES) {
      name = kindName(record, false);
      kind = kinds.get(name);
    }
    if (kind === undefined) {
      kind = {
        area: record.area,
        level: record.level,
        name,
        startedAt: time,
        written: 0,
        left: 0,
        leftFrom: time,
        leftTo: time,
        wasSummedEarly: false,
        isStorm: false,
      };
      kinds.set(name, kind);
    }
    return kind;
  }
}

/** `Miner … out: the connection was reset`; without the cause `Miner … out: …`. */
function kindName({ template, values }: LogRecord, hasCause: boolean): string {
  const name = fillPlaces(template, (name) => {
    if (!hasCause || !CAUSES.has(name)) return "…";
    // A pool's name has the number of its connection, which is another each time.
    return textOf(values[name]).slice(0, MAX_CAUSE).replace(/ #\d+$/, "");
  });
  return name.replace(/……+/g, "…");
}

/** The window after one with a storm in it. */
function beginAgain(kind: Kind, time: number): void {
  kind.startedAt = time;
  kind.written = WRITTEN - 1;
  kind.wasSummedEarly = false;
  kind.isStorm = false;
}

function sumOf({ area, level, name, left, leftFrom, leftTo }: Kind): LogRecord {
  return {
    timestamp: Date.now(),
    level,
    area,
    template: "{more} more in {seconds} s: {kind}",
    values: {
      more: left,
      seconds: Math.max(1, Math.round((leftTo - leftFrom) / 1000)),
      kind: name,
    },
  };
}
