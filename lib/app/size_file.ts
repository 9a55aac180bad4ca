/**
 * The file that keeps the extranonce2 sizes of pools across restarts (`state_file`): what miners
 * then get fits every pool, even while no pool answers.
 *
 * It is written as a second file and renamed, so that it is always complete. It never replaces a
 * file of another program. Any failure costs a line in the log and nothing else.
 */

import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time } from "../base/clock.ts";
import { fileTrouble } from "../base/file_trouble.ts";
import { readTextFile } from "../base/text_file.ts";
import { areaLog } from "../observe/log.ts";

/** A file of ours is far shorter: 64 pools with names of 255 characters. */
const MAX_BYTES = 64 * 1024;

/** What every file of ours begins with, however damaged it is after that. */
const BEGINNING = '{"btcagent_state":1,';

/** More pools than a list may have are not ours either. */
const MAX_SIZES = 256;

/** The longest wait for a disk at a stop, in milliseconds. */
const END_TIMEOUT_MS = 2_000;

const log = areaLog("agent");

/** A file of sizes by `host:port`. */
export class SizeFile {
  readonly #path: string;
  readonly #time: Time;
  #mayWrite = true;
  #isTroubled = false;
  #next: string | undefined;
  #writing: Promise<void> | undefined;

  /** At `path`, which need not exist. */
  constructor(path: string, time: Time) {
    this.#path = path;
    this.#time = time;
  }

  /**
   * What is in it; empty if it does not exist or cannot be used. A damaged file is replaced at
   * once. Never rejects.
   */
  async read(): Promise<ReadonlyMap<string, number>> {
    let text: string;
    try {
      text = await readTextFile(this.#path, MAX_BYTES);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return new Map();
      this.#mayWrite = false;
      this.#say(`Cannot read state_file ${this.#path}: ${fileTrouble(error)}`);
      return new Map();
    }
    if (text === "") return new Map();
    // A mistyped path may name the configuration: it must not be overwritten.
    this.#mayWrite = text.startsWith(BEGINNING);
    const sizes = parse(text);
    if (sizes !== undefined) return sizes;
    if (this.#mayWrite) {
      log.warn(
        "Cannot use state_file {path}: it is damaged. Writing a new one with the sizes that " +
          "pools give from now on",
        { path: this.#path },
      );
      // If every pool has the usual size, nothing else would replace the damaged file.
      this.write(new Map());
    } else {
      this.#say(`Cannot use state_file ${this.#path}: it is not a file of btcagent`);
    }
    return new Map();
  }

  /** Writes these sizes soon; if more come meanwhile, only the last are written. */
  write(sizes: ReadonlyMap<string, number>): void {
    if (!this.#mayWrite) return;
    const rest = JSON.stringify({ extranonce2_bytes: Object.fromEntries(sizes) });
    this.#next = `${BEGINNING}${rest.slice(1)}\n`;
    this.#writing ??= this.#writeAll();
  }

  /** Resolves when all is written, or the disk hangs. */
  async end(): Promise<void> {
    if (this.#writing === undefined) return;
    const limit = Promise.withResolvers<void>();
    const timer = new AttendedTimeout(this.#time, END_TIMEOUT_MS, limit.resolve);
    await Promise.race([this.#writing, limit.promise]);
    timer.cancel();
  }

  async #writeAll(): Promise<void> {
    for (let text = this.#next; text !== undefined; text = this.#next) {
      this.#next = undefined;
      try {
        await replace(this.#path, text);
        this.#isTroubled = false;
      } catch (error) {
        const problem = `Cannot write state_file ${this.#path}: ${fileTrouble(error)}`;
        if (!this.#isTroubled) this.#say(problem);
        this.#isTroubled = true;
      }
    }
    this.#writing = undefined;
  }

  #say(problem: string): void {
    log.warn(
      "{problem}. Mining goes on, but after a restart btcagent has to ask the pools for their " +
        "sizes again. Remove the file, or set state_file to one that btcagent may write",
      { problem },
    );
  }
}

/** Puts `text` where the file at `path` is, if any, in one step. */
async function replace(path: string, text: string): Promise<void> {
  const folder = path.replace(/[^/\\]*$/, "");
  if (folder !== "") await Deno.mkdir(folder, { recursive: true });
  const beside = `${path}.new`;
  // A file that a crash left, or a link that someone put there.
  await Deno.remove(beside).catch(() => {});
  const file = await Deno.open(beside, { write: true, createNew: true });
  try {
    let bytes = new TextEncoder().encode(text);
    while (bytes.length > 0) bytes = bytes.subarray(await file.write(bytes));
    // A rename may reach the disk before the bytes do.
    await file.syncData();
  } finally {
    file.close();
  }
  await Deno.rename(beside, path);
}

function parse(text: string): ReadonlyMap<string, number> | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const sizes = isObject(value) ? value["extranonce2_bytes"] : undefined;
  if (!isObject(sizes) || !isObject(value) || value["btcagent_state"] !== 1) return undefined;
  const entries = Object.entries(sizes);
  if (entries.length > MAX_SIZES || !entries.every(isSize)) return undefined;
  return new Map(entries);
}

function isSize(entry: [string, unknown]): entry is [string, number] {
  const [, bytes] = entry;
  return Number.isInteger(bytes) && (bytes as number) >= 4 && (bytes as number) <= 16;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
