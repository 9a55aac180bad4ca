/**
 * Log lines about an account's connections that work, and about pools that do no work. The lines
 * about pools that cannot be reached, refuse us or are lost are in trouble_log.ts.
 */

import { KIND_IN_WORDS, type KindOfPool } from "../base/pool_kind.ts";
import { areaLog } from "../observe/log.ts";
import type { ReadyUpstream } from "./connection.ts";
import type { UpstreamRole } from "../mux/upstreams.ts";
import type { PayoutChange } from "./paid_outputs.ts";
import type { ListedPool } from "./settings.ts";
import { likelyCause, type RefusalRun } from "./refusal_watch.ts";

const log = areaLog("pool");

/** Logs that a handshake is done, `ms` milliseconds after the connection was opened. */
export function logConnected(
  { name, terms, versionMask }: ReadyUpstream,
  kind: KindOfPool,
  account: string,
  ms: number,
): void {
  log.info(
    "Pool {pool} connected as {account} ({kind}) after {ms} ms: {verdicts}, {mask}",
    {
      pool: name,
      kind: KIND_IN_WORDS[kind],
      account,
      ms: Math.round(ms),
      verdicts: terms.verdicts === "given" ? "verdicts on each share" : "no verdicts",
      mask: versionMask === 0
        ? "no version rolling"
        : `version mask ${versionMask.toString(16).padStart(8, "0")}`,
    },
  );
}

/** Logs that miners work on this connection from now on. */
export function logServes(poolName: string): void {
  log.info("Pool {pool} serves miners", { pool: poolName });
}

/** Logs that `waiting` miners have no room and that no more connections are opened for them. */
export function logFull(
  poolName: string,
  { connections, waiting, pool: { minersPerConnection } }: {
    readonly connections: number;
    readonly waiting: number;
    readonly pool: ListedPool;
  },
): void {
  log.warn(
    "Pool {pool} has {connections|connection}, the most for one account. Miners waiting for a " +
      "place: {waiting}. They are disconnected after outage.grace_seconds. {advice}",
    {
      pool: poolName,
      connections,
      waiting,
      advice: minersPerConnection === undefined
        ? "Use a pool that leaves more bytes for extranonce2"
        : `Raise miners_per_connection, which is ${minersPerConnection}`,
    },
  );
}

/** Why miners move from one connection to another. */
export type MoveReason = "halfDead" | "replaced" | "unwanted" | "pinned" | {
  readonly healthyForMs: number;
};

/** Logs that miners are about to move from the connection `before` to another. */
export function logMove(before: string, poolName: string, reason: MoveReason): void {
  const pool = poolName;
  if (reason === "halfDead") {
    log.info("Miners leave half-dead pool {before} and move to {pool}", { before, pool });
  } else if (reason === "replaced") {
    log.info("Pool {before} asked for another connection: miners move to {pool}", { before, pool });
  } else if (reason === "unwanted") {
    log.info("Pool {before} was removed from the list or changed: miners move to {pool}", {
      before,
      pool,
    });
  } else if (reason === "pinned") {
    log.info("Pool {pool} is pinned: miners move to it", { pool });
  } else {
    log.info("Pool {pool} has been healthy for {seconds} s: miners return to it", {
      pool,
      seconds: Math.round(reason.healthyForMs / 1000),
    });
  }
}

/** Logs that a pool rejected most shares of a connection. */
export function logRefusals({ name, terms }: ReadyUpstream, run: RefusalRun): void {
  log.warn(
    "Pool {pool} rejects most shares: {refused} of {judged} in {seconds} s with {status} " +
      '"{text}". Likely cause: {cause}',
    {
      pool: name,
      kind: run.kind,
      status: run.status,
      text: run.text,
      refused: run.refused,
      judged: run.judged,
      ms: run.ms,
      isOfSeveral: run.isOfSeveral,
      seconds: Math.round(run.ms / 1000),
      cause: likelyCause(run, terms.validation === "here"),
    },
  );
}

/** Logs that a pool works on a block that pool `other` left `ms` milliseconds ago. */
export function logBehind(poolName: string, other: string, ms: number): void {
  log.warn(
    "Pool {pool} works on an old block: {other} sent a job for the next one {seconds} s ago. " +
      "Shares for old blocks may earn nothing: ask the pool, or pin another pool",
    { pool: poolName, other, seconds: Math.floor(ms / 1000) },
  );
}

/**
 * Logs that pool `other` left a pool's block `ms` milliseconds ago, and no third pool shows which
 * is right.
 */
export function logApart(poolName: string, other: string, ms: number): void {
  log.warn(
    "Pools {pool} and {other} work on different blocks: {other} moved to another block " +
      "{seconds} s ago, {pool} did not. One of them is wrong: compare with a block explorer",
    { pool: poolName, other, seconds: Math.floor(ms / 1000) },
  );
}

/** Logs that a pool's job does not pay an output that earlier jobs paid. */
export function logPayoutChange(poolName: string, { gone, paid, isHabit }: PayoutChange): void {
  const values = { pool: poolName, gone: listed(gone), paid: listed(paid) };
  if (isHabit) {
    log.warn(
      "Pool {pool} keeps changing the outputs that its jobs pay, as pools that split the " +
        "reward do. From now on, btcagent watches only outputs that every job has paid. No " +
        "longer paid: {gone}; paid now: {paid}",
      values,
    );
  } else {
    log.warn(
      "Pool {pool} sent a job that does not pay {gone}, which earlier jobs paid; it pays {paid}. " +
        "If you do not know why, ask the pool: someone between you and the pool may have " +
        "changed its jobs. TLS prevents that",
      values,
    );
  }
}

/** Scripts for the log: the first few of them, and the first bytes of each. */
function listed(scripts: readonly string[]): string {
  if (scripts.length === 0) return "nobody";
  const shown = scripts.slice(0, MOST_SCRIPTS).map((script) =>
    script.length > MOST_SCRIPT_DIGITS ? `${script.slice(0, MOST_SCRIPT_DIGITS)}…` : script
  );
  const more = scripts.length - shown.length;
  return `script ${shown.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const MOST_SCRIPTS = 4;
const MOST_SCRIPT_DIGITS = 80;

/** Logs that a pool does no work. It is not retried for `aloneMs`, unless it is the only pool. */
export function logHalfDead(
  poolName: string,
  role: UpstreamRole,
  sign: string,
  isOnly: boolean,
  aloneMs: number,
): void {
  log.warn(
    isOnly
      ? "Pool {pool} is half dead ({role}): {sign}. There is no other pool: reconnecting to it"
      : "Pool {pool} is half dead ({role}): {sign}. Leaving it as soon as another pool is " +
        "ready; retrying it in {minutes} min",
    {
      pool: poolName,
      role: role === "active" ? "serving" : "spare",
      sign,
      minutes: Math.ceil(aloneMs / 60_000),
    },
  );
}
