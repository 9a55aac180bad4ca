/**
 * Brings lines to a terminal or a file without ever making the program wait.
 *
 * One write is under way at a time, and lines that come meanwhile wait for the next. A target that
 * fails is tried again after a while: lines wait for it, and only when too many wait are further
 * ones lost. Trouble is said once, and its end with what was lost.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { fileTrouble } from "../base/file_trouble.ts";
import type { LogLevel, LogValues } from "./log_record.ts";

/** Where lines go: `Deno.stderr` or a `LogFile`. */
export interface LogTarget {
  /** Takes some or all of the bytes. */
  write(bytes: Uint8Array): Promise<number>;
  /** Whether colours are understood; left out: no. */
  isTerminal?(): boolean;
  /** Which file it is; left out for the terminal. */
  readonly path?: string;
}

/** Says something about the log itself; as `AreaLog`'s functions, with the level in front. */
export type SayOfLog = (level: LogLevel, template: string, values: LogValues) => void;

/** What waits for a target that does not take it, in UTF-16 units: some thousand lines. */
const MAX_WAITING = 256 * 1024;

/** A target that failed is tried again after so long. */
const RETRY_MS = 10_000;

const NOTHING = new Uint8Array(0);

const encoder = new TextEncoder();

/** See the head of this file. */
export class LineWriter {
  readonly #target: LogTarget;
  readonly #name: string;
  readonly #say: SayOfLog;
  readonly #timers: Timers;
  #lines: string[] = [];
  /** UTF-16 units in {@linkcode LineWriter.#lines}. */
  #waiting = 0;
  /** What was taken from the lines and not yet by the target. */
  #bytes: Uint8Array = NOTHING;
  #lost = 0;
  #isWriting = false;
  /** Resolves when the last write that was begun is over. */
  #written: Promise<void> = Promise.resolve();
  #isInTrouble = false;
  #retry: Timer | undefined;
  #isClosing = false;

  /** Writes nothing yet. `say` may come back as a line for this very writer. */
  constructor(target: LogTarget, say: SayOfLog, timers: Timers) {
    this.#target = target;
    this.#name = target.path ?? "the terminal";
    this.#say = say;
    this.#timers = timers;
  }

  /** Takes a line with its end, or counts it as lost when too much waits. */
  add(line: string): void {
    if (this.#waiting + line.length > MAX_WAITING) {
      this.#lost++;
      return;
    }
    this.#lines.push(line);
    this.#waiting += line.length;
    if (this.#retry === undefined) this.#start();
  }

  /** Writes what waits, trying once more where there was trouble; nothing may be added after. */
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

  /** Nothing waits, so that there is room for what is said here. */
  #caughtUp(): void {
    const lost = this.#lost;
    const where = this.#name;
    this.#lost = 0;
    if (this.#isInTrouble) {
      this.#isInTrouble = false;
      this.#say("warning", "The log is written to {path} again; {lost} lines were lost", {
        path: where,
        lost,
      });
    } else if (lost > 0) {
      this.#say("warning", "{lost} lines of the log were lost: {path} was too slow for them", {
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
      "Cannot write the log to {path}: {error}. Make room there or mend the folder; mining goes " +
        "on, lines wait, and it is tried again every {seconds} s",
      { path: this.#name, error: fileTrouble(error), seconds: RETRY_MS / 1000 },
    );
  }
}
