/**
 * What a talk with an ordinary Stratum pool means to an operator; pure.
 */

import { formatHex32 } from "../base/hex.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import { jobRows } from "./judge_job.ts";
import { layoutRow } from "./layouts.ts";
import type { PoolContext } from "./pool_context.ts";
import { type Row, rowOfError } from "./report.ts";
import type { StratumTalk } from "./stratum_talk.ts";

/** The first byte of a TLS alert, which is all that plain text hears from TLS. */
const TLS_ALERT = 0x15;

/** The row on a way on which it was talked. */
export function stratumRow(
  subject: string,
  talk: StratumTalk,
  connectMs: number,
  context: PoolContext,
): Row {
  const { end, fault, messages, said, firstByte, waitingFor } = talk;
  const { timeoutSeconds, usesTls } = context;
  const failure = (found: string, advice: string): Row => ({
    level: "failure",
    subject,
    found,
    advice,
  });
  if (end === "done") return { level: "ok", subject, found: successOf(talk, connectMs, context) };
  if (fault !== undefined) {
    return rowOfError(
      "failure",
      subject,
      messages === 0 ? fault.message : `speaks Stratum, but: ${fault.message}`,
      "ask your pool",
    );
  }
  if (firstByte === TLS_ALERT && messages === 0) {
    return failure("no Stratum: it speaks TLS", "write its address with stratum+ssl://");
  }
  if (messages === 0 && said !== undefined) {
    return failure(
      `no Stratum: it answers ${said}`,
      "check the port, and whether the pool bars this address",
    );
  }
  const broke = end === "broken" ? "the connection broke" : "it closed";
  const waited = end === "timeout" ? `waited ${timeoutSeconds} s` : broke;
  if (messages > 0) {
    const words = said === undefined ? "" : `, and said ${said}`;
    return failure(
      `speaks Stratum, but ${waited} before it sent ${waitingFor}${words}`,
      talk.lacksWork
        ? "it may have none at the moment: try again, or ask your pool"
        : "try again, or ask your pool",
    );
  }
  if (end === "broken") {
    return failure(
      `connected in ${connectMs} ms, then the connection broke before a word came`,
      "check the network on the way, or try again",
    );
  }
  const port = usesTls
    ? "check the port"
    : "check the port, whether it wants TLS (stratum+ssl://) or agents (btcagent+tcp://)";
  return end === "closed"
    ? failure(
      `connected in ${connectMs} ms, then it closed at once, without a word`,
      `${port}, and whether the pool bars this address`,
    )
    : failure(`connected in ${connectMs} ms, then silence for ${timeoutSeconds} s`, port);
}

function successOf(
  { loginMs, jobMs }: StratumTalk,
  connectMs: number,
  { account }: PoolContext,
): string {
  const connected = `connected in ${connectMs} ms`;
  if (account === undefined) return `speaks Stratum; ${connected}`;
  return `speaks Stratum, takes user "${account}"; ${connected}, ` +
    `authorized after ${Math.round(loginMs!)} ms, first job after ${Math.round(jobMs!)} ms`;
}

/** The rows on what a pool that can be used gives. */
export function stratumRows(talk: StratumTalk, { kind }: PoolContext): Row[] {
  const { agreement, extranonce2Bytes } = talk;
  const rows: Row[] = [
    ...kind === "unknown" ? [FOUND_OUT] : [],
    ...extranonce2Bytes === undefined ? [] : [layoutRow(extranonce2Bytes)],
  ];
  if (agreement === undefined) {
    const found = "not tried: the users come with the miners";
    const advice = "try one with --account NAME";
    return [...rows, { level: "note", subject: "login", found, advice }];
  }
  const { job, extranonce1, room, difficulty } = agreement;
  const bytes = coinbaseBytes(job, extranonce1.length / 2 + room.bytes);
  return [
    ...rows,
    maskRow(agreement.versionMask),
    {
      level: "ok",
      subject: "difficulty",
      found: `${difficulty} to begin with: shares below it are kept here, credited and not sent`,
      values: { difficulty },
    },
    ...jobRows(job, bytes, talk.jobCameAt!),
  ];
}

const FOUND_OUT: Row = {
  level: "note",
  subject: "kind",
  found: "an ordinary Stratum pool, found out by asking: all shares go up under one name",
  advice: "write its address with stratum+tcp:// or stratum+ssl://, and it need not be asked again",
};

function maskRow(versionMask: number | undefined): Row {
  const subject = "versions";
  const mask = formatHex32(versionMask ?? 0);
  const values = { version_mask: mask };
  if (versionMask !== undefined && versionMask !== 0) {
    return { level: "ok", subject, found: `mask ${mask}`, values };
  }
  return {
    level: "warning",
    subject,
    found: versionMask === undefined ? "no version rolling" : `mask ${mask}: no bit may be rolled`,
    advice: "miners cannot roll versions (ASICBoost) here: ask your pool",
    values,
  };
}
