/**
 * How many miners there is room for: each connection is an open file, and the system allows a
 * process a limited number of them.
 */

import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

/** Called on another thread, which costs less memory: see net/libc/library.ts. */
const SYMBOLS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const RLIMIT_NOFILE = 7;

/** No more miners than this in any case: session ids have 16 bits, and one is none. */
const MAX_MINERS = 0xffff;

/**
 * Files beside those of miners and pools: the log, what the runtime has open and some to spare, and
 * as many again for the connections of the status server.
 */
const OWN_FILES = 128;

/** What connections to pools need. */
export interface PoolFiles {
  /** How many of them there may be at a time, however few miners there are. */
  readonly connections: number;
  /** One more is opened for this number of miners; Infinity where one holds every miner. */
  readonly minersPerConnection: number;
  /** Whether every worker is to have one of its own, beside those for all. */
  readonly wantsOneEach: boolean;
}

/** How many miners there is room for. */
export interface Room {
  /** Most miners, at least 1. */
  readonly miners: number;
  /** Open files kept for everything else. */
  readonly reserve: number;
  /** How many of those connections to pools may take, beside those that are opened for more miners. */
  readonly poolConnections: number;
  /** How many connections of single workers there may be; 0 where none is wanted. */
  readonly workerConnections: number;
}

/**
 * How many files this process may have open; `undefined` where that cannot be found out, which is
 * anywhere but on Linux with the FFI permission. Deno raises the soft limit to the hard one.
 */
export async function openFileLimit(): Promise<number | undefined> {
  // struct rlimit: the limit that holds, then the highest it may be set to. The kernel's until the
  // call has returned, and kept by us for as long.
  const limits = new BigUint64Array(2);
  try {
    const library = loadLibc(SYMBOLS);
    const failure = await library.symbols.getrlimit(RLIMIT_NOFILE, limits);
    library.close();
    return failure < 0 ? undefined : Number(limits[0]);
  } catch (error) {
    if (error instanceof LibcUnavailable) return undefined;
    throw error;
  }
}

/**
 * Divides the files that may be open.
 *
 * @param openFiles As {@linkcode openFileLimit} says.
 * @param wanted The most miners the operator wants; `undefined` for as many as fit.
 * @param pools What is kept for connections to pools is at most a quarter of all, beside those for
 * more miners: not every sub-account will be there at once.
 */
export function roomForMiners(
  openFiles: number | undefined,
  wanted: number | undefined,
  { connections, minersPerConnection, wantsOneEach }: PoolFiles,
): Room {
  const most = wanted ?? MAX_MINERS;
  if (openFiles === undefined) {
    const workerConnections = wantsOneEach ? most : 0;
    return { miners: most, reserve: 0, poolConnections: connections, workerConnections };
  }
  const reserve = Math.min(OWN_FILES + connections, Math.floor(openFiles / 4));
  const left = openFiles - reserve;
  // Where nobody says how many miners there are, half of the files are theirs; else miners come first.
  const isHalved = wantsOneEach && wanted === undefined;
  const perMiner = 1 + 1 / minersPerConnection + (isHalved ? 1 : 0);
  const miners = Math.max(1, Math.min(most, Math.floor(left / perMiner)));
  const forMiners = Math.ceil(miners / minersPerConnection);
  const workerConnections = wantsOneEach
    ? Math.max(0, Math.min(miners, left - miners - forMiners))
    : 0;
  return {
    miners,
    reserve: reserve + forMiners + workerConnections,
    // Of next to nothing half.
    poolConnections: Math.max(reserve - OWN_FILES, Math.floor(reserve / 2)),
    workerConnections,
  };
}
