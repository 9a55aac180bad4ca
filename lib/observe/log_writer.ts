/**
 * Writes lines to a terminal or a file without ever making the program wait.
 *
 * One write is under way at a time, and lines that come meanwhile wait for the next. A target that
 * fails is retried after a while. Lines wait for it; only when too many wait are further ones lost.
 * The failure is logged once, and its end with the number of lines lost.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { fileTrouble } from "../base/file_trouble.ts";
import type { LogLevel, LogValues } from "./log_record.ts";

/** Where lines go: `Deno.stderr` or a `LogFile`. */
export interface LogTarget {
  /** Takes some or all of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether the target shows colours; no if left out. */
  isTerminal?(): boolean;
  /** The file's path; left out for the terminal. */
  readonly path?: string;
}

/** Logs something about the log itself; like `AreaLog`'s functions, with the level in front. */
export type SayOfLog = (level: LogLevel, template: string, values: LogValues) => void;

/** The most text that waits for a target, in UTF-16 units: some thousand lines. */
const MAX_WAITING = 256 * 1024;

/** The pause before a failed target is retried, in milliseconds. */
const RETRY_MS = 10_000;

const NOTHING = new Uint8Array(0);

const encoder = new TextEncoder();

/** Writes lines to one target, in order and without making the caller wait. */
export class LineWriter {
  readonly #target: LogTarget;
  readonly #name: string;
  readonly #say: SayOfLog;
  readonly #timers: Timers;
  #lines: string[] = [];
  /** UTF-16 units in {@linkcode LineWriter.#lines}. */
  #waiting = 0;
  /** Bytes taken from the lines that the target has not accepted yet. */
  #bytes: Uint8Array = NOTHING;
  #lost = 0;
  #isWriting = false;
  /** Resolves when the last write is over. */
  #written: Promise<void> = Promise.resolve();
  #isInTrouble = false;
  #retry: Timer | undefined;
  #isClosing = false;

  /** Writes nothing yet. What `say` logs may come back as a line for this very writer. */
  constructor(target: LogTarget, say: SayOfLog, timers: Timers) {
    this.#target = target;
    this.#name = target.path ?? "the terminal";
    this.#say = say;
    this.#timers = timers;
  }

  /** Queues a line with its end, or counts it as lost when too much waits. */
  add(line: string): void {
    if (this.#waiting + line.length > MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length;
    if (this.#retry === undefined) this.#start();
  }

  /** Writes waiting lines, retrying once after a failure; no line may be added afterwards. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.#timers.clear(this.#retry);
    this.#start();
    await this.#written;
  }

  #start(): void {
    this.#retry = undefined;
    if (!this.#isWriting) this.#written = this.#write();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#bytes.length > 0 || this.#lines.length > 0) {
        if (this.#bytes.length === 0) this.#takeLines();
        await this.#writeBytes();
        if (this.#lines.length === 0) this.#caughtUp();
      }
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
  }

  #takeLines(): void {
    this.#bytes = encoder.encode(this.#lines.join(""));
    this.#lines = [];
    this.#waiting = 0;
  }

  async #writeBytes(): Promise<void> {
    while (this.#bytes.length > 0) {
      const count = await this.#target.write(this.#bytes);
      if (count === 0) throw new Error("nothing is taken");
      this.#bytes = this.#bytes.subarray(count);
    }
  }

  /** Reports lost lines once nothing waits any more, so that there is room for the report. */
  #caughtUp(): void {
    const lost = this.#lost;
    const where = this.#name;
    this.#lost = 0;
    if (this.#isInTrouble) {
      this.#isInTrouble = false;
      this.#say("warning", "The log is written to {path} again; lines lost: {lost}", {
        path: where,
        lost,
      });
    } else if (lost > 0) {
      this.#say("warning", "Lines of the log lost because {path} was too slow: {lost}", {
        path: where,
        lost,
      });
    }
  }

  #failed(error: unknown): void {
    if (this.#isClosing) return;
    this.#retry = this.#timers.after(RETRY_MS, () => this.#start());
    if (this.#isInTrouble) return;
    this.#isInTrouble = true;
    this.#say(
      "error",
      "Cannot write the log to {path}: {error}. Free disk space or repair the folder. Mining " +
        "continues, log lines wait, retrying every {seconds} s",
      { path: this.#name, error: fileTrouble(error), seconds: RETRY_MS / 1000 },
    );
  }
}
