/**
 * How the simulated ckpool judges a share, in the order of the real one.
 */

import { isHex, parseHex32 } from "../../base/hex.ts";
import { targetOf } from "../../bitcoin/target.ts";
import { formatRequestId, type RequestId } from "../../protocol/stratum/request_id.ts";
import type { CkpoolServer } from "./ckpool.ts";
import type { PoolClient } from "./client.ts";
import type { BadBehaviour, ShareRefusal } from "./ledger.ts";
import { fitHex, proofOf } from "./proof.ts";
import type { Refusal } from "./refusal.ts";
import { line } from "./request.ts";
import type { SharedJob } from "./shared_job.ts";

/** How far a share's time may lie after its job's, in seconds. */
const MAX_SECONDS_AHEAD = 7_000;

/** What judging a share needs of its connection. */
export interface ShareDesk {
  /** The connection it arrived on. */
  readonly client: PoolClient;
  /** Returns the difficulty for shares of this job. */
  difficultyFor(job: SharedJob): number;
  /** Notes a good share and its credit. */
  shareGood(credited: number): void;
  /** Notes a bad share. */
  shareBad(): void;
}

interface CkpoolRefusal extends Refusal {
  /** Whether it was a share at all: only then `ckpool-reasons` gives a reject-reason. */
  readonly isShare: boolean;
}

function refusal(
  reason: ShareRefusal,
  code: number,
  text: string,
  isShare: boolean,
  bad?: BadBehaviour,
): CkpoolRefusal {
  return { reason, code, text, isShare, ...bad !== undefined && { bad } };
}

function malformed(text: string): CkpoolRefusal {
  return refusal("malformed", 20, text, false, "malformedShare");
}

/** The refusal that `refuseShares` makes. */
const MADE_UP = refusal("madeUp", 23, "Above target", true);
const UNAUTHORIZED = refusal("unauthorized", 21, "Stale", false, "unauthorizedSubmit");

/** Judges a share, answers it and counts it. */
export function judgeCkpoolShare(
  session: ShareDesk,
  server: CkpoolServer,
  id: RequestId,
  params: readonly unknown[],
): void {
  const { client } = session;
  client.submitted();
  if (!client.isAuthorized) {
    client.refused(client.name, UNAUTHORIZED);
    return client.answer(line({ result: "false", error: errorOf(UNAUTHORIZED) }, id, 1));
  }
  const refused = client.faults.refuseShares ? MADE_UP : problemWith(session, server, params);
  if (refused === undefined) {
    return client.answer(line({ result: "true", error: "null" }, id, 2));
  }
  client.refused(client.name, refused);
  client.answer(answer(id, refused, server.hasReasons));
  session.shareBad();
}

function errorOf({ code, text }: Refusal): string {
  return `[${code},"${text}",null]`;
}

function answer(id: RequestId, refused: CkpoolRefusal, hasReasons: boolean): string {
  if (!hasReasons) return line({ result: "false", error: errorOf(refused) }, id, 2);
  const { text, isShare } = refused;
  if (!isShare) return line({ result: "false", error: `"${text}"` }, id, 2);
  const reason = text === "Above target" ? "Below minimum difficulty" : text;
  return `{"reject-reason":"${reason}","result":false,"error":null,"id":${formatRequestId(id)}}`;
}

/** Returns why a share is refused; counts it if it is accepted. */
function problemWith(
  session: ShareDesk,
  server: CkpoolServer,
  params: readonly unknown[],
): CkpoolRefusal | undefined {
  const { client } = session;
  if (params.length < 5) return malformed("Invalid array size");
  const [name, jobId, extranonce2, time, nonce, bits] = params;
  if (typeof name !== "string" || name === "") return malformed("No username");
  if (typeof jobId !== "string" || jobId === "") return malformed("No job_id");
  if (!isHexText(extranonce2)) return malformed("No nonce2");
  const ntime = isHexText(time) ? parseHex32(time) : undefined;
  if (ntime === undefined) return malformed("No ntime");
  if (!isHexText(nonce) || nonce.length !== 8) return malformed("No nonce");
  const given = client.given(jobId);
  const mask = given?.versionMask ?? client.versionMask;
  const versionBits = typeof bits === "string" ? parseHex32(bits) ?? 0 : 0;
  if ((versionBits & ~mask) !== 0) {
    return refusal("versionBits", 20, "Invalid version mask", false, "versionBits");
  }
  // The real server accepts them all the same.
  if (versionBits !== 0 && !client.hasAgreedVersions) client.bad("unagreedVersion");
  if (client.hasAgreedVersions && bits === undefined) client.bad("missingVersion");
  if (name !== client.name) {
    return refusal("worker", 20, "Worker mismatch", false, "workerMismatch");
  }
  const shared = server.job(jobId);
  if (shared === undefined) {
    return refusal(
      "unknownJob",
      21,
      "Invalid JobID",
      true,
      given === undefined ? "foreignJob" : "expiredJob",
    );
  }
  const { extranonce1, extranonce2Size } = given ?? client;
  // Padded or cut, it is another share than the miner meant; it is still judged.
  if (extranonce2.length !== extranonce2Size * 2) client.bad("extranonce2Length");
  const job = given?.job ?? shared.forSize(extranonce2Size);
  const proof = proofOf(job, {
    coinbase: job.coinbase1 + extranonce1 + fitHex(extranonce2, extranonce2Size) + job.coinbase2,
    version: parseHex32(job.version)! | versionBits,
    time: ntime,
    nonce: parseHex32(nonce)!,
  });
  if (shared.sequence < server.blockSequence) return refusal("stale", 21, "Stale", true);
  const jobTime = parseHex32(job.ntime)!;
  if (ntime < jobTime || ntime > jobTime + MAX_SECONDS_AHEAD) {
    return refusal("time", 20, "Ntime out of range", true, "timeRange");
  }
  const difficulty = session.difficultyFor(shared);
  if (proof.hash > targetOf(difficulty)) {
    return refusal("lowDifficulty", 23, "Above target", true);
  }
  const key = String(proof.hash);
  if (shared.shares.has(key)) return refusal("duplicate", 22, "Duplicate", true);
  shared.shares.add(key);
  client.accepted(client.name, difficulty, proof);
  session.shareGood(difficulty);
  return undefined;
}

function isHexText(value: unknown): value is string {
  return typeof value === "string" && value !== "" && isHex(value + (value.length % 2 ? "0" : ""));
}
