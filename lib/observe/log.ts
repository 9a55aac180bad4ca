/**
 * The log: one readable line for each event an operator cares about, none per share.
 *
 * Each part of the program logs through {@linkcode areaLog}. Events that reach the level of their
 * area go to the receiver: after {@linkcode startLog} that is the {@linkcode Collapser}, then a
 * {@linkcode LineWriter} for each target.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time, Timer } from "../base/clock.ts";
import { Collapser } from "./log_collapse.ts";
import { formatRecord, type LogFormat } from "./log_format.ts";
import {
  LOG_AREAS,
  LOG_LEVELS,
  type LogArea,
  type LogEvent,
  type LogLevel,
  type LogValues,
  messageOf,
} from "./log_record.ts";
import { LineWriter, type LogTarget } from "./log_writer.ts";

/**
 * The log of one part of the program. Messages are sentences with `{places}` for values, as in
 * `{count|miner}` for `1 miner` or `2 miners`.
 */
export interface AreaLog {
  /** Details for finding a fault. */
  debug(message: string, values?: LogValues): void;
  /** News an operator wants to read. */
  info(message: string, values?: LogValues): void;
  /** Something that should not happen and was dealt with. */
  warn(message: string, values?: LogValues): void;
  /** Something that an operator has to act on. */
  error(message: string, values?: LogValues): void;
}

/** Settings that may be changed while the log runs. */
export interface LogSettings {
  /** Less important events are not written. */
  readonly level: LogLevel;
  /** Levels of single areas. */
  readonly levels?: { readonly [area in LogArea]?: LogLevel | undefined };
  /** Lines for people, or one JSON object per line. */
  readonly format: LogFormat;
}

/** How the log is set up. */
export interface LogOptions extends LogSettings {
  /** Real time, for dates and waits. */
  readonly time: Time;
  /** Each target gets every line. */
  readonly targets: readonly LogTarget[];
  /** Called with every line that is written. */
  readonly heard?: (line: LogLine) => void;
}

/** A log line in parts. */
export interface LogLine {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** How much it matters. */
  readonly level: LogLevel;
  /** The part of the program. */
  readonly area: LogArea;
  /** The message with its values, printable. */
  readonly message: string;
}

/** Receives every logged event. */
export type LogReceiver = (event: LogEvent) => void;

/** How often the log looks for sums that are due, in milliseconds. */
const SUMS_MS = 1_000;

/** How long the end waits for a target that accepts nothing, in milliseconds. */
const STOP_WAIT_MS = 1_000;

const levels: Record<LogArea, LogLevel> = {
  agent: "info",
  miner: "info",
  mux: "info",
  pool: "info",
};

/** Without a receiver nothing is logged. */
let receiver: LogReceiver | undefined;
let output: LogOutput | undefined;

/** The log of one part of the program. */
export function areaLog(area: LogArea): AreaLog {
  const at = (level: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(level);
    return (template: string, values: LogValues = {}) => {
      if (receiver === undefined || rank < LOG_LEVELS.indexOf(levels[area])) return;
      receiver({ level, area, template, values });
    };
  };
  return { debug: at("debug"), info: at("info"), warn: at("warning"), error: at("error") };
}

/** The least important level that is written, by area. */
export function logLevels(): Readonly<Record<LogArea, LogLevel>> {
  return { ...levels };
}

/** Sets the level of one area, or of all, from now on. */
export function setLogLevel(area: LogArea | undefined, level: LogLevel): void {
  for (const one of area === undefined ? LOG_AREAS : [area]) levels[one] = level;
}

/** Sends every event to `to` instead, in parts and without collapsing repeats. */
export function receiveLog(to: LogReceiver | undefined): void {
  receiver = to;
}

/** Changes the levels of all areas and the format of a running log. */
export function changeLog(settings: LogSettings): void {
  for (const area of LOG_AREAS) levels[area] = settings.levels?.[area] ?? settings.level;
  if (output !== undefined) output.format = settings.format;
}

/** Sends the log where the operator wants it. Call once, or again after {@linkcode stopLog}. */
export function startLog(options: LogOptions): void {
  const started = new LogOutput(options);
  output = started;
  changeLog(options);
  receiveLog((event) => started.receive(event));
}

/** Writes waiting lines, as far as the targets accept them, and closes the log. */
export async function stopLog(): Promise<void> {
  receiveLog(undefined);
  const stopped = output;
  output = undefined;
  await stopped?.stop();
}

/** Takes events through the collapser to the targets. */
class LogOutput {
  format: LogFormat;
  readonly #time: Time;
  readonly #writers: readonly { readonly lines: LineWriter; readonly hasColour: boolean }[];
  readonly #heard: LogOptions["heard"];
  readonly #collapser = new Collapser();
  readonly #timer: Timer;

  constructor({ format, time, targets, heard }: LogOptions) {
    this.#time = time;
    this.format = format;
    this.#heard = heard;
    // What the log says about itself is written at any level.
    const say = (level: LogLevel, template: string, values: LogValues) =>
      this.receive({ level, area: "agent", template, values });
    this.#writers = targets.map((target) => ({
      lines: new LineWriter(target, say, time),
      hasColour: wantsColour(target, Deno.noColor),
    }));
    this.#timer = time.every(SUMS_MS, () => this.#sumUp(time.now()));
  }

  receive(event: LogEvent): void {
    if (this.#collapser.admits(event, this.#time.now())) this.#write(event);
  }

  async stop(): Promise<void> {
    this.#time.clear(this.#timer);
    this.#sumUp(Infinity);
    let timer: AttendedTimeout | undefined;
    const tooLong = new Promise<void>((resolve) =>
      timer = new AttendedTimeout(this.#time, STOP_WAIT_MS, resolve)
    );
    await Promise.race([Promise.all(this.#writers.map(({ lines }) => lines.close())), tooLong]);
    timer?.cancel();
  }

  #sumUp(time: number): void {
    for (const sum of this.#collapser.due(time)) this.#write(sum);
  }

  #write(event: LogEvent): void {
    const record = { timestamp: this.#time.wallNow(), ...event };
    for (const { lines, hasColour } of this.#writers) {
      lines.add(formatRecord(record, this.format, hasColour));
    }
    const { timestamp, level, area } = record;
    this.#heard?.({ timestamp, level, area, message: messageOf(record) });
  }
}

/** Whether `target` gets colour: terminals do, unless `NO_COLOR` is set (no-color.org). */
export function wantsColour(target: LogTarget, noColour: boolean): boolean {
  return !noColour && target.isTerminal?.() === true;
}
