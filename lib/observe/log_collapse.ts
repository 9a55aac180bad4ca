/**
 * Makes a storm of lines readable: of each kind a few lines are written, the rest are counted and
 * summed up in one, such as `312 more in 60 s: Miner … disconnected: the connection was reset`.
 *
 * A kind is a message of the program together with its cause, so that one cause cannot hide
 * another. Causes have words of peers in them: only so many are told apart for each message.
 *
 * Lines about a worker (those with the value `worker`) are kinds of their own, and their sums say
 * which workers it was, so that missing ones are found by name.
 */

import { fillPlaces, type LogEvent, textOf } from "./log_record.ts";

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

/**
 * Names of workers listed with the sums of one kind, and with all that are due: as much text, in
 * UTF-16 units.
 */
const MAX_NAMES = 64_000;
const MAX_ALL_NAMES = 256_000;

/** A name is cut here, and a line of names goes on in another from here, in UTF-16 units. */
const MAX_NAME = 120;
const MAX_NAMES_OF_LINE = 800;

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
interface Kind extends Pick<LogEvent, "area" | "level"> {
  readonly name: string;
  startedAt: number;
  written: number;
  /** Not written since the last sum, with the times of the first and the last. */
  left: number;
  leftFrom: number;
  leftTo: number;
  wasSummedEarly: boolean;
  /** Which workers the lines not written were about, and how often; as far as they are kept. */
  readonly workers: Map<string, number>;
  namesLength: number;
  /** Whether any was left out in this window. */
  isStorm: boolean;
}

/** What is known of one message of the program. */
interface Message {
  /** The places of its template that say why. */
  readonly causes: readonly string[];
  /** Its kinds by the words of their cause; {@linkcode OTHER_CAUSES} of those not told apart. */
  readonly kinds: Map<string | typeof OTHER_CAUSES, Kind>;
}

const OTHER_CAUSES = Symbol("other causes");

/** See the head of this file. */
export class Collapser {
  readonly #messages = new Map<string, Message>();
  #namesLength = 0;

  /** Whether `event`, which came at `time` (monotonic, milliseconds), is to be written. */
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

  /** The sums that are due at `time`; those of windows that are over and of storms that ended. */
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

  /** Lists a worker, if there is room for another name. */
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
 * The words of a cause, which tell kinds of one message apart. Its name would as well, but that is
 * for the few that are summed up: in a storm it would cost more than all else a line does.
 */
function wordsOf(causes: readonly string[], values: LogEvent["values"]): string {
  let words = "";
  for (const name of causes) words += `${causeOf(values[name])}\n`;
  return words;
}

/** A cause in words. A pool's name has the number of its connection, which is another each time. */
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

/** The window after one with a storm in it. */
function beginAgain(kind: Kind, time: number): void {
  kind.startedAt = time;
  kind.written = WRITTEN - 1;
  kind.wasSummedEarly = false;
  kind.isStorm = false;
}

/** What a kind has left out: how many lines, and about which workers, in as many lines as it takes. */
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
    yield { ...head, template: "Of these, too: {workers}", values: { workers } };
  }
}

const SEPARATOR = ", ";

/** `farm.rig1, farm.rig2 (3 times)`, several lines of it if there are many. */
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
