/**
 * Gives back what the system keeps in memory of the program's own file, the runtime: much of its code
 * and its tables is used at a start and never again, but stays until memory is short. What is needed
 * after all comes back from the system's cache of files when it is next touched. Measured in
 * scripts/bench/README.md.
 *
 * `madvise(2)` with `MADV_DONTNEED`, on another thread: it takes back only pages that are the file's,
 * so nothing can be lost.
 */

import type { Timer, Timers } from "../base/clock.ts";
import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "isize", nonblocking: true },
  close: { parameters: ["i32"], result: "i32", nonblocking: true },
  madvise: { parameters: ["usize", "usize", "i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const MADV_DONTNEED = 4;

/** Once the start is over, then from time to time, in milliseconds. */
const FIRST_MS = 5_000;
const EVERY_MS = 30_000;

/** The runtime itself may not read it, whatever it is permitted. */
const SMAPS = new TextEncoder().encode("/proc/self/smaps\0");

/** Addresses of memory. */
export interface MemoryRange {
  /** The first. */
  readonly start: bigint;
  /** In bytes. */
  readonly size: bigint;
}

/**
 * Memory that is nothing but what a file says, by the text of `/proc/self/smaps` (proc(5)): mapped
 * from a file, not to be written to, and without a page that is this process's own.
 */
export function filePages(smaps: string): MemoryRange[] {
  return smaps.split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m).flatMap((area) => {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [0-9a-f]+ \S+ [1-9][0-9]* +\//.exec(area);
    if (head === null || !/^Anonymous: +0 kB$/m.test(area)) return [];
    const start = BigInt(`0x${head[1]}`);
    return [{ start, size: BigInt(`0x${head[2]}`) - start }];
  });
}

/** Gives memory back from now on, until it is stopped; without a GNU C library it does nothing. */
export class ProgramPages {
  readonly #timers: Timers;
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS> | undefined;
  #ranges: readonly MemoryRange[] | undefined;
  #timer: Timer | undefined;
  #giving: Promise<void> | undefined;
  #isStopped = false;

  /** Begins; `firstMs` is the time until the first time, in milliseconds. */
  constructor(timers: Timers, firstMs: number = FIRST_MS) {
    this.#timers = timers;
    try {
      this.#library = loadLibc(SYMBOLS);
    } catch (error) {
      if (!(error instanceof LibcUnavailable)) throw error;
      return;
    }
    this.#wait(firstMs);
  }

  /** Stops once the call under way, if there is one, has returned. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#timers.clear(this.#timer);
    await this.#giving;
    this.#library?.close();
  }

  #wait(ms: number): void {
    this.#timer = this.#timers.after(ms, () => {
      this.#giving = this.#give().then(() => {
        if (!this.#isStopped) this.#wait(EVERY_MS);
      });
    });
  }

  async #give(): Promise<void> {
    const { madvise } = this.#library!.symbols;
    // What is mapped of the program does not change.
    this.#ranges ??= filePages(await this.#readSmaps());
    for (const { start, size } of this.#ranges) await madvise(start, size, MADV_DONTNEED);
  }

  /** Empty where it cannot be read. */
  async #readSmaps(): Promise<string> {
    const { open, read, close } = this.#library!.symbols;
    const file = await open(SMAPS, 0);
    if (file < 0) return "";
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(16 * 1024);
    let text = "";
    for (;;) {
      const count = Number(await read(file, buffer, BigInt(buffer.length)));
      if (count <= 0) break;
      text += decoder.decode(buffer.subarray(0, count), { stream: true });
    }
    await close(file);
    return text;
  }
}
