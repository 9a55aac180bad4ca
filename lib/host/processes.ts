/**
 * Reads about other processes on Linux from `/proc`, and signals them. Deno lets only a program
 * with all permissions read `/proc`, so it is read through the C library.
 *
 * Memory: one array for each file, which holds its name and then its content. Each call gets the
 * array with its own length. The array is used after the last call, so it is not collected earlier
 * (net/libc/calls.ts has the rules).
 */

import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

/** Called on another thread, which costs less memory: see net/libc/library.ts. */
const SYMBOLS = {
  open: { parameters: ["buffer", "i32"], result: "i32", nonblocking: true },
  read: { parameters: ["i32", "buffer", "usize"], result: "i32", nonblocking: true },
  close: { parameters: ["i32"], result: "i32", nonblocking: true },
  kill: { parameters: ["i32", "i32"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const O_RDONLY_CLOEXEC = 0x80000;
const SIGHUP = 1;

/** The most that is read of a file: enough to recognize any command line. */
const MAX_BYTES = 4096;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A running process. */
export interface ProcessInfo {
  /** The process that started it, or took it over. */
  readonly parent: number;
  /** When it was started: this differs between two processes that had the same id. */
  readonly startedAt: string;
  /** Its arguments, the program first; the first {@linkcode MAX_BYTES} bytes. */
  readonly args: readonly string[];
}

/** The processes of this machine. */
export class Processes {
  readonly #library: Deno.DynamicLibrary<typeof SYMBOLS>;

  private constructor(library: Deno.DynamicLibrary<typeof SYMBOLS>) {
    this.#library = library;
  }

  /** Loads the C library; `undefined` if it is not available. */
  static load(): Processes | undefined {
    try {
      return new Processes(loadLibc(SYMBOLS));
    } catch (error) {
      if (error instanceof LibcUnavailable) return undefined;
      throw error;
    }
  }

  /** The process `pid`; `undefined` if it has ended, or is hidden from us. */
  async find(pid: number): Promise<ProcessInfo | undefined> {
    const stat = parseStat(await this.#read(`/proc/${pid}/stat`));
    if (stat === undefined) return undefined;
    const args = (await this.#read(`/proc/${pid}/cmdline`)).replace(/\0$/, "").split("\0");
    return { ...stat, args };
  }

  /** Asks the process `pid` to reload. Returns whether it could be asked. */
  async hangUp(pid: number): Promise<boolean> {
    return await this.#library.symbols.kill(pid, SIGHUP) === 0;
  }

  /** Unloads the library. No call may be under way. */
  close(): void {
    this.#library.close();
  }

  /** The first bytes of a file; empty if it cannot be read. */
  async #read(path: string): Promise<string> {
    const { open, read, close } = this.#library.symbols;
    const buffer = new Uint8Array(MAX_BYTES);
    encoder.encodeInto(`${path}\0`, buffer);
    const file = await open(buffer, O_RDONLY_CLOEXEC);
    const count = file < 0 ? 0 : await read(file, buffer, BigInt(buffer.length));
    if (file >= 0) await close(file);
    return decoder.decode(buffer.subarray(0, Math.max(0, count)));
  }
}

/**
 * Parses `/proc/PID/stat` (proc(5)); `undefined` for a process that has ended and waits for its
 * parent.
 */
export function parseStat(
  text: string,
): Pick<ProcessInfo, "parent" | "startedAt"> | undefined {
  // The name in brackets may contain any character, also brackets.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state = "", parent = ""] = fields;
  const startedAt = fields[19];
  if (startedAt === undefined || /^[ZXx]$/.test(state)) return undefined;
  return { parent: Number(parent), startedAt };
}
