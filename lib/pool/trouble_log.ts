/**
 * Log lines about pools that cannot be reached, refuse us or are lost, and about having no pool:
 * one line for each pool and outage, then one a minute, for all accounts together.
 */

import type { Now } from "../base/clock.ts";
import { formatAddress } from "../base/peer_address.ts";
import { areaLog } from "../observe/log.ts";
import { type DueLine, OutageLines } from "../observe/outage_lines.ts";
import type { ListedPool } from "./settings.ts";

/** How a connection to a pool ended. */
export interface PoolTrouble {
  /** The connection, for the log: `host:port #3`. */
  readonly name: string;
  /** Which pool, and for which account. */
  readonly pool: ListedPool;
  /** Why it ended. */
  readonly reason: string;
  /** When btcagent tries again, in words. */
  readonly next: string;
}

const log = areaLog("pool");

/** The name of the trouble of having no pool; all accounts share it. */
const UNSERVED = "unserved";

/** Writes these lines, each as often as it is due. One for all accounts of the process. */
export class PoolTroubleLog {
  readonly #lines: OutageLines;

  /** `now` is monotonic, in milliseconds. */
  constructor(now: Now) {
    this.#lines = new OutageLines(now);
  }

  /** Logs that a connection could not be made. */
  notReached(trouble: PoolTrouble): void {
    const line = this.#lines.failed(`not reached ${where(trouble.pool)}`);
    if (line !== undefined) say("Pool {pool} not reached: {reason}; {next}{more}", trouble, line);
  }

  /** Logs that the pool was reached and refused us; `isOfAccount` if because of the sub-account. */
  refused(trouble: PoolTrouble, isOfAccount: boolean): void {
    const line = this.#lines.failed(refusal(trouble.pool, isOfAccount));
    if (line !== undefined) say("Pool {pool} refused: {reason}; {next}{more}", trouble, line);
  }

  /** Logs that a connection that was ready is lost; `role` says what it was used for. */
  lost(trouble: PoolTrouble, role: "serving" | "spare"): void {
    const line = this.#lines.failed(`lost ${role} ${where(trouble.pool)}`);
    if (line === undefined) return;
    say("Pool {pool} lost ({role}): {reason}; {next}{more}", trouble, line, { role });
  }

  /** Logs that a pool gets no more spares, since it closed `closes` of them that never served. */
  cold(pool: ListedPool, closes: number): void {
    const line = this.#lines.failed(`cold ${where(pool)}`);
    if (line === undefined) return;
    log.info(
      "Pool {pool} closed {closes} idle spare connections: from now on, connecting to it only " +
        "when it is needed{more}",
      { pool: where(pool), closes, more: repeated(line) },
    );
  }

  /**
   * Logs that a worker, which the pool knows as `user`, could not get or has lost its connection.
   */
  ofWorker(trouble: Omit<PoolTrouble, "next">, user: string): void {
    const line = this.#lines.failed(`worker ${where(trouble.pool)}`);
    if (line === undefined) return;
    const template =
      "Pool {pool} has no connection for worker {worker}: {reason}; its miners work on the " +
      "shared connection{more}";
    say(template, trouble, line, { worker: user });
  }

  /** Logs that no pool serves an account; `isKeptBusy` if its miners get made-up jobs meanwhile. */
  unserved(isKeptBusy: boolean): void {
    const line = this.#lines.failed(UNSERVED);
    if (line === undefined) return;
    const consequence = isKeptBusy
      ? "miners are kept busy with made-up jobs, which earn nothing"
      : "miners wait for outage.grace_seconds and are then disconnected, so that they turn to " +
        "their own backup pools";
    log.warn("No pool answers: {consequence}{more}", { consequence, more: repeated(line) });
  }

  /** A pool serves the account again. */
  served(): void {
    this.#lines.works(UNSERVED);
  }

  /** A connection to `pool` is ready. */
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

/** Each refused sub-account is a trouble of its own: someone has to correct its name. */
function refusal(pool: ListedPool, isOfAccount: boolean): string {
  return `refused ${where(pool)}${isOfAccount ? ` ${pool.account}` : ""}`;
}
