/**
 * Converts a share to the form that all kinds of pools get, whatever the miner's layout.
 */

import type { Share } from "../protocol/stratum/share.ts";
import type { ShareOwner } from "./screening.ts";
import { alignedExtranonce2, isPaired } from "./terms.ts";
import type { PoolJob, Upstream } from "./upstream.ts";

/** Submits a share: see {@linkcode Upstream.submit}. */
export function sendShare(
  upstream: Upstream,
  serial: number,
  { sessionId, layout }: ShareOwner,
  job: PoolJob,
  share: Share,
  isBlock: boolean,
): boolean {
  const aligned = alignedExtranonce2(share.extranonce2, layout);
  if (isPaired(upstream.terms.extranonce, layout)) {
    // The room has one byte for the session id, so the rest of the id goes before the miner's
    // bytes.
    const extranonce2 = ((sessionId & 0xff) << 24 | aligned >>> 8) >>> 0;
    const sent = { ...share, extranonce2 };
    return upstream.submit(serial, sessionId >>> 8, job, sent, isBlock, sessionId);
  }
  const sent = aligned === share.extranonce2 ? share : { ...share, extranonce2: aligned };
  return upstream.submit(serial, sessionId, job, sent, isBlock);
}
