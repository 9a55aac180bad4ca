/**
 * `btcagent check -c FILE`: reads the configuration, tries everything that mining will need, and
 * reports what it found and what to do.
 */

import { AttendedClock, TICK_MS } from "../base/attended_clock.ts";
import type { Time } from "../base/clock.ts";
import { formatJson, formatReport } from "../check/format.ts";
import { extranonce2BytesOf, isUsable, judgePool } from "../check/judge_pool.ts";
import { mixedRows } from "../check/layouts.ts";
import {
  examineLogFolder,
  examineMinerCertificate,
  examinePort,
  examineStatusPort,
  judgeOpenFiles,
  judgePort,
  judgeWorkerConnections,
  type PortFinding,
} from "../check/machine.ts";
import { examinePool } from "../check/pool_finding.ts";
import type { Report, Row, Section } from "../check/report.ts";
import { TurnTaking } from "../check/turn_taking.ts";
import type { CheckCommand } from "../cli/command.ts";
import { readConfigFile } from "../config/file.ts";
import { configuredPools } from "../config/pools.ts";
import { formatRemark, type Remark } from "../config/problem.ts";
import type { Config } from "../config/schema.ts";
import { mayServe, statusAddress } from "../config/status_address.ts";
import { waysTo } from "../net/pools/dialer.ts";
import { formatAddress } from "../base/peer_address.ts";
import { openFileLimit, roomForMiners } from "../host/open_files.ts";
import { clientAgentName } from "../pool/agent/handshake.ts";
import { layoutRules } from "./layout_rules.ts";
import { certificateFiles, dialerOptions, listenAddresses, poolFiles } from "./settings.ts";

/** How many connections are tried at once. */
const MAX_AT_ONCE = 64;

/** What the program prints, and its exit code. */
export interface CheckResult {
  /** For stdout. */
  readonly text: string;
  /** 0 when mining can work, 1 when it cannot, 2 for problems in the configuration. */
  readonly exitCode: number;
}

/** Checks. `hasColor`: whether the text may have colours. */
export async function check(
  command: CheckCommand,
  version: string,
  hasColor: boolean,
  time: Time,
): Promise<CheckResult> {
  const file = await readConfigFile(command.configPath);
  if (!file.ok) {
    const rows = file.message.split("\n").map((found): Row => ({
      level: "failure",
      subject: "file",
      found,
    }));
    const report = {
      sections: [{ title: "Configuration", rows }],
      stops: ["the configuration cannot be used"],
    };
    return result(report, 2, command, hasColor);
  }
  const { path, base, config, remarks } = file;
  const [pools, machine] = await Promise.all([
    examinePools(config, command.account, version, time),
    examineMachine(config, command.logDir?.replace(/^(?!\/)/, base), time),
  ]);
  const sections = [configSection(path, remarks), ...pools.sections, machine.section];
  const stops = [...pools.stops, ...machine.stops];
  return result({ sections, stops }, stops.length === 0 ? 0 : 1, command, hasColor);
}

function result(
  report: Report,
  exitCode: number,
  { asJson }: CheckCommand,
  hasColor: boolean,
): CheckResult {
  return { text: asJson ? formatJson(report, exitCode) : formatReport(report, hasColor), exitCode };
}

function configSection(path: string, remarks: readonly Remark[]): Section {
  const rows = remarks.map((remark): Row => ({
    level: remark.kind === "warning" ? "warning" : "note",
    subject: "file",
    found: formatRemark(path, remark),
  }));
  const read: Row = { level: "ok", subject: "file", found: `${path} can be used` };
  return { title: "Configuration", rows: [read, ...rows] };
}

async function examinePools(
  config: Config,
  account: string | undefined,
  version: string,
  time: Time,
): Promise<{ readonly sections: Section[]; readonly stops: string[] }> {
  const dialer = dialerOptions(config);
  const turns = new TurnTaking(MAX_AT_ONCE);
  // If this process is paused meanwhile, no pool counts as slow because of it.
  const clock = new AttendedClock(time.now);
  const ticking = time.every(TICK_MS, () => clock.tick());
  const pools = configuredPools(config);
  const { extranonce2_bytes: extranonce2Bytes } = config;
  const rules = layoutRules(extranonce2Bytes);
  const findings = await Promise.all(
    pools.map(async (pool, i) => {
      const { host, port, kind, account: listed, password, usesTls, authorityKey, workers } = pool;
      const name = account ?? (config.multi_user_mode ? undefined : listed ?? "");
      const address = { host, port, authorityKey };
      const finding = await examinePool(address, waysTo(address, dialer), {
        ...dialer,
        usesTls,
        kind,
        password,
        extranonce2Bytes,
        version,
        introduction: {
          clientAgent: clientAgentName(version),
          account: name,
          wantsVerdicts: config.submit_response_from_server ?? true,
        },
        now: clock.now,
        time,
      }, turns);
      const rows = judgePool(finding, {
        kind,
        usesTls,
        isVerified: dialer.tls.isVerified,
        account: name,
        workers,
        layoutRules: rules,
        wantsVerdicts: config.submit_response_from_server,
        timeoutSeconds: dialer.timeoutMs / 1000,
        wallTime: time.wallNow(),
      });
      const title = `Pool ${i + 1}: ${formatAddress({ hostname: host, port })}`;
      const bytes = extranonce2BytesOf(finding);
      return {
        section: { title, rows },
        isUsable: isUsable(finding),
        widths: bytes === undefined ? [] : [{ place: i + 1, bytes }],
      };
    }),
  );
  time.clear(ticking);
  const hasUsable = findings.some(({ isUsable }) => isUsable);
  const mixed = mixedRows(findings.flatMap(({ widths }) => widths), rules);
  return {
    sections: [
      ...findings.map(({ section }) => section),
      ...mixed.length === 0 ? [] : [{ title: "Pools together", rows: mixed }],
    ],
    stops: hasUsable ? [] : ["no pool can be used"],
  };
}

async function examineMachine(
  config: Config,
  logDir: string | undefined,
  time: Time,
): Promise<{ readonly section: Section; readonly stops: string[] }> {
  const ports = await Promise.all(
    listenAddresses(config).map((address) => examinePort(address, time)),
  );
  const certificates = await Promise.all(
    certificateFiles(config).map((files) => examineMinerCertificate(files, time.wallNow())),
  );
  const status = statusAddress(config);
  const isAgentRunning = ports.some(({ runningAgent }) => runningAgent !== undefined);
  const served = status !== undefined && mayServe(status, config) ? status : undefined;
  const [openFiles, wanted] = [await openFileLimit(), config.limits.max_miners];
  const files = poolFiles(config);
  const { miners, workerConnections } = roomForMiners(openFiles, wanted, files);
  const rows: Row[] = [
    ...ports.map(judgePort),
    ...certificates.map(({ row }) => row),
    examineStatusPort(served, isAgentRunning),
    judgeOpenFiles(openFiles, wanted, miners),
    ...files.wantsOneEach ? [judgeWorkerConnections(openFiles, miners, workerConnections)] : [],
  ];
  const stops = ports.filter(isTaken)
    .map(({ address }) => `miners cannot connect to ${formatAddress(address)}`);
  if (certificates.some(({ canBeUsed }) => !canBeUsed)) {
    stops.push("a certificate for miners cannot be used");
  }
  if (logDir !== undefined) {
    const row = await examineLogFolder(logDir);
    rows.push(row);
    if (row.level === "failure") stops.push("the log cannot be written");
  }
  return { section: { title: "This machine", rows }, stops };
}

function isTaken({ problem, runningAgent }: PortFinding): boolean {
  return problem !== undefined && runningAgent === undefined;
}
