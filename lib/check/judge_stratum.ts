/**
 * What a talk with an ordinary Stratum pool means for an operator; pure.
 */

import { formatHex32 } from "../base/hex.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import { deadEndRow, waitedFor } from "./dead_end.ts";
import { jobRows } from "./judge_job.ts";
import { layoutRow } from "./layouts.ts";
import type { PoolContext } from "./pool_context.ts";
import { type Row, rowOfError } from "./report.ts";
import { WORTH_OF_FIGURES } from "../pool/stratum/worker_figures.ts";
import { workerUser } from "../pool/stratum/worker_names.ts";
import type { Settled, StratumTalk } from "./stratum_talk.ts";

/** What a talk without a login cannot show. */
export const WITHOUT_LOGIN = "so version mask, difficulty and jobs are not known";

/** The row about one talk. */
export function stratumRow(
  subject: string,
  talk: StratumTalk,
  connectMs: number,
  context: PoolContext,
): Row {
  const { end, fault, messages, said, waitingFor } = talk;
  if (end === "done") return { level: "ok", subject, found: successOf(talk, connectMs, context) };
  if (fault !== undefined) {
    return rowOfError(
      "failure",
      subject,
      messages === 0 ? fault.message : `speaks Stratum, but: ${fault.message}`,
      "ask your pool",
    );
  }
  if (messages === 0) return deadEndRow(subject, talk, connectMs, context);
  const waited = waitedFor(end, context);
  const words = said === undefined ? "" : `, and said ${said}`;
  return {
    level: "failure",
    subject,
    found: `speaks Stratum, but ${waited} before it sent ${waitingFor}${words}`,
    advice: talk.lacksWork
      ? "it may have no work at the moment: try again, or ask your pool"
      : "try again, or ask your pool",
  };
}

function successOf(
  { loginMs, jobMs }: StratumTalk,
  connectMs: number,
  { account }: PoolContext,
): string {
  const connected = `connected in ${connectMs} ms`;
  if (account === undefined) return `speaks Stratum; ${connected}`;
  return `speaks Stratum, accepts user "${account}"; ${connected}, ` +
    `authorized after ${Math.round(loginMs!)} ms, first job after ${Math.round(jobMs!)} ms`;
}

/** The rows about what a usable pool gives; `isGuess`: whether it may be of another kind. */
export function stratumRows(
  { room, agreement }: Settled,
  jobCameAt: number | undefined,
  isGuess: boolean,
  { kind, account, workers, layoutRules }: PoolContext,
): Row[] {
  const rows: Row[] = [
    ...kind === "unknown" ? [isGuess ? GUESSED : FOUND_OUT] : [],
    layoutRow(room, layoutRules),
    ...workers === "each" ? [eachRow(account)] : [],
  ];
  if (agreement === undefined) {
    const found = `not tried, ${WITHOUT_LOGIN}: users come from the miners' names`;
    const advice = "try one with --account NAME";
    return [...rows, { level: "note", subject: "login", found, advice }];
  }
  const { job, extranonce1, difficulty } = agreement;
  const bytes = coinbaseBytes(job, extranonce1.length / 2 + room.bytes);
  return [
    ...rows,
    maskRow(agreement.versionMask),
    {
      level: "ok",
      subject: "difficulty",
      found: `${difficulty} at first: shares below it are kept here: credited, not sent`,
      values: { difficulty },
    },
    ...jobRows(job, bytes, jobCameAt!),
  ];
}

/**
 * The row about workers by name: only a serving connection can find out whether the pool accepts
 * them.
 */
function eachRow(account: string | undefined): Row {
  return {
    level: "note",
    subject: "workers",
    found:
      `each is to be seen, as ${workerUser(account ?? "USER", "NAME")}: the log says whether ` +
      `the pool takes names, if not it sees one worker; ${WORTH_OF_FIGURES}`,
    advice: "with miners_per_connection from 10 to 50, the pool's figures of a day are worth " +
      "reading",
  };
}

const FOUND_OUT: Row = {
  level: "note",
  subject: "kind",
  found: "an ordinary Stratum pool, as its answers show: it sees one worker unless its entry " +
    "sets `workers`",
  advice: "write its address with stratum+tcp:// or stratum+ssl://, so that btcagent need not " +
    "ask again",
};

const GUESSED: Row = {
  level: "note",
  subject: "kind",
  found:
    "probably an ordinary Stratum pool: it does not answer the agent protocol's question, and " +
    "only a login would make it certain",
  advice: "try one with --account NAME, or write its address with stratum+tcp:// or stratum+ssl://",
};

/** The row about the version bits that miners may roll; `undefined` for none at all. */
export function maskRow(versionMask: number | undefined): Row {
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
