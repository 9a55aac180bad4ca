/**
 * Makes a storm of lines readable: a few lines of each kind are written, the rest are counted and
 * summed up in one line, such as `312 more in 60 s: Miner … disconnected: the connection was
 * reset`.
 *
 * A kind is a message of the program together with its cause, so that one cause cannot hide
 * another. Causes may contain words of peers, so only a fixed number of them is told apart for each
 * message.
 *
 * Lines about a worker (those with the value `worker`) are kinds of their own. Their sums name the
 * workers, so that missing ones can be found by name.
 */

import { fillPlaces, type LogEvent, textOf } from "./log_record.ts";

/** Lines of one kind that are written in a {@linkcode WINDOW_MS}. */
const WRITTEN = 10;

/**
 * A kind is counted for this long from its first line on, in milliseconds. Then it may be written
 * again, but only once per window while the storm continues.
 */
const WINDOW_MS = 60_000;

/** A kind that is quiet for this long gets its sum early, once per window, in milliseconds. */
const QUIET_MS = 5_000;

/** Causes of one message that are told apart in a window; later ones are counted together. */
const MAX_CAUSES = 20;

/** The name of a kind has a cause only up to this length, in UTF-16 units. */
const MAX_CAUSE = 200;

/**
 * The greatest length of the worker names listed with the sums of one kind, and with all sums due
 * at once, in UTF-16 units.
 */
const MAX_NAMES = 64_000;
const MAX_ALL_NAMES = 256_000;

/**
 * The greatest length of a name, and the length after which a list of names continues on another
 * line, in UTF-16 units.
 */
const MAX_NAME = 120;
const MAX_NAMES_OF_LINE = 800;

/** Values that tell the cause or the pool; all others change from line to line. */
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
interface Kind extends Pick<LogEvent, "area" | "level"> {
  readonly name: string;
  startedAt: number;
  written: number;
  /** Lines not written since the last sum, with the times of the first and the last. */
  left: number;
  leftFrom: number;
  leftTo: number;
  wasSummedEarly: boolean;
  /** Workers that the unwritten lines were about, with how often; up to the bound on names. */
  readonly workers: Map<string, number>;
  namesLength: number;
  /** Whether any line was left out in this window. */
  isStorm: boolean;
}

/** What is known about one message of the program. */
interface Message {
  /** The places of its template that name the cause. */
  readonly causes: readonly string[];
  /** Its kinds by the words of their cause; {@linkcode OTHER_CAUSES} holds those not told apart. */
  readonly kinds: Map<string | typeof OTHER_CAUSES, Kind>;
}

const OTHER_CAUSES = Symbol("other causes");

/** Decides which events are written, and sums up the rest. */
export class Collapser {
  readonly #messages = new Map<string, Message>();
  #namesLength = 0;

  /** Whether to write `event`, which was logged at `time` (monotonic, milliseconds). */
  admits(event: LogEvent, time: number): boolean {
    const kind = this.#kindOf(event, time);
    if (kind.written < WRITTEN) {
      kind.written++;
      return true;
    }
    if (kind.left++ === 0) kind.leftFrom = time;
    kind.leftTo = time;
    kind.isStorm = true;
    this.#noteWorker(kind, event.values["worker"]);
    return false;
  }

  /** Yields the sums due at `time`: of windows that are over and of storms that ended. */
  *due(time: number): Generator<LogEvent> {
    for (const [message, { kinds }] of this.#messages) {
      for (const [cause, kind] of kinds) {
        const isOver = time - kind.startedAt >= WINDOW_MS;
        const isQuiet = !kind.wasSummedEarly && time - kind.leftTo >= QUIET_MS;
        if (kind.left > 0 && (isOver || isQuiet)) {
          yield* sumsOf(kind);
          kind.left = 0;
          this.#forgetWorkers(kind);
          kind.wasSummedEarly = true;
        }
        if (!isOver) continue;
        if (kind.isStorm) beginAgain(kind, time);
        else kinds.delete(cause);
      }
      if (kinds.size === 0) this.#messages.delete(message);
    }
  }

  /** Notes a worker, if there is room for another name. */
  #noteWorker(kind: Kind, worker: unknown): void {
    if (worker === undefined) return;
    const name = textOf(worker).slice(0, MAX_NAME);
    const times = kind.workers.get(name);
    if (times === undefined) {
      const length = name.length + SEPARATOR.length;
      if (kind.namesLength + length > MAX_NAMES) return;
      if (this.#namesLength + length > MAX_ALL_NAMES) return;
      kind.namesLength += length;
      this.#namesLength += length;
    }
    kind.workers.set(name, (times ?? 0) + 1);
  }

  #forgetWorkers(kind: Kind): void {
    this.#namesLength -= kind.namesLength;
    kind.namesLength = 0;
    kind.workers.clear();
  }

  #kindOf(event: LogEvent, time: number): Kind {
    const about = event.values["worker"] === undefined ? "" : "a worker ";
    const message = `${about}${event.area} ${event.template}`;
    let known = this.#messages.get(message);
    if (known === undefined) {
      this.#messages.set(message, known = { causes: causesIn(event.template), kinds: new Map() });
    }
    const { causes, kinds } = known;
    let cause: string | typeof OTHER_CAUSES = wordsOf(causes, event.values);
    let kind = kinds.get(cause);
    if (kind === undefined && kinds.size >= MAX_CAUSES) {
      cause = OTHER_CAUSES;
      kind = kinds.get(cause);
    }
    if (kind === undefined) {
      kind = {
        area: event.area,
        level: event.level,
        name: kindName(event, cause !== OTHER_CAUSES),
        startedAt: time,
        written: 0,
        left: 0,
        leftFrom: time,
        leftTo: time,
        wasSummedEarly: false,
        workers: new Map(),
        namesLength: 0,
        isStorm: false,
      };
      kinds.set(cause, kind);
    }
    return kind;
  }
}

function causesIn(template: string): readonly string[] {
  return Array.from(template.matchAll(/\{(\w+)\}/g), ([, name]) => name!)
    .filter((name) => CAUSES.has(name));
}

/**
 * Returns the words of a cause, which tell the kinds of one message apart. The kind's name would do
 * that, too, but making it costs more than everything else a line does: only kinds that are summed
 * up get one.
 */
function wordsOf(causes: readonly string[], values: LogEvent["values"]): string {
  let words = "";
  for (const name of causes) words += `${causeOf(values[name])}\n`;
  return words;
}

/**
 * Puts a cause in words. A pool's name contains the number of its connection, which differs each
 * time.
 */
function causeOf(value: unknown): string {
  return textOf(value).slice(0, MAX_CAUSE).replace(/ #\d+$/, "");
}

/** `Miner … disconnected: the connection was reset`; without the cause `Miner … disconnected: …`. */
function kindName({ template, values }: LogEvent, hasCause: boolean): string {
  const name = fillPlaces(
    template,
    (name) => hasCause && CAUSES.has(name) ? causeOf(values[name]) : "…",
  );
  return name.replace(/……+/g, "…");
}

/** Starts the window after one with a storm in it. */
function beginAgain(kind: Kind, time: number): void {
  kind.startedAt = time;
  kind.written = WRITTEN - 1;
  kind.wasSummedEarly = false;
  kind.isStorm = false;
}

/**
 * Yields what a kind has left out: the number of lines and the workers they were about, in one or
 * more lines.
 */
function* sumsOf(kind: Kind): Generator<LogEvent> {
  const { area, level, name, left, leftFrom, leftTo } = kind;
  const head = { level, area };
  const values = {
    more: left,
    seconds: Math.max(1, Math.round((leftTo - leftFrom) / 1000)),
    kind: name,
  };
  const [first, ...others] = linesOfNames(kind);
  if (first === undefined) {
    yield { ...head, template: "{more} more in {seconds} s: {kind}", values };
    return;
  }
  const template = "{more} more in {seconds} s: {kind}: {workers}";
  yield { ...head, template, values: { ...values, workers: first } };
  for (const workers of others) {
    yield { ...head, template: "Also among these: {workers}", values: { workers } };
  }
}

const SEPARATOR = ", ";

/** Returns names as `farm.rig1, farm.rig2 (3 times)`, in several lines if there are many. */
function linesOfNames({ workers, left }: Kind): string[] {
  const lines: string[] = [];
  let line = "";
  let listed = 0;
  for (const [name, times] of workers) {
    listed += times;
    const entry = times === 1 ? name : `${name} (${times} times)`;
    if (line.length + entry.length > MAX_NAMES_OF_LINE) {
      lines.push(line);
      line = "";
    }
    line += (line === "" ? "" : SEPARATOR) + entry;
  }
  if (line !== "") lines.push(listed < left ? `${line} and ${left - listed} more` : line);
  return lines;
}
