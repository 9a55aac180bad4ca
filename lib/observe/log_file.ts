/**
 * The file of the log and those before it: `btcagent.log`, `btcagent.1.log`, `btcagent.2.log` …
 *
 * A file that would grow too long becomes the first of the older ones, and the oldest is removed.
 * Files are only renamed, so that a line is always in exactly one of them. If the file or its
 * folder was removed (by a person or by `logrotate`), a new one is created.
 */

import type { LogTarget } from "./log_writer.ts";

/** How much of the log is kept. */
export interface LogFileLimits {
  /** The greatest length of a file, in bytes; only a single longer write exceeds it. */
  readonly maxFileBytes: number;
  /** The number of files, the current one included; 2 or more. */
  readonly maxFiles: number;
}

const NAME = "btcagent";

/** The log's file, written by one `LineWriter`, which never has two writes under way. */
export class LogFile implements LogTarget {
  readonly path: string;
  /** The folder of this file and the older ones. */
  readonly directory: string;
  /** May be changed at any time; the next write uses it. */
  limits: LogFileLimits;
  #file: Deno.FsFile | undefined;
  /** Bytes in the file. */
  #size = 0;

  /** Remembers the folder; nothing is opened before the first write. */
  constructor(directory: string, limits: LogFileLimits) {
    this.directory = directory;
    this.limits = limits;
    this.path = this.#pathOf(0);
  }

  /**
   * Adds all bytes, or none: half a line helps nobody.
   * @throws the system's error (rejects), for example on a full disk. May be called again.
   */
  async write(bytes: Uint8Array): Promise<number> {
    try {
      const file = await this.#fileFor(bytes.length);
      await this.#writeAll(file, bytes);
    } catch (error) {
      // A new descriptor may be free of whatever is wrong with this one.
      this.close();
      throw error;
    }
    this.#size += bytes.length;
    return bytes.length;
  }

  /** Closes the file; a write opens it again. */
  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Returns the open file, with room for `length` bytes. */
  async #fileFor(length: number): Promise<Deno.FsFile> {
    if (this.#file !== undefined && !await this.#isInPlace(this.#file)) this.close();
    const file = this.#file ?? await this.#open();
    if (this.#size === 0 || this.#size + length <= this.limits.maxFileBytes) return file;
    this.close();
    await this.#rotate();
    return await this.#open();
  }

  /**
   * Whether `file` is still the file at the path. Notes its size, which other programs may have
   * changed.
   */
  async #isInPlace(file: Deno.FsFile): Promise<boolean> {
    try {
      const [open, atPath] = await Promise.all([file.stat(), Deno.stat(this.path)]);
      this.#size = open.size;
      return open.ino === atPath.ino && open.dev === atPath.dev;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return false;
      throw error;
    }
  }

  async #open(): Promise<Deno.FsFile> {
    await Deno.mkdir(this.directory, { recursive: true });
    await this.#refusePipe();
    const file = await Deno.open(this.path, { create: true, append: true });
    this.#file = file;
    this.#size = (await file.stat()).size;
    return file;
  }

  /** Opening a pipe would wait until somebody reads it. */
  async #refusePipe(): Promise<void> {
    let isPipe = false;
    await wasThere(Deno.stat(this.path).then((info) => void (isPipe = info.isFifo === true)));
    if (isPipe) throw new Error(`${this.path} is a pipe; remove it, or log to another folder`);
  }

  async #writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    try {
      while (rest.length > 0) {
        const count = await file.write(rest);
        if (count === 0) throw new Error("nothing is taken");
        rest = rest.subarray(count);
      }
    } catch (error) {
      if (rest.length < bytes.length) await file.truncate(this.#size).catch(() => {});
      throw error;
    }
  }

  /** Moves each file one place on, and removes those beyond the limit. */
  async #rotate(): Promise<void> {
    const { maxFiles } = this.limits;
    let surplus = maxFiles - 1;
    while (await wasThere(Deno.remove(this.#pathOf(surplus)))) surplus++;
    for (let place = maxFiles - 2; place >= 0; place--) {
      await wasThere(Deno.rename(this.#pathOf(place), this.#pathOf(place + 1)));
    }
  }

  /** Returns the path of a file: 0 is the current one, 1 the one before it. */
  #pathOf(place: number): string {
    return `${this.directory}/${NAME}${place === 0 ? "" : `.${place}`}.log`;
  }
}

/** Whether `done`, an operation on a file, found the file. */
async function wasThere(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
