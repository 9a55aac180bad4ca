/**
 * The wait of an orderly stop: shares that were read are written to the pools and their verdicts
 * reach their miners, and no miner is kept longer than that takes.
 *
 * A miner that is kept stands still, since nothing more is read from it; a miner that is
 * disconnected turns to its backup pool at once. So each miner is disconnected as soon as its own
 * shares are answered, or will not be because their pool has fallen silent. Verdicts on shares that
 * were answered already are waited for without their miners.
 */

import { type Now, pause, type Timers } from "../base/clock.ts";
import type { Miners } from "../miner/miners.ts";
import type { Accounts } from "../mux/accounts.ts";
import type { ShareCounter } from "../mux/books/ledger.ts";
import type { HistogramSnapshot } from "../observe/histogram.ts";

/** How often it looks for verdicts, in milliseconds. */
const POLL_MS = 20;

/**
 * A pool gets this multiple of the mean time of its verdicts so far, within bounds in milliseconds.
 */
const MEANS = 4;
const LEAST_MS = 1_000;
const MOST_SILENT_MS = 3_000;

/** What an orderly stop works with. */
export interface DrainParts {
  /** The miners to disconnect. */
  readonly miners: Pick<Miners, "drain" | "letGo">;
  /** The accounts that hold their shares. */
  readonly accounts: Pick<Accounts, "awaited" | "flush" | "waitingBytes">;
  /** Where the shares are counted. */
  readonly counter: Pick<ShareCounter, "total" | "verdictLatency">;
}

/** How long verdicts are worth waiting for, in milliseconds; see {@linkcode Accounts.awaited}. */
export function patience({ counts, sumMs }: HistogramSnapshot): {
  readonly silentMs: number;
  readonly oldMs: number;
} {
  const verdicts = counts.reduce((sum, count) => sum + count, 0);
  const oldMs = verdicts === 0 ? MOST_SILENT_MS : Math.max(LEAST_MS, MEANS * sumMs / verdicts);
  return { silentMs: Math.min(oldMs, MOST_SILENT_MS), oldMs };
}

/**
 * Waits, at most `mostMs`, and disconnects miners one after the other.
 *
 * @returns how many shares were given up without a verdict.
 */
export async function drain(
  { miners, accounts, counter }: DrainParts,
  now: Now,
  timers: Timers,
  mostMs: number,
): Promise<number> {
  // Miners disconnected before the ports close would reconnect into a queue that is about to close.
  await miners.drain();
  accounts.flush();
  const { silentMs, oldMs } = patience(counter.verdictLatency.snapshot());
  const before = counter.total.get("unansweredStopped");
  const deadline = now() + mostMs;
  let waitingBytes = accounts.waitingBytes;
  let writtenAt = now();
  for (;;) {
    const isOver = now() >= deadline;
    const awaited = isOver ? accounts.awaited(0, 0) : accounts.awaited(silentMs, oldMs);
    if (accounts.waitingBytes !== waitingBytes) writtenAt = now();
    waitingBytes = accounts.waitingBytes;
    const isWriting = waitingBytes > 0 && now() - writtenAt < silentMs;
    if (isOver || (awaited.shares === 0 && !isWriting)) break;
    miners.letGo(awaited.miners);
    await pause(timers, POLL_MS);
  }
  return counter.total.get("unansweredStopped") - before;
}
