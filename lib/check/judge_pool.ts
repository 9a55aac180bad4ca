/**
 * What the findings about one pool mean for an operator; pure.
 */

import { AGENT_EXTRANONCE2_BYTES } from "../base/agent_pool.ts";
import { formatHex32 } from "../base/hex.ts";
import { PORT_WITHOUT_TLS } from "../net/tls/pool_tls.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import type { Certificate } from "./certificate.ts";
import { deadEndRow, waitedFor } from "./dead_end.ts";
import { judgeCertificate } from "./judge_certificate.ts";
import { jobRows } from "./judge_job.ts";
import { undecidedRow } from "./judge_kind.ts";
import { stratumRow, stratumRows, WITHOUT_LOGIN } from "./judge_stratum.ts";
import { proofRows, sv2Row, sv2Rows } from "./judge_sv2.ts";
import type { PoolContext } from "./pool_context.ts";
import type { AddressFinding, PoolFinding } from "./pool_finding.ts";
import { type Row, rowOfError } from "./report.ts";
import type { Talk } from "./talk.ts";
import type { Outcome, Spoken, Trial } from "./trial.ts";

/** Whether miners could work there. */
export function isUsable({ trials }: PoolFinding): boolean {
  return trials.some(({ outcome }) => isDone(outcome));
}

function isDone(outcome: Outcome): boolean {
  return outcome.problem === undefined && outcome.spoken.kind !== "unknown" &&
    outcome.spoken.talk.end === "done";
}

/** The talk of the first attempt that shows the pool can be used. */
function bestOf({ trials }: PoolFinding): Spoken | undefined {
  for (const { outcome } of trials) {
    if (outcome.problem === undefined && isDone(outcome)) return outcome.spoken;
  }
  return undefined;
}

/** The bytes that a usable pool leaves for extranonce2. */
export function extranonce2BytesOf(finding: PoolFinding): number | undefined {
  const best = bestOf(finding);
  if (best?.kind === "agent") return AGENT_EXTRANONCE2_BYTES;
  if (best?.kind === "sv2") return best.talk.agreement?.room.bytes;
  return best?.kind === "stratum" ? best.talk.settled?.room.bytes : undefined;
}

/** The rows on a pool. */
export function judgePool(finding: PoolFinding, context: PoolContext): Row[] {
  return [
    ...nameRows(finding),
    ...finding.trials.map((trial) => trialRow(trial, context)),
    ...certificateRows(finding.trials, context),
    ...authorityRows(finding.trials),
    ...settledRows(bestOf(finding), context),
  ];
}

/** The rows about what a usable pool gives. */
function settledRows(best: Spoken | undefined, context: PoolContext): Row[] {
  if (best?.kind === "agent") return agreementRows(best.talk, context);
  if (best?.kind === "sv2") return sv2Rows(best.talk, context);
  if (best?.kind !== "stratum" || best.talk.settled === undefined) return [];
  return stratumRows(best.talk.settled, best.talk.jobCameAt, best.isGuess, context);
}

/** How the pool proved who it is: the same on every way, so it is shown once. */
function authorityRows(trials: readonly Trial[]): Row[] {
  for (const { outcome } of trials) {
    if (outcome.problem !== undefined || outcome.spoken.kind !== "sv2") continue;
    const rows = proofRows(outcome.spoken.talk);
    if (rows.length > 0) return rows;
  }
  return [];
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

function trialRow({ way, outcome }: Trial, context: PoolContext): Row {
  if (outcome.problem !== undefined) {
    const { problem } = outcome;
    const row = rowOfError("failure", way, problem, adviceOnConnecting(problem));
    return { ...row, values: trialValues(outcome) };
  }
  const connectMs = Math.round(outcome.connectMs);
  return { ...spokenRow(way, outcome.spoken, connectMs, context), values: trialValues(outcome) };
}

function spokenRow(way: string, spoken: Spoken, connectMs: number, context: PoolContext): Row {
  switch (spoken.kind) {
    case "agent":
      return talkRow(way, spoken.talk, connectMs, context);
    case "stratum":
      return stratumRow(way, spoken.talk, connectMs, context);
    case "sv2":
      return sv2Row(way, spoken.talk, spoken.speaksV1, connectMs, context);
    case "unknown":
      return undecidedRow(way, spoken.talk, connectMs, context);
  }
}

function trialValues(outcome: Outcome): NonNullable<Row["values"]> {
  const [connectMs, spoken] = outcome.problem === undefined
    ? [outcome.connectMs, outcome.spoken]
    : [undefined, undefined];
  const talk = spoken?.kind === "unknown" ? undefined : spoken?.talk;
  const rounded = (ms: number | undefined) => ms === undefined ? null : Math.round(ms);
  return {
    usable: isDone(outcome),
    ...spoken?.kind === "stratum" || spoken?.kind === "sv2" ? { kind: spoken.kind } : {},
    connect_ms: rounded(connectMs),
    login_ms: rounded(talk?.loginMs),
    first_job_ms: rounded(talk?.jobMs),
  };
}

function adviceOnConnecting(problem: string): string {
  if (/refused/i.test(problem)) return "nothing listens there: check host and port";
  if (/^waited .* TLS with the pool/.test(problem)) return PORT_WITHOUT_TLS;
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
      ? "it does not answer agent.get_capabilities"
      : fault.message.replace(/^[^:]*: /, "").replace(/; [^;]*$/, "");
    return failure(
      `no agent protocol: it answers as an ordinary Stratum V1 pool (${why})`,
      "write its address with stratum+tcp:// to mine there as an ordinary pool, or ask your " +
        "pool for its BTCAgent address and port",
    );
  }
  if (fault !== undefined) {
    const advice = fault.code === "job-too-long"
      ? "choose another pool, or ask yours for fewer payouts in the coinbase"
      : "check the port, and ask your pool for its BTCAgent address";
    return rowOfError("failure", subject, faultText(talk), advice);
  }
  if (lines === 0) {
    return deadEndRow(subject, { ...talk, said: undefined }, connectMs, context);
  }
  const waited = waitedFor(end, context);
  const hasNoWork = talk.missing === "difficulty" || talk.missing === "job";
  return failure(
    `speaks the agent protocol, but ${waited} before it sent ${hasNoWork ? "work" : waitingFor}`,
    hasNoWork
      ? "it may have no work at the moment: try again, or ask your pool"
      : "try again, or ask your pool",
  );
}

/** Whether Stratum lines came, but no capabilities. */
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
  return `speaks the agent protocol, accepts sub-account "${account}"; ${connected}, ` +
    `logged in after ${Math.round(loginMs!)} ms, first job after ${Math.round(jobMs!)} ms`;
}

/** One row for all attempts that showed the same certificate. */
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
    // A self-signed certificate may have to be pinned.
    const by = subject === issuer ? `itself, SHA-256 ${sha256}` : issuer;
    return judgeCertificate({
      ...certificate,
      name: `of ${subject}, signed by ${by}${suffix}`,
      values: { subject, issuer, sha256 },
      // A certificate that is not verified prevents nothing.
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
      found: `not tried, ${WITHOUT_LOGIN}: sub-accounts come from the miners' names`,
      advice: "try one with --account NAME",
    }];
  }
  const mask = formatHex32(agreement.versionMask);
  rows.push({
    level: agreement.versionMask === 0 ? "warning" : "ok",
    subject: "work",
    found: `version mask ${mask}, extranonce2 of ${AGENT_EXTRANONCE2_BYTES} bytes, ` +
      `difficulty ${agreement.difficulty}`,
    ...(agreement.versionMask === 0
      ? { advice: "miners cannot roll versions (ASICBoost) here: ask your pool" }
      : {}),
    values: {
      version_mask: mask,
      extranonce2_bytes: AGENT_EXTRANONCE2_BYTES,
      difficulty: agreement.difficulty,
    },
  });
  return [
    ...rows,
    ...jobRows(
      agreement.job,
      coinbaseBytes(agreement.job, AGENT_EXTRANONCE2_BYTES),
      talk.jobCameAt!,
    ),
  ];
}

function capabilitiesRow(capabilities: readonly string[], { wantsVerdicts }: PoolContext): Row {
  const subject = "grants";
  const found = capabilities.length === 0 ? "no capabilities" : capabilities.join(", ");
  const values = { capabilities: capabilities.join(" ") };
  const has = (name: string) => capabilities.includes(name);
  if (!has("verrol")) {
    const advice = "without verrol, miners cannot roll versions (ASICBoost): ask your pool";
    return { level: "warning", subject, found, advice, values };
  }
  if (has("subres") || wantsVerdicts === false) return { level: "ok", subject, found, values };
  const advice = "without subres, miners do not hear which shares are rejected";
  return { level: wantsVerdicts ? "warning" : "note", subject, found, advice, values };
}
