/**
 * What is said of a share that is a block: nothing that a miner finds is worth more.
 */

import { areaLog } from "../observe/log.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { JobHolder } from "./gone_jobs.ts";
import type { ScreenedJob, ShareOwner } from "./screening.ts";
import { writeExtranonces } from "./terms.ts";
import type { Worker } from "./upstream.ts";
import type { Rejected } from "./verdict.ts";

/** The miner that found it. */
export interface Finder extends ShareOwner {
  /** As pools may know it. */
  readonly worker: Worker;
}

/** What a block consists of. */
export interface BlockRecord {
  /** The miner that found it. */
  readonly finder: Finder;
  /** The connection that its job came from. */
  readonly holder: Pick<JobHolder, "upstream">;
  /** The job. */
  readonly job: ScreenedJob;
  /** The share. */
  readonly share: Share;
}

const log = areaLog("mux");

/** A block goes up. */
export function logBlock(found: BlockRecord): void {
  const { worker, pool, header } = textsOf(found);
  log.info(
    "Block found: {worker} has a share for {pool} that meets the network's target; it is sent " +
      "before all others. Header {header}",
    { worker, pool, header },
  );
}

/** A block cannot go up: its connection is gone. */
export function logLostBlock(found: BlockRecord): void {
  log.error(
    "BLOCK NOT SENT: {worker} found a block for a job of {pool}, whose connection is gone. Give " +
      "your pool this record at once: job {job}, header {header}, coinbase {coinbase}",
    textsOf(found),
  );
}

/** A block went up, or was about to, and no verdict comes: nobody knows whether the pool has it. */
export function logUnansweredBlock(found: BlockRecord): void {
  log.error(
    "BLOCK NOT ANSWERED: {worker} found a block for {pool}, which has not confirmed it, and no " +
      "answer can come any more. Give your pool this record at once: job {job}, header " +
      "{header}, coinbase {coinbase}",
    textsOf(found),
  );
}

/** The pool does not take a block. */
export function logRefusedBlock(found: BlockRecord, { poolCode, poolText }: Rejected): void {
  log.error(
    "BLOCK REFUSED: {pool} answered {code} {text} to a block that {worker} found. Ask your pool " +
      "why, and show it this record: job {job}, header {header}, coinbase {coinbase}",
    { ...textsOf(found), code: poolCode, text: poolText },
  );
}

function textsOf(
  { finder, holder: { upstream: { name: pool, terms: { extranonce: room } } }, job, share }:
    BlockRecord,
) {
  const extranonces = new Uint8Array(room.bytes);
  writeExtranonces(extranonces, room, finder, share.extranonce2);
  return {
    worker: finder.worker.name,
    pool,
    job: job.poolJobId,
    header: job.check!.headerOf(extranonces, share).toHex(),
    coinbase: job.check!.coinbaseOf(extranonces).toHex(),
  };
}
