/**
 * Gives back memory that holds parts of the program's own file, the runtime: much of its code and
 * tables is used only at the start, but stays in memory until memory is short. Pages that are
 * needed again come back from the system's file cache. Measured in scripts/bench/README.md.
 *
 * `madvise(2)` with `MADV_DONTNEED`, on another thread: it drops only pages that are copies of the
 * file, so nothing can be lost.
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

/** The first time is after the start, the others at an interval, in milliseconds. */
const FIRST_MS = 5_000;
const EVERY_MS = 30_000;

/** The runtime itself may not read this file, whatever its permissions. */
const SMAPS = new TextEncoder().encode("/proc/self/smaps\0");

/** Addresses of memory. */
export interface MemoryRange {
  /** The first. */
  readonly start: bigint;
  /** In bytes. */
  readonly size: bigint;
}

/**
 * Memory that only mirrors a file, from the text of `/proc/self/smaps` (proc(5)): mapped from a
 * file, not writable, and without pages of this process's own.
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

  /** Starts; `firstMs` is the time until the first call, in milliseconds. */
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
    // The mapping of the program does not change.
    this.#ranges ??= filePages(await this.#readSmaps());
    for (const { start, size } of this.#ranges) await madvise(start, size, MADV_DONTNEED);
  }

  /** Empty if it cannot be read. */
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
