/**
 * How a simulated Stratum V2 pool judges a share. Its work is always real: coinbase, merkle root and
 * header are rebuilt and hashed, and held against the target of the job.
 */

import { parseHex32 } from "../../base/hex.ts";
import type { SubmitSharesExtended } from "../../protocol/sv2/share.ts";
import { proofOf } from "../stratum_pool/proof.ts";
import type { ChannelJob } from "./channel_jobs.ts";
import type { Sv2BadBehaviour } from "./ledger.ts";
import { coinbaseWith } from "./made_job.ts";
import type { Sv2Traits } from "./personality.ts";

/** Version bits that the reference pool lets a share change (BIP323). */
const WIDEST_MASK = 0x1fffffe0;
/** Version bits that all pools let a share change (BIP320). */
const SAFE_MASK = 0x1fffe000;
const TOP_BIT = 0x80000000;
const MAX_SECONDS_AHEAD = 7_200;

/** What a share is worth. */
export type Sv2Verdict =
  | {
    readonly kind: "accepted";
    /** The target of its job. */
    readonly target: bigint;
    /** Whether it is a block. */
    readonly isBlock: boolean;
  }
  | {
    readonly kind: "refused";
    /** The error code. */
    readonly code: string;
  }
  /** The pool breaks and closes the connection. */
  | { readonly kind: "broken" };

/**
 * Judges a share.
 *
 * @param job the job that it names; `undefined` if the channel has none of this id.
 * @param bad is told what no good client does, whether the pool minds or not.
 */
export function judgeSv2Share(
  share: SubmitSharesExtended,
  job: ChannelJob | undefined,
  traits: Sv2Traits,
  nowMs: number,
  bad: (kind: Sv2BadBehaviour) => void,
): Sv2Verdict {
  if (traits.breaksOnTopBit && (share.version & TOP_BIT) !== 0) {
    bad("versionBits");
    return { kind: "broken" };
  }
  if (job === undefined || job.state === "future" || job.state === "dropped") {
    if (job !== undefined) bad("foreignJob");
    return refused("invalid-job-id");
  }
  if (!job.isSane) bad("insaneJob");
  const problem = formProblem(share, job, bad);
  if (job.state === "stale" && nowMs - job.staleAtMs >= traits.staleGraceMs) {
    return refused("stale-share");
  }
  if (problem !== undefined && !traits.isLenient) return refused(problem);
  const { hash, isBlock } = proofOf(job.job, {
    coinbase: coinbaseWith(job.job, job.prefix, share.extranonce.toHex()),
    version: share.version,
    time: share.ntime,
    nonce: share.nonce,
  });
  if (hash > job.target) return refused("difficulty-too-low");
  if (job.shares.has(hash)) return refused(traits.duplicateCode);
  job.shares.add(hash);
  return { kind: "accepted", target: job.target, isBlock };
}

/** The code of what is wrong with a share's form, if anything. */
function formProblem(
  share: SubmitSharesExtended,
  job: ChannelJob,
  bad: (kind: Sv2BadBehaviour) => void,
): string | undefined {
  let problem: string | undefined;
  const jobVersion = parseHex32(job.job.version)!;
  const bits = share.version ^ jobVersion;
  if (share.ntime > job.minNtime + MAX_SECONDS_AHEAD) bad("lateTime");
  if (share.ntime < job.minNtime) {
    bad("earlyTime");
    problem = "invalid-share";
  }
  if (!job.isRollingAllowed) {
    if (bits !== 0) {
      bad("fixedVersion");
      problem = "version-rolling-not-allowed";
    }
  } else if ((bits & ~SAFE_MASK) !== 0) {
    bad("versionBits");
    if ((bits & ~WIDEST_MASK) !== 0) problem = "invalid-non-rollable-version-bit";
  }
  if (share.extranonce.length !== job.extranonceSize) {
    bad("extranonceSize");
    problem = "bad-extranonce-size";
  }
  return problem;
}

function refused(code: string): Sv2Verdict {
  return { kind: "refused", code };
}
