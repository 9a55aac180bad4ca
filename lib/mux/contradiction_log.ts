/**
 * Logs verdicts that contradict our own arithmetic: one line a minute for each pool and kind, and
 * at level debug every such share in full, to show to the pool.
 */

import type { Now } from "../base/clock.ts";
import { areaLog } from "../observe/log.ts";
import { OutageLines } from "../observe/outage_lines.ts";
import type { Contradiction } from "./verdict_check.ts";
import type { Upstream } from "./upstream.ts";

const log = areaLog("mux");

const DID: Readonly<Record<Contradiction["kind"], string>> = {
  acceptedTooLow: "accepted a share that is too low",
  rejectedThoughGood: "rejected a good share as low difficulty",
};

/** The log of contradictions, one for all accounts of the process. */
export class ContradictionLog {
  readonly #lines: OutageLines;

  /** `now` is monotonic, in milliseconds. */
  constructor(now: Now) {
    this.#lines = new OutageLines(now);
  }

  /** Logs a verdict that contradicts us. */
  say({ poolId, name: pool }: Pick<Upstream, "poolId" | "name">, found: Contradiction): void {
    const { kind, worth, difficulty } = found;
    log.debug(
      "Pool {pool} contradicts our calculation ({kind}): job {job}, worker {worker}, extranonces " +
        "{extranonces}, ntime {ntime}, nonce {nonce}, version bits {bits}, header {header}, hash " +
        "{hash}, worth {worth}, difficulty {difficulty}",
      {
        pool,
        kind,
        job: found.job.poolJobId,
        worker: found.finder.worker.name,
        extranonces: found.extranonces,
        ntime: hex32(found.share.ntime),
        nonce: hex32(found.share.nonce),
        bits: hex32(found.share.versionBits),
        header: found.header,
        hash: found.hash,
        worth,
        difficulty,
      },
    );
    const line = this.#lines.failed(`${kind} ${poolId}`);
    if (line === undefined) return;
    const { more, seconds } = line;
    log.warn(
      "Pool {pool} {did} by our own calculation: worth {worth}, required {difficulty}. Ask the " +
        "pool about it; set log.levels.mux to debug to log every such share{more}",
      {
        pool,
        kind,
        did: DID[kind],
        worth: rounded(worth),
        difficulty,
        more: more === 0 ? "" : `; ${more} more like this in ${seconds} s`,
      },
    );
  }
}

function hex32(value: number): string {
  return (value >>> 0).toString(16).padStart(8, "0");
}

function rounded(worth: number): number {
  return Number(worth.toPrecision(5));
}
