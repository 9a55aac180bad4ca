/**
 * How the simulated DATUM gateway judges a share, in the order of the real one.
 */

import { isHexBytes, parseHex32 } from "../../base/hex.ts";
import { targetOf } from "../../bitcoin/target.ts";
import type { Job } from "../../protocol/stratum/job.ts";
import type { PoolClient } from "./client.ts";
import { type Proof, proofOf } from "./proof.ts";
import type { Refusal } from "./refusal.ts";
import { textOf } from "./request.ts";
import type { BlockTemplate } from "./template.ts";

/** How far a share's time may be after its template's, and before, in seconds. */
const MAX_SECONDS_AHEAD = 7_200;
const MAX_SECONDS_BEHIND = 3_600;

/** A job of one connection. */
export interface DatumJob {
  /** As it was sent. */
  readonly job: Job;
  /** The template it was made from. */
  readonly template: BlockTemplate;
  /** Hashes of the shares received for it. */
  readonly shares: Set<string>;
}

/** The credit of a good share. */
export interface DatumCredit {
  /** The work behind it. */
  readonly proof: Proof;
  /** The difficulty of its job. */
  readonly difficulty: number;
}

/** Judges a share; `blockNumber` is the number of the first template of the current block. */
export function judgeDatumShare(
  client: PoolClient,
  jobs: ReadonlyMap<string, DatumJob>,
  blockNumber: number,
  params: readonly unknown[],
): Refusal | DatumCredit {
  const { settings } = client;
  const [, jobId, extranonce2, time, nonce, bits] = params.map(textOf);
  const own = jobs.get(jobId ?? "");
  const given = client.given(jobId ?? "");
  const unknown = { code: 20, text: "unknown-work" };
  if (!client.isAuthorized) {
    return { ...unknown, reason: "unauthorized", bad: "unauthorizedSubmit" };
  }
  if (params.length < 5 || !isHexBytes(time!, 4) || !isHexBytes(nonce!, 4)) {
    return { ...unknown, reason: "malformed", bad: "malformedShare" };
  }
  if (own === undefined || given === undefined) {
    return { ...unknown, reason: "unknownJob", bad: "foreignJob" };
  }
  if (!isHexBytes(extranonce2!, given.extranonce2Size)) {
    return { ...unknown, reason: "extranonce2", bad: "extranonce2Length" };
  }
  const badVersion: Refusal = { reason: "versionBits", code: 23, text: "bad-version" };
  let versionBits = 0;
  if (client.hasAgreedVersions) {
    const sent = bits === undefined ? undefined : parseHex32(bits);
    if (sent === undefined) return { ...badVersion, bad: "missingVersion" };
    if ((sent & ~given.versionMask) !== 0) return { ...badVersion, bad: "versionBits" };
    versionBits = sent;
  } else if (bits !== undefined && parseHex32(bits) !== 0) client.bad("unagreedVersion");
  const { job, template } = own;
  const ntime = parseHex32(time!)!;
  const proof = proofOf(job, {
    coinbase: job.coinbase1 + given.extranonce1 + extranonce2 + job.coinbase2,
    version: (parseHex32(job.version)! | versionBits) >>> 0,
    time: ntime,
    nonce: parseHex32(nonce!)!,
  });
  if (proof.difficulty < settings.difficultyUnit) {
    return { reason: "lowDifficulty", code: 23, text: "H-not-zero" };
  }
  if (template.number < blockNumber) {
    return { reason: "stale", code: 21, text: "stale-prevblk" };
  }
  const { jobLifetimeMs } = settings;
  if (jobLifetimeMs > 0 && client.time.now() - template.madeAtMs > jobLifetimeMs) {
    return { reason: "stale", code: 21, text: "stale-work", bad: "expiredJob" };
  }
  const early = ntime < template.time - MAX_SECONDS_BEHIND;
  if (early || ntime > template.time + MAX_SECONDS_AHEAD) {
    const text = early ? "time-too-old" : "time-too-new";
    return { reason: "time", code: 21, text, bad: "timeRange" };
  }
  if (proof.hash > targetOf(given.difficulty)) {
    return { reason: "lowDifficulty", code: 23, text: "high-hash" };
  }
  const key = String(proof.hash);
  if (own.shares.has(key)) return { reason: "duplicate", code: 22, text: "duplicate" };
  own.shares.add(key);
  return { proof, difficulty: given.difficulty };
}
