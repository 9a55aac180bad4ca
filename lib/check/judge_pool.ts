/**
 * What the findings about one pool mean to an operator; pure.
 */

import { formatHex32 } from "../base/hex.ts";
import { EXTRANONCE2_BYTES } from "../pool/agent/handshake.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import { jobTime } from "../protocol/stratum/job.ts";
import type { Certificate } from "./certificate.ts";
import { judgeCertificate } from "./judge_certificate.ts";
import type { AddressFinding, PoolFinding } from "./pool_finding.ts";
import { type Row, rowOfError } from "./report.ts";
import type { Talk } from "./talk.ts";
import type { Trial } from "./trial.ts";

/** What matters for judging. */
export interface PoolContext {
  /** Whether TLS is spoken to the pool. */
  readonly usesTls: boolean;
  /** Whether its certificate is verified. */
  readonly isVerified: boolean;
  /** Who we said we are; `undefined` for nobody. */
  readonly account: string | undefined;
  /** As `submit_response_from_server`. */
  readonly wantsVerdicts: boolean | undefined;
  /** How long each try might take, in seconds. */
  readonly timeoutSeconds: number;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallTime: number;
}

/** A pool whose newest job is that far ahead of this machine's clock, in seconds. */
const WARN_BEHIND_SECONDS = 60;

/** The newest job may be a minute old already. */
const WARN_AHEAD_SECONDS = 120;

/** The largest coinbases that some miners take, in bytes. */
const COINBASE_LIMITS: readonly { readonly miners: string; readonly most: number }[] = [
  { miners: "NerdMiner", most: 255 },
  { miners: "NiceHash", most: 500 },
  { miners: "Antminers with stock firmware", most: 730 },
  { miners: "Antminer S21, Braiins OS", most: 2_250 },
  { miners: "WhatsMiner, Bitaxe", most: 6_500 },
  { miners: "ePIC, VNish", most: 16_000 },
];

/** The first byte of a TLS alert, which is all that plain text hears from TLS. */
const TLS_ALERT = 0x15;

/** Whether miners could work there. */
export function isUsable({ trials }: PoolFinding): boolean {
  return trials.some(({ talk }) => talk?.end === "done");
}

/** The rows on a pool. */
export function judgePool(finding: PoolFinding, context: PoolContext): Row[] {
  const talks = finding.trials.flatMap(({ talk }) => talk ?? []);
  const best = talks.find(({ end }) => end === "done");
  return [
    ...nameRows(finding),
    ...finding.trials.map((trial) => trialRow(trial, context)),
    ...certificateRows(finding.trials, context),
    ...best === undefined ? [] : agreementRows(best, context),
  ];
}

function nameRows({ lookupProblem, addresses }: PoolFinding): Row[] {
  if (lookupProblem !== undefined) {
    const advice = "check the name, and this machine's name servers";
    return [{
      level: "failure",
      subject: "name",
      found: `cannot be looked up: ${lookupProblem}`,
      advice,
    }];
  }
  return addresses.map(addressRow);
}

function addressRow({ address, result }: AddressFinding): Row {
  const subject = "address";
  if ("ms" in result) {
    const connect_ms = Math.round(result.ms);
    const found = `${address} connects in ${connect_ms} ms`;
    return { level: "ok", subject, found, values: { address, connect_ms } };
  }
  const found = `${address} does not connect: ${result.problem}`;
  return { level: "warning", subject, found, values: { address } };
}

function trialRow(trial: Trial, context: PoolContext): Row {
  const { way, problem, talk, connectMs } = trial;
  const row = problem !== undefined
    ? rowOfError("failure", way, problem, adviceOnConnecting(problem))
    : talkRow(way, talk!, Math.round(connectMs!), context);
  return { ...row, values: trialValues(trial) };
}

function trialValues({ connectMs, talk }: Trial): NonNullable<Row["values"]> {
  const rounded = (ms: number | undefined) => ms === undefined ? null : Math.round(ms);
  return {
    usable: talk?.end === "done",
    connect_ms: rounded(connectMs),
    login_ms: rounded(talk?.loginMs),
    first_job_ms: rounded(talk?.jobMs),
  };
}

function adviceOnConnecting(problem: string): string {
  if (/refused/i.test(problem)) return "nothing listens there: check host and port";
  if (/^waited .* TLS with the pool$/.test(problem)) {
    return "check the port, and whether it speaks TLS at all (pool_use_tls)";
  }
  if (/lookup|resolve|getaddrinfo|name or service|name resolution/i.test(problem)) {
    return "check the name, and this machine's name servers";
  }
  return "check host and port, and whether a firewall is in the way";
}

function talkRow(subject: string, talk: Talk, connectMs: number, context: PoolContext): Row {
  const { end, fault, waitingFor, lines } = talk;
  const failure = (found: string, advice: string): Row => ({
    level: "failure",
    subject,
    found,
    advice,
  });
  if (end === "done") return { level: "ok", subject, found: successOf(talk, connectMs, context) };
  if (fault?.code === "not-an-agent-pool" || end !== "fault" && isOrdinaryPool(talk)) {
    const why = fault === undefined
      ? "it leaves agent.get_capabilities unanswered"
      : fault.message.replace(/^[^:]*: /, "").replace(/; [^;]*$/, "");
    return failure(
      `no agent protocol: it answers as an ordinary Stratum V1 pool (${why})`,
      "ask your pool for its BTCAgent address and port",
    );
  }
  if (fault !== undefined) {
    const advice = fault.code === "job-too-long"
      ? "choose another pool, or ask yours for fewer payouts in the coinbase"
      : "check the port, and ask your pool for its BTCAgent address";
    return rowOfError("failure", subject, faultText(talk), advice);
  }
  if (talk.firstByte === TLS_ALERT && lines === 0) {
    return failure("no agent protocol: it speaks TLS", "set pool_use_tls to true");
  }
  const waited = end === "timeout" ? `waited ${context.timeoutSeconds} s` : "it closed";
  if (lines > 0) {
    const hasNoWork = talk.missing === "difficulty" || talk.missing === "job";
    return failure(
      `speaks the agent protocol, but ${waited} before it sent ${hasNoWork ? "work" : waitingFor}`,
      hasNoWork
        ? "it may have none at the moment: try again, or ask your pool"
        : "try again, or ask your pool",
    );
  }
  if (end === "closed") {
    return failure(
      `connected in ${connectMs} ms, then it closed at once, without a word`,
      context.usesTls
        ? "check the port, and whether the pool bars this address"
        : "check the port, whether it wants TLS (pool_use_tls), and whether the pool bars this address",
    );
  }
  return failure(
    `connected in ${connectMs} ms, then silence for ${context.timeoutSeconds} s`,
    context.usesTls
      ? "check the port: what listens there does not answer agents"
      : "check the port: it may want TLS (pool_use_tls), or not answer agents",
  );
}

/** Lines of Stratum came, but no word on capabilities. */
function isOrdinaryPool({ lines, missing }: Talk): boolean {
  return lines > 0 && missing === "caps";
}

function faultText({ fault, capabilities }: Talk): string {
  return capabilities === undefined
    ? `no agent protocol: ${fault!.message}`
    : `speaks the agent protocol, but: ${fault!.message}`;
}

function successOf(
  { loginMs, jobMs }: Talk,
  connectMs: number,
  { account }: PoolContext,
): string {
  const connected = `connected in ${connectMs} ms`;
  if (account === undefined) return `speaks the agent protocol; ${connected}`;
  return `speaks the agent protocol, takes sub-account "${account}"; ${connected}, ` +
    `logged in after ${Math.round(loginMs!)} ms, first job after ${Math.round(jobMs!)} ms`;
}

/** One row for all ways that show the same certificate. */
function certificateRows(trials: readonly Trial[], context: PoolContext): Row[] {
  const seen = new Map<string, { readonly certificate: Certificate; readonly ways: string[] }>();
  for (const { certificate, way } of trials) {
    if (certificate === undefined) continue;
    const known = seen.get(JSON.stringify(certificate));
    if (known) known.ways.push(way);
    else seen.set(JSON.stringify(certificate), { certificate, ways: [way] });
  }
  return Array.from(seen.values(), ({ certificate, ways }) => {
    const suffix = seen.size === 1 ? "" : ` (${ways.join(", ")})`;
    const { subject, issuer, sha256 } = certificate;
    // Such a one may have to be pinned.
    const by = subject === issuer ? `itself, SHA-256 ${sha256}` : issuer;
    return judgeCertificate({
      ...certificate,
      name: `of ${subject}, signed by ${by}${suffix}`,
      values: { subject, issuer, sha256 },
      // What is not verified keeps nobody out.
      isNeeded: context.isVerified,
      wallTime: context.wallTime,
    });
  });
}

function agreementRows(talk: Talk, context: PoolContext): Row[] {
  const capabilities = talk.capabilities ?? [];
  const rows = [capabilitiesRow(capabilities, context)];
  const { agreement } = talk;
  if (agreement === undefined) {
    return [...rows, {
      level: "note",
      subject: "login",
      found: "not tried: the sub-accounts come with the miners",
      advice: "try one with --account NAME",
    }];
  }
  const mask = formatHex32(agreement.versionMask);
  rows.push({
    level: agreement.versionMask === 0 ? "warning" : "ok",
    subject: "work",
    found: `version mask ${mask}, extranonce2 of ${EXTRANONCE2_BYTES} bytes, ` +
      `difficulty ${agreement.difficulty}`,
    ...(agreement.versionMask === 0
      ? { advice: "miners cannot roll versions (ASICBoost) here: ask your pool" }
      : {}),
    values: {
      version_mask: mask,
      extranonce2_bytes: EXTRANONCE2_BYTES,
      difficulty: agreement.difficulty,
    },
  });
  return [
    ...rows,
    ...coinbaseRows(coinbaseBytes(agreement.job, EXTRANONCE2_BYTES)),
    clockRow(talk.jobCameAt! / 1000 - jobTime(agreement.job)),
  ];
}

function capabilitiesRow(capabilities: readonly string[], { wantsVerdicts }: PoolContext): Row {
  const subject = "grants";
  const found = capabilities.length === 0 ? "no capabilities" : capabilities.join(", ");
  const values = { capabilities: capabilities.join(" ") };
  const has = (name: string) => capabilities.includes(name);
  if (!has("verrol")) {
    const advice = "without verrol miners cannot roll versions (ASICBoost): ask your pool";
    return { level: "warning", subject, found, advice, values };
  }
  if (has("subres") || wantsVerdicts === false) return { level: "ok", subject, found, values };
  const advice = "without subres miners do not hear which shares are rejected";
  return { level: wantsVerdicts ? "warning" : "note", subject, found, advice, values };
}

/** Said only of a coinbase that is too large for somebody. */
function coinbaseRows(bytes: number): Row[] {
  const tooLargeFor = COINBASE_LIMITS.filter(({ most }) => bytes > most);
  if (tooLargeFor.length === 0) return [];
  const named = tooLargeFor.map(({ miners, most }) => `${miners} (${most} bytes)`).join(", ");
  return [{
    level: tooLargeFor.length === 1 ? "note" : "warning",
    subject: "coinbase",
    found: `the newest job's has ${bytes} bytes, more than some miners take: ${named}`,
    advice: "if you have such miners, choose a pool with fewer payouts in its coinbase",
    values: { coinbase_bytes: bytes },
  }];
}

/** `ahead`: seconds by which this machine's clock is ahead of the newest job. */
function clockRow(ahead: number): Row {
  const seconds = Math.round(ahead);
  const values = { ahead_seconds: seconds };
  const subject = "clock";
  const advice = "set this machine's clock, as with NTP";
  if (ahead < -WARN_BEHIND_SECONDS) {
    const found = `this machine's clock is ${-seconds} s behind the pool's newest job`;
    return { level: "warning", subject, found, advice, values };
  }
  if (ahead > WARN_AHEAD_SECONDS) {
    const found = `this machine's clock is ${seconds} s ahead of the pool's newest job`;
    return { level: "warning", subject, found, advice, values };
  }
  const found = `${Math.abs(seconds)} s ${
    seconds < 0 ? "behind" : "ahead of"
  } the pool's newest job`;
  return { level: "ok", subject, found, values };
}
