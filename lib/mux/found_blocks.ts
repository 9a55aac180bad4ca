/**
 * What is said of a share that is a block: nothing that a miner finds is worth more.
 */

import { areaLog } from "../observe/log.ts";
import type { Share } from "../protocol/stratum/share.ts";
import type { JobHolder } from "./gone_jobs.ts";
import type { ScreenedJob, ShareOwner } from "./screening.ts";
import { writeExtranonces } from "./terms.ts";
import type { Worker } from "./upstream.ts";

/** The miner that found it. */
export interface Finder extends ShareOwner {
  /** As pools may know it. */
  readonly worker: Worker;
}

const log = areaLog("mux");

/** A block goes up. */
export function logBlock(finder: Finder, holder: JobHolder, job: ScreenedJob, share: Share): void {
  const { upstream: { name: pool } } = holder;
  const { name: worker } = finder.worker;
  const { header } = recordOf(finder, holder, job, share);
  log.info(
    "Block found: {worker} has a share for {pool} that meets the network's target; it is sent " +
      "before all others. Header {header}",
    { worker, pool, header },
  );
}

/** A block cannot go up: its connection is gone. */
export function logLostBlock(
  finder: Finder,
  holder: JobHolder,
  job: ScreenedJob,
  share: Share,
): void {
  const { upstream: { name: pool } } = holder;
  const { name: worker } = finder.worker;
  const record = recordOf(finder, holder, job, share);
  log.error(
    "BLOCK NOT SENT: {worker} found a block for a job of {pool}, whose connection is gone. Give " +
      "your pool this record at once: job {job}, header {header}, coinbase {coinbase}",
    { worker, pool, job: job.poolJobId, ...record },
  );
}

function recordOf(
  finder: Finder,
  { upstream: { terms: { extranonce: room } } }: JobHolder,
  { check }: ScreenedJob,
  share: Share,
): { readonly header: string; readonly coinbase: string } {
  const extranonces = new Uint8Array(room.bytes);
  writeExtranonces(extranonces, room, finder, share.extranonce2);
  return {
    header: check!.headerOf(extranonces, share).toHex(),
    coinbase: check!.coinbaseOf(extranonces).toHex(),
  };
}
