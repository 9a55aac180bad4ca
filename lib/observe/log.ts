/**
 * The log: one readable line for each event an operator cares about, none per share.
 *
 * LogTape carries the records; here they become lines, bounded in rate for each kind of message,
 * and are written without ever making the proxy wait.
 */

import { configure, getLogger, type LogRecord, reset } from "@logtape/logtape";

/** How much an event matters; the first matters least. */
export type LogLevel = "debug" | "info" | "warning" | "error";

/** Values for the places a message names in braces. */
export type LogValues = Readonly<Record<string, unknown>>;

/** The log of one part of the program. Messages are sentences with `{places}` for values. */
export interface AreaLog {
  /** For whoever looks for a fault. */
  debug(message: string, values?: LogValues): void;
  /** What an operator wants to read. */
  info(message: string, values?: LogValues): void;
  /** What should not happen and is dealt with. */
  warn(message: string, values?: LogValues): void;
  /** What somebody has to do something about. */
  error(message: string, values?: LogValues): void;
}

/** The parts of the program that log. */
export type LogArea = "agent" | "miner" | "mux" | "pool";

/** Where lines go: `Deno.stderr` or an open file. */
export interface LogTarget {
  /** Takes some or all of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
}

/** How the log is set up. */
export interface LogOptions {
  /** What is less severe is not written. */
  readonly level: LogLevel;
  /** Lines for people, or one JSON object a line. */
  readonly format: "text" | "json";
  /** Each gets every line. */
  readonly targets: readonly LogTarget[];
  /** Hears of every line that is written. */
  readonly heard?: (line: LogLine) => void;
}

/** A line of the log in parts. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** How much it matters. */
  readonly level: LogLevel;
  /** The part of the program. */
  readonly area: string;
  /** The message with its values, without control characters. */
  readonly message: string;
}

/** Lines of one kind that pass in a {@linkcode WINDOW_MS}; the rest are counted. */
const LINES_PER_WINDOW = 100;
const WINDOW_MS = 10_000;

/** Lines waiting for a target that does not take them; more are dropped and counted. */
const MAX_WAITING_LINES = 10_000;

/** At the end, a target that takes nothing is waited for so long, in milliseconds. */
const STOP_WAIT_MS = 1000;

const encoder = new TextEncoder();

/** The log of one part of the program. */
export function areaLog(area: LogArea): AreaLog {
  return getLogger(["btcagent", area]);
}

/** Sends the log where the operator wants it. Call once, or again after {@linkcode stopLog}. */
export async function startLog(options: LogOptions): Promise<void> {
  const format = options.format === "json" ? formatJson : formatText;
  const writers = options.targets.map((target) => new LineWriter(target, format));
  const gate = new RateGate();
  const write = (record: LogRecord): void => {
    const line = format(record);
    for (const writer of writers) writer.add(line);
    options.heard?.({
      timestamp: record.timestamp,
      level: levelOf(record),
      area: record.category.at(-1) ?? "",
      message: messageOf(record),
    });
  };
  await configure({
    sinks: {
      lines: (record: LogRecord) => {
        for (const passed of gate.pass(record)) write(passed);
      },
    },
    loggers: [
      { category: ["btcagent"], lowestLevel: options.level, sinks: ["lines"] },
      { category: ["logtape", "meta"], lowestLevel: "error", sinks: ["lines"] },
    ],
  });
  const timer = setInterval(() => {
    for (const note of gate.ended(Date.now())) write(note);
  }, WINDOW_MS);
  finish = async () => {
    clearInterval(timer);
    for (const note of gate.ended(Infinity)) write(note);
    await Promise.all(writers.map((writer) => writer.drained()));
  };
}

let finish: () => Promise<void> = () => Promise.resolve();

/** Writes out what waits, as far as the targets take it, and closes the log. */
export async function stopLog(): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLong = new Promise<void>((resolve) => timer = setTimeout(resolve, STOP_WAIT_MS));
  await Promise.race([finish(), tooLong]);
  clearTimeout(timer);
  await reset();
}

/** `2026-11-22 14:03:11.123 info    pool    text` */
function formatText(record: LogRecord): string {
  const time = new Date(record.timestamp).toISOString().replace("T", " ").slice(0, -1);
  const area = record.category.at(-1) ?? "";
  return `${time} ${record.level.padEnd(7)} ${area.padEnd(6)} ${messageOf(record)}\n`;
}

function formatJson(record: LogRecord): string {
  const { timestamp, level, category, properties } = record;
  const head = {
    time: new Date(timestamp).toISOString(),
    level,
    area: category.at(-1),
    message: messageOf(record),
  };
  // The head comes first and is nobody else's: a value named as one of its members is left out.
  const text = JSON.stringify({ ...head, ...printable(properties), ...head });
  return text.replace(/[\x7f-\x9f]/g, (char) => `\\u00${char.charCodeAt(0).toString(16)}`) + "\n";
}

/** LogTape knows two more levels, which nothing here logs at. */
function levelOf({ level }: LogRecord): LogLevel {
  return level === "trace" ? "debug" : level === "fatal" ? "error" : level;
}

/** The message with its values as they are, control characters made harmless. */
function messageOf(record: LogRecord): string {
  const text = record.message.map((part) => part instanceof Error ? part.message : String(part))
    .join("");
  // deno-lint-ignore no-control-regex -- they are what must not reach a terminal
  return text.replace(/[\x00-\x1f\x7f-\x9f]/g, "?");
}

function printable(properties: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map((
      [key, value],
    ) => [key, value instanceof Error ? value.message : value]),
  );
}

/** How often one kind of record came since `start`, and the last of them. */
interface Window {
  readonly start: number;
  count: number;
  last: LogRecord;
}

/**
 * Lets so many records of each kind (the message before its values are put in) pass in a window,
 * and says how many more there were when it is over.
 */
class RateGate {
  readonly #windows = new Map<string, Window>();

  /** The records to write for `record`: none, itself, or itself behind a note on those left out. */
  *pass(record: LogRecord): Generator<LogRecord> {
    const kind = String(record.rawMessage);
    let window = this.#windows.get(kind);
    if (window !== undefined && hasEnded(window, record.timestamp)) {
      yield* notes(window);
      window = undefined;
    }
    if (window === undefined) {
      window = { start: record.timestamp, count: 0, last: record };
      this.#windows.set(kind, window);
    }
    window.last = record;
    if (++window.count <= LINES_PER_WINDOW) yield record;
  }

  /** A note for each window that is over by `time` and left something out. */
  *ended(time: number): Generator<LogRecord> {
    for (const [kind, window] of this.#windows) {
      if (!hasEnded(window, time)) continue;
      this.#windows.delete(kind);
      yield* notes(window);
    }
  }
}

/** The operator's clock may be set back by any time. */
function hasEnded({ start }: Window, time: number): boolean {
  return Math.abs(time - start) >= WINDOW_MS;
}

function* notes({ count, last }: Window): Generator<LogRecord> {
  const left = count - LINES_PER_WINDOW;
  if (left <= 0) return;
  yield { ...last, message: [`(${left} more lines like this were left out) `, ...last.message] };
}

/** Writes lines in order, one write at a time. A target that fails or stalls costs lines only. */
class LineWriter {
  readonly #target: LogTarget;
  readonly #format: (record: LogRecord) => string;
  #waiting: string[] = [];
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(target: LogTarget, format: (record: LogRecord) => string) {
    this.#target = target;
    this.#format = format;
  }

  add(line: string): void {
    if (this.#waiting.length >= MAX_WAITING_LINES) {
      this.#lost++;
      return;
    }
    this.#waiting.push(line);
    this.#writing ??= this.#write();
  }

  /** Resolves when nothing waits any more. */
  async drained(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      const lost = this.#lost;
      const note = lost === 0 ? "" : this.#format(noteOnLost(lost));
      try {
        await this.#writeAll(encoder.encode(lines.join("") + note));
        this.#lost -= lost;
      } catch {
        // A full disk or a closed terminal must not stop mining.
        this.#lost += lines.length;
      }
    }
    this.#writing = undefined;
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    while (bytes.length > 0) {
      const count = await this.#target.write(bytes);
      if (count === 0) throw new Error("Cannot write the log: nothing is taken");
      bytes = bytes.subarray(count);
    }
  }
}

function noteOnLost(lines: number): LogRecord {
  const text = `(${lines} log lines were lost: they could not be written)`;
  return {
    category: ["btcagent", "agent"],
    level: "warning",
    message: [text],
    rawMessage: text,
    properties: {},
    timestamp: Date.now(),
  };
}
