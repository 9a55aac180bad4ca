/**
 * What the log says of pools that are not reached, refuse us or are lost, and of being without any: a
 * line for each pool and outage, then one a minute, over all accounts.
 */

import type { Now } from "../base/clock.ts";
import { formatAddress } from "../base/peer_address.ts";
import { areaLog } from "../observe/log.ts";
import { type DueLine, OutageLines } from "../observe/outage_lines.ts";
import type { ListedPool } from "./settings.ts";

/** One end of a connection. */
export interface PoolTrouble {
  /** The connection, for the log: `host:port #3`. */
  readonly name: string;
  /** The pool and the account. */
  readonly pool: ListedPool;
  /** Why. */
  readonly reason: string;
  /** When the next try is, in words. */
  readonly next: string;
}

const log = areaLog("pool");

/** The trouble of accounts that no pool serves, whichever they are. */
const UNSERVED = "unserved";

/** See above. One for all accounts of the process. */
export class PoolTroubleLog {
  readonly #lines: OutageLines;

  /** `now` is monotonic, in milliseconds. */
  constructor(now: Now) {
    this.#lines = new OutageLines(now);
  }

  /** A connection could not be made. */
  notReached(trouble: PoolTrouble): void {
    const line = this.#lines.failed(`not reached ${where(trouble.pool)}`);
    if (line !== undefined) say("Pool {pool} not reached: {reason}; {next}{more}", trouble, line);
  }

  /** The pool was reached and does not take us; `isOfAccount` if it is for the sub-account's sake. */
  refused(trouble: PoolTrouble, isOfAccount: boolean): void {
    const line = this.#lines.failed(refusal(trouble.pool, isOfAccount));
    if (line !== undefined) say("Pool {pool} refused: {reason}; {next}{more}", trouble, line);
  }

  /** A connection is gone that was ready; `role` as in "serving". */
  lost(trouble: PoolTrouble, role: "serving" | "spare"): void {
    const line = this.#lines.failed(`lost ${role} ${where(trouble.pool)}`);
    if (line === undefined) return;
    say("Pool {pool} lost ({role}): {reason}; {next}{more}", trouble, line, { role });
  }

  /** A pool gets no more spares, since it closed `closes` that never served. */
  cold(pool: ListedPool, closes: number): void {
    const line = this.#lines.failed(`cold ${where(pool)}`);
    if (line === undefined) return;
    log.info(
      "Pool {pool} closed {closes} spare connections that had nothing to do: from now on it is " +
        "connected to when it is needed{more}",
      { pool: where(pool), closes, more: repeated(line) },
    );
  }

  /** A worker, which the pool knows as `user`, has no connection of its own, or it is gone. */
  ofWorker(trouble: Omit<PoolTrouble, "next">, user: string): void {
    const line = this.#lines.failed(`worker ${where(trouble.pool)}`);
    if (line === undefined) return;
    const template =
      "Pool {pool} is not connected for {worker}: {reason}; its miners work on the " +
      "connection for all{more}";
    say(template, trouble, line, { worker: user });
  }

  /** No pool serves an account; `isKeptBusy` if its miners get made-up jobs meanwhile. */
  unserved(isKeptBusy: boolean): void {
    const line = this.#lines.failed(UNSERVED);
    if (line === undefined) return;
    const consequence = isKeptBusy
      ? "miners are kept busy with made-up jobs, which earn nothing"
      : "miners wait for outage.grace_seconds, then they are disconnected, so that they turn to " +
        "their own backup";
    log.warn("No pool answers: {consequence}{more}", { consequence, more: repeated(line) });
  }

  /** One serves it again. */
  served(): void {
    this.#lines.works(UNSERVED);
  }

  /** A connection is ready. */
  connected(pool: ListedPool): void {
    const at = where(pool);
    for (const about of ["not reached", "lost serving", "lost spare", "worker"]) {
      this.#lines.works(`${about} ${at}`);
    }
    for (const isOfAccount of [false, true]) this.#lines.works(refusal(pool, isOfAccount));
  }
}

function say(
  template: string,
  { name, reason, next }: Omit<PoolTrouble, "next" | "pool"> & Partial<PoolTrouble>,
  line: DueLine,
  values: { readonly role?: string; readonly worker?: string } = {},
): void {
  log.warn(template, { pool: name, reason, next, more: repeated(line), ...values });
}

function repeated({ more, seconds }: DueLine): string {
  return more === 0 ? "" : `; ${more} more like this in ${seconds} s`;
}

function where({ host, port }: ListedPool): string {
  return formatAddress({ hostname: host, port });
}

/** Each sub-account that is refused is a trouble of its own: somebody has to mend its name. */
function refusal(pool: ListedPool, isOfAccount: boolean): string {
  return `refused ${where(pool)}${isOfAccount ? ` ${pool.account}` : ""}`;
}
