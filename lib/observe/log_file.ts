/**
 * The file of the log and those before it: `btcagent.log`, `btcagent.1.log`, `btcagent.2.log` …
 *
 * A file that would grow too long becomes the first of the older ones, and the oldest is removed.
 * Files change places by renaming alone, so that a line is always in exactly one of them. Where the
 * file or its folder was taken away (by a person or by `logrotate`) a new one is begun.
 */

import type { LogTarget } from "./log_writer.ts";

/** How much is kept. */
export interface LogFileLimits {
  /** A file is at most so long, in bytes, unless a single write is longer. */
  readonly maxFileBytes: number;
  /** How many files there are, the one in use among them; 2 or more. */
  readonly maxFiles: number;
}

const NAME = "btcagent";

/** A file that is written by one `LineWriter`, which never has two writes under way. */
export class LogFile implements LogTarget {
  readonly path: string;
  /** Where it and those before it are. */
  readonly directory: string;
  /** May be changed at any time and holds from the next write on. */
  limits: LogFileLimits;
  #file: Deno.FsFile | undefined;
  /** Bytes in the file. */
  #size = 0;

  /** Touches nothing before the first write. */
  constructor(directory: string, limits: LogFileLimits) {
    this.directory = directory;
    this.limits = limits;
    this.path = this.#pathOf(0);
  }

  /**
   * Adds all bytes, or none: half a line helps nobody.
   *
   * @throws whatever is in the way (rejects): a full disk, a lost permission. May be called again.
   */
  async write(bytes: Uint8Array): Promise<number> {
    try {
      const file = await this.#fileFor(bytes.length);
      await this.#writeAll(file, bytes);
    } catch (error) {
      // What is wrong with this descriptor must not outlast it.
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

  /** The open file with room for so many bytes. */
  async #fileFor(length: number): Promise<Deno.FsFile> {
    if (this.#file !== undefined && !await this.#isInPlace(this.#file)) this.close();
    const file = this.#file ?? await this.#open();
    if (this.#size === 0 || this.#size + length <= this.limits.maxFileBytes) return file;
    this.close();
    await this.#rotate();
    return await this.#open();
  }

  /** Whether `file` is still the one at the path; notes its size, which others may have changed. */
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

  /** Moves each file one place on, and removes those that are too many. */
  async #rotate(): Promise<void> {
    const { maxFiles } = this.limits;
    let surplus = maxFiles - 1;
    while (await wasThere(Deno.remove(this.#pathOf(surplus)))) surplus++;
    for (let place = maxFiles - 2; place >= 0; place--) {
      await wasThere(Deno.rename(this.#pathOf(place), this.#pathOf(place + 1)));
    }
  }

  /** 0 is the file in use, 1 the one before it. */
  #pathOf(place: number): string {
    return `${this.directory}/${NAME}${place === 0 ? "" : `.${place}`}.log`;
  }
}

/** Whether there was a file for what is `done` to it. */
async function wasThere(done: Promise<void>): Promise<boolean> {
  try {
    await done;
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
