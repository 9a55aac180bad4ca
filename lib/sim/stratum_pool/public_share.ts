/**
 * How the simulated public-pool judges a share, in the order of the real one.
 */

import { parseHex32 } from "../../base/hex.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import type { PoolClient } from "./client.ts";
import { fitHex, type Proof, proofOf } from "./proof.ts";
import type { Refusal } from "./refusal.ts";

/** A job of one connection. */
export interface OwnJob {
  /** As it was made; sent without leading zeros. */
  readonly job: Job;
  /** When its template was made. */
  readonly templateAtMs: number;
  /** The stored coinbase up to the extranonces: a share of a wrong length damages it. */
  prefix: string;
}

/** A refusal whose error may have a detail. */
export interface PublicRefusal extends Refusal {
  /** Third in the error; empty if not given. */
  readonly detail?: string;
}

/** The refusal of a hash that is not small enough. */
export const LOW_SHARE: PublicRefusal = {
  reason: "lowDifficulty",
  code: 23,
  text: "Difficulty too low",
};

/**
 * Judges a share.
 *
 * @param seen the shares received before, as text; this one is added.
 * @returns its proof when it is good, a refusal, or `undefined` when the connection is to be
 * closed.
 */
export function judgePublicShare(
  client: PoolClient,
  jobs: ReadonlyMap<string, OwnJob>,
  seen: Set<string>,
  params: readonly unknown[],
): Proof | PublicRefusal | undefined {
  if (params.length < 5 || params.length > 6 || !params.every((p) => typeof p === "string")) {
    return {
      reason: "malformed",
      code: 20,
      text: "Mining Submit validation error",
      detail: `, ${params.join()}`,
      bad: "malformedShare",
    };
  }
  const [, jobId, extranonce2, time, nonce, bits = "0"] = params as [string, ...string[]];
  const own = jobs.get(jobId!);
  const given = client.given(jobId!);
  if (own === undefined || given === undefined) {
    const reason = given === undefined ? "unknownJob" : "stale";
    const bad = given === undefined ? { bad: "foreignJob" as const } : {};
    return { reason, code: 21, text: "Job not found", ...bad };
  }
  const { jobLifetimeMs } = client.settings;
  if (jobLifetimeMs > 0 && client.time.now() - own.templateAtMs > jobLifetimeMs) {
    // The real server finds no template and fails.
    return undefined;
  }
  const versionBits = parseHex32(bits) ?? 0;
  if ((versionBits & ~given.versionMask) !== 0) client.bad("versionBits");
  if (client.hasAgreedVersions && params.length === 5) client.bad("missingVersion");
  if (!client.hasAgreedVersions && versionBits !== 0) client.bad("unagreedVersion");
  const key = [jobId, extranonce2, time, nonce, bits].join();
  if (seen.has(key)) return { reason: "duplicate", code: 22, text: "Duplicate share" };
  seen.add(key);
  const tail = given.extranonce1 + extranonce2;
  if (extranonce2!.length !== given.extranonce2Size * 2) {
    // The next share cuts as many bytes off as there should be, not as there are.
    own.prefix = (own.prefix + tail).slice(
      0,
      -(given.extranonce1.length + 2 * given.extranonce2Size),
    );
    return { ...LOW_SHARE, reason: "extranonce2", bad: "extranonce2Length" };
  }
  const { job } = own;
  const proof = proofOf(job, {
    coinbase: own.prefix + given.extranonce1 + fitHex(extranonce2!, given.extranonce2Size) +
      job.coinbase2,
    version: (parseHex32(job.version)! ^ versionBits) >>> 0,
    time: parseHex32(time!) ?? 0,
    nonce: parseHex32(nonce!) ?? 0,
  });
  return proof.difficulty < client.difficulty ? LOW_SHARE : proof;
}
