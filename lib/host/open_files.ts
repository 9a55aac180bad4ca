/**
 * Computes how many miners can connect: each connection is an open file, and the system limits the
 * open files of a process.
 */

import { LibcUnavailable, loadLibc } from "../net/libc/library.ts";

/** Called on another thread, which costs less memory: see net/libc/library.ts. */
const SYMBOLS = {
  getrlimit: { parameters: ["i32", "buffer"], result: "i32", nonblocking: true },
} as const satisfies Deno.ForeignLibraryInterface;

const RLIMIT_NOFILE = 7;

/** The most miners in any case: session ids have 16 bits, and one value means none. */
const MAX_MINERS = 0xffff;

/**
 * Open files that are not connections to miners or pools: the log, the runtime's own and some to
 * spare, and the same number for connections of the status server.
 */
const OWN_FILES = 128;

/** The open files that connections to pools need. */
export interface PoolFiles {
  /** How many of these connections there may be at a time, however few miners there are. */
  readonly connections: number;
  /**
   * One more connection is opened for each such number of miners; Infinity if one connection holds
   * all miners.
   */
  readonly minersPerConnection: number;
  /** Whether every worker gets its own connection, in addition to the shared ones. */
  readonly wantsOneEach: boolean;
}

/** The room for miners and pools. */
export interface Room {
  /** Most miners, at least 1. */
  readonly miners: number;
  /** Open files kept for everything else. */
  readonly reserve: number;
  /**
   * How many of the reserve connections to pools may take, not counting those opened for more
   * miners.
   */
  readonly poolConnections: number;
  /** How many connections of single workers there may be; 0 if they are not wanted. */
  readonly workerConnections: number;
}

/**
 * How many files this process may have open; `undefined` if that cannot be found out: it needs
 * Linux and the FFI permission. Deno raises the soft limit to the hard one.
 */
export async function openFileLimit(): Promise<number | undefined> {
  // struct rlimit: the limit in force, then the highest it may be set to. The kernel writes it
  // until the call returns, so we keep a reference that long.
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
 * Divides the open files between miners and everything else.
 *
 * @param openFiles As {@linkcode openFileLimit} says.
 * @param wanted The most miners that the operator wants; `undefined` for as many as fit.
 * @param pools At most a quarter of all files is kept for connections to pools, not counting those
 * for more miners: not every sub-account will connect at once.
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
  // If the operator sets no number of miners, miners get half of the files; otherwise miners come
  // first.
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
    // With very few files, half of the reserve.
    poolConnections: Math.max(reserve - OWN_FILES, Math.floor(reserve / 2)),
    workerConnections,
  };
}
