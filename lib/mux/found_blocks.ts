/**
 * Logs shares that are blocks: nothing that a miner finds is worth more.
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
  /** Its identity for pools. */
  readonly worker: Worker;
}

/** The parts of a block. */
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

/** Logs a block that is sent. */
export function logBlock(found: BlockRecord): void {
  const { worker, pool, header } = textsOf(found);
  log.info(
    "Block found: {worker} has a share for {pool} that meets the network's target; it is sent " +
      "before all others. Header {header}",
    { worker, pool, header },
  );
}

/** Logs a block that cannot be sent because its connection is gone. */
export function logLostBlock(found: BlockRecord): void {
  log.error(
    "BLOCK NOT SENT: {worker} found a block for a job of {pool}, whose connection is gone. Give " +
      "your pool this record at once: job {job}, header {header}, coinbase {coinbase}",
    textsOf(found),
  );
}

/**
 * Logs a block that was sent, or was about to be, and gets no verdict: it is not known whether the
 * pool has it.
 */
export function logUnansweredBlock(found: BlockRecord): void {
  log.error(
    "BLOCK NOT ANSWERED: {worker} found a block for {pool}, which has not confirmed it, and no " +
      "answer can come any more. Give your pool this record at once: job {job}, header " +
      "{header}, coinbase {coinbase}",
    textsOf(found),
  );
}

/** Logs a block that the pool rejected. */
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
