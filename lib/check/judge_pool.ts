/**
 * What the findings about one pool mean to an operator; pure.
 */

import { AGENT_EXTRANONCE2_BYTES } from "../base/agent_pool.ts";
import { formatHex32 } from "../base/hex.ts";
import { coinbaseBytes } from "../pool/agent/pool_job.ts";
import type { Certificate } from "./certificate.ts";
import { judgeCertificate } from "./judge_certificate.ts";
import { jobRows } from "./judge_job.ts";
import { stratumRow, stratumRows } from "./judge_stratum.ts";
import type { PoolContext } from "./pool_context.ts";
import type { AddressFinding, PoolFinding } from "./pool_finding.ts";
import { type Row, rowOfError } from "./report.ts";
import type { Talk } from "./talk.ts";
import type { Trial } from "./trial.ts";

/** The first byte of a TLS alert, which is all that plain text hears from TLS. */
const TLS_ALERT = 0x15;

/** Whether miners could work there. */
export function isUsable({ trials }: PoolFinding): boolean {
  return trials.some(isDone);
}

function isDone({ talk, stratum }: Trial): boolean {
  return (talk ?? stratum)?.end === "done";
}

/** The bytes that a pool which can be used leaves for extranonce2. */
export function extranonce2BytesOf({ trials }: PoolFinding): number | undefined {
  for (const trial of trials) {
    if (!isDone(trial)) continue;
    return trial.stratum === undefined ? AGENT_EXTRANONCE2_BYTES : trial.stratum.extranonce2Bytes;
  }
  return undefined;
}

/** The rows on a pool. */
export function judgePool(finding: PoolFinding, context: PoolContext): Row[] {
  const talks = finding.trials.flatMap(({ talk }) => talk ?? []);
  const best = talks.find(({ end }) => end === "done");
  const stratum = finding.trials.find((trial) => trial.stratum?.end === "done")?.stratum;
  return [
    ...nameRows(finding),
    ...finding.trials.map((trial) => trialRow(trial, context)),
    ...certificateRows(finding.trials, context),
    ...best === undefined ? [] : agreementRows(best, context),
    ...stratum === undefined ? [] : stratumRows(stratum, context),
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
  const { way, problem, talk, stratum, connectMs } = trial;
  const row = problem !== undefined
    ? rowOfError("failure", way, problem, adviceOnConnecting(problem))
    : stratum === undefined
    ? talkRow(way, talk!, Math.round(connectMs!), context)
    : stratumRow(way, stratum, Math.round(connectMs!), context);
  return { ...row, values: trialValues(trial) };
}

function trialValues(trial: Trial): NonNullable<Row["values"]> {
  const { connectMs } = trial;
  const talk = trial.talk ?? trial.stratum;
  const rounded = (ms: number | undefined) => ms === undefined ? null : Math.round(ms);
  return {
    usable: isDone(trial),
    ...trial.stratum === undefined ? {} : { kind: "stratum" },
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
      "write its address with stratum+tcp:// to mine there all the same, or ask your pool for its " +
        "BTCAgent address and port",
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
    const advice = "without verrol miners cannot roll versions (ASICBoost): ask your pool";
    return { level: "warning", subject, found, advice, values };
  }
  if (has("subres") || wantsVerdicts === false) return { level: "ok", subject, found, values };
  const advice = "without subres miners do not hear which shares are rejected";
  return { level: wantsVerdicts ? "warning" : "note", subject, found, advice, values };
}
