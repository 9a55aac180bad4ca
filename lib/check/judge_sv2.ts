/**
 * What a talk with a Stratum V2 pool means for an operator; pure.
 */

import { ASKED_MASK } from "../protocol/stratum/pool_request.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import { deadEndRow, waitedFor } from "./dead_end.ts";
import { jobRows } from "./judge_job.ts";
import { maskRow } from "./judge_stratum.ts";
import { layoutRow } from "./layouts.ts";
import type { PoolContext } from "./pool_context.ts";
import { type Row, rowOfError } from "./report.ts";
import type { Sv2Talk } from "./sv2_talk.ts";

/** The bits in a pool's answer to SetupConnection, in words; others are shown as a number. */
const FLAGS: readonly (readonly [bit: number, meaning: string])[] = [
  [1, "no version rolling"],
  [2, "extended channels only, which btcagent opens"],
  [4, "those of the question, as old pools answer"],
];

/** The row about one talk. */
export function sv2Row(
  subject: string,
  talk: Sv2Talk,
  speaksV1: boolean,
  connectMs: number,
  context: PoolContext,
): Row {
  const { end, fault, proof, bytes } = talk;
  const failure = (found: string, advice: string): Row => ({
    level: "failure",
    subject,
    found,
    advice,
  });
  if (end === "done") return { level: "ok", subject, found: successOf(talk, connectMs, context) };
  if (speaksV1) {
    return failure(
      "no Stratum V2: it speaks ordinary Stratum on this port",
      "use the pool's port for Stratum V2, or write stratum+tcp:// and leave out the key",
    );
  }
  if (fault !== undefined) {
    const message = proof === undefined
      ? fault.message
      : `speaks Stratum V2, but: ${fault.message}`;
    return rowOfError("failure", subject, message, "ask your pool");
  }
  const waited = waitedFor(end, context);
  if (proof !== undefined) {
    return failure(
      `speaks Stratum V2, but ${waited} before it sent ${talk.waitingFor}`,
      talk.opened === undefined
        ? "try again, or ask your pool"
        : "it may have no work at the moment: try again, or ask your pool",
    );
  }
  if (bytes === 0 || isAlert(talk)) {
    return deadEndRow(subject, { ...talk, said: undefined }, connectMs, context);
  }
  return failure(
    `no Stratum V2: ${waited} after ${bytes} of the 234 bytes of its handshake`,
    "check the port, and the network on the way",
  );
}

/** Whether what came is a TLS alert: a pool's answer is longer. */
function isAlert({ firstByte, bytes }: Sv2Talk): boolean {
  return firstByte === 0x15 && bytes < 16;
}

function successOf(
  { sealedMs, loginMs, jobMs }: Sv2Talk,
  connectMs: number,
  { account }: PoolContext,
): string {
  const sealed = `connected in ${connectMs} ms, shook hands after ${Math.round(sealedMs!)} ms`;
  if (account === undefined) return `speaks Stratum V2; ${sealed}`;
  return `speaks Stratum V2, accepts user "${account}"; ${sealed}, ` +
    `channel after ${Math.round(loginMs!)} ms, first job after ${Math.round(jobMs!)} ms`;
}

/** The rows about who the pool is, for every talk that came so far. */
export function proofRows({ proof, provedAt }: Sv2Talk): Row[] {
  if (proof === undefined) return [];
  const { verdict, certificate: { validFrom, validTo } } = proof;
  const subject = "proof";
  const said = `certificate valid from ${timeText(validFrom)} to ${timeText(validTo)}`;
  const values = {
    is_proved: verdict.kind !== "unchecked",
    valid_from: timeText(validFrom),
    valid_to: timeText(validTo),
    skew_seconds: skewOf(provedAt! / 1000, validFrom / 1000, validTo / 1000),
  };
  if (verdict.kind === "unchecked") {
    return [{
      level: "warning",
      subject,
      found: `INSECURE: its address has no authority key, so nothing proves who it is; its ${said}`,
      advice: 'add the key that the pool publishes to its address, and remove "insecure"',
      values,
    }];
  }
  const proved = "it has proved its authority key";
  if (verdict.kind === "undated") {
    return [{
      level: "warning",
      subject,
      found: `${proved}, but this machine's clock is not set; ${said}`,
      advice: "set this machine's clock, as with NTP",
      values,
    }];
  }
  const skew = values.skew_seconds;
  if (skew === 0) return [{ level: "ok", subject, found: `${proved}; ${said}`, values }];
  return [{
    level: "warning",
    subject,
    found: `${proved}; ${said}, but this machine's clock is ${Math.abs(skew)} s ` +
      `${skew < 0 ? "before that" : "past that"}: up to 300 s are allowed`,
    advice: "set this machine's clock, as with NTP, or tell the pool",
    values,
  }];
}

/** Seconds by which the clock is before (negative) or past the time of a certificate. */
function skewOf(now: number, from: number, to: number): number {
  if (now < from) return Math.floor(now - from);
  return now >= to + 1 ? Math.floor(now - to) : 0;
}

/** The rows about what a usable pool gives. */
export function sv2Rows(talk: Sv2Talk, context: PoolContext): Row[] {
  const { agreement, opened, flags = 0, ignored } = talk;
  const rows = [flagsRow(flags)];
  if (agreement === undefined || opened === undefined) {
    return [...rows, {
      level: "note",
      subject: "channel",
      found: "none opened, so extranonce, difficulty and jobs are not known: users come from the " +
        "miners' names",
      advice: "try one with --account NAME",
    }];
  }
  const { room, rollsVersions, namesWorkers, active: { job, isVersionRollingAllowed } } = agreement;
  const { difficulty } = agreement.channel;
  const prefix = opened.extranoncePrefix;
  return [
    ...rows,
    layoutRow(room, context.layoutRules),
    {
      level: "ok",
      subject: "prefix",
      found: prefix.length === 0
        ? "none"
        : `${prefix.toHex()}, in each job: miners do not see it, and need not reconnect if it changes`,
      values: { extranonce_prefix: prefix.toHex(), group_channel_id: opened.groupChannelId },
    },
    namesRow(namesWorkers, context),
    maskRow(rollsVersions && isVersionRollingAllowed ? ASKED_MASK : undefined),
    {
      level: "ok",
      subject: "difficulty",
      found: `${difficulty} at first: shares below it are kept here: credited, not sent`,
      values: { difficulty },
    },
    ...jobRows(job, coinbaseBytes(job, room.bytes), talk.jobCameAt!),
    ...ignored.count === 0 ? [] : [{
      level: "note" as const,
      subject: "messages",
      found: `${ignored.count} without effect, the first: ${ignored.first}`,
      values: { ignored_messages: ignored.count },
    }],
  ];
}

function flagsRow(flags: number): Row {
  const known = FLAGS.filter(([bit]) => (flags & bit) !== 0).map(([, meaning]) => meaning);
  const found = flags === 0 ? "0: no special rules" : [`${flags}`, ...known].join(": ");
  return { level: "ok", subject: "flags", found, values: { setup_flags: flags } };
}

function namesRow(namesWorkers: boolean, { workers }: PoolContext): Row {
  const subject = "workers";
  const values = { names_workers: namesWorkers };
  if (workers === "each") {
    return namesWorkers ? { level: "ok", subject, found: "each is seen by name", values } : {
      level: "warning",
      subject,
      found: "it does not know the extension for worker names: it sees one worker",
      advice: "btcagent's own figures are by worker",
      values,
    };
  }
  return namesWorkers
    ? {
      level: "ok",
      subject,
      found: 'it sees one; with "workers": "each" it would see each by name',
      values,
    }
    : { level: "ok", subject, found: "it sees one, and does not know worker names", values };
}

function timeText(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}
