/**
 * One pool examined and judged, as `btcagent check` does it.
 */

import assert from "node:assert/strict";
import { layoutRules } from "../../lib/app/layout_rules.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { isUsable, judgePool } from "../../lib/check/judge_pool.ts";
import type { PoolContext } from "../../lib/check/pool_context.ts";
import { examinePool } from "../../lib/check/pool_finding.ts";
import type { Row } from "../../lib/check/report.ts";
import { TurnTaking } from "../../lib/check/turn_taking.ts";
import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { type DialerOptions, waysTo } from "../../lib/net/pools/dialer.ts";
import type { KindOfPool, WorkersSeen } from "../../lib/base/pool_kind.ts";
import { OPTIONS } from "./dialling.ts";

/** Said to pools; no report may have it. */
export const PASSWORD = "pa55word";

export interface CheckSettings extends Partial<DialerOptions> {
  /** What the list says; `agent` if nothing is set. */
  readonly kind?: KindOfPool;
  /** `undefined` for nobody. */
  readonly account?: string | undefined;
  readonly extranonce2Bytes?: number;
  readonly wantsVerdicts?: boolean;
  /** `one` if not set. */
  readonly workers?: WorkersSeen;
}

export interface Checked {
  readonly rows: readonly Row[];
  readonly isUsable: boolean;
  /** `level subject: found -> advice`, without the times, which vary. */
  readonly lines: readonly string[];
}

/** Examines and judges the pool at `address`; the account is `acc` unless something else is set. */
export async function checkPool(
  address: PoolAddress,
  settings: CheckSettings = {},
): Promise<Checked> {
  const dialer = { ...OPTIONS, ...settings };
  const account = "account" in settings ? settings.account : "acc";
  const { wantsVerdicts, extranonce2Bytes, kind = "agent", workers = "one" } = settings;
  const finding = await examinePool(address, waysTo(address, dialer), {
    ...dialer,
    kind,
    password: PASSWORD,
    extranonce2Bytes,
    version: "1.2.3",
    introduction: {
      clientAgent: "btccom-agent/0-test",
      account,
      wantsVerdicts: wantsVerdicts ?? true,
    },
    now: systemTime.now,
    time: systemTime,
  }, new TurnTaking(64));
  const context: PoolContext = {
    kind,
    usesTls: dialer.usesTls,
    isVerified: dialer.tls.isVerified,
    account,
    workers,
    layoutRules: layoutRules(extranonce2Bytes),
    wantsVerdicts,
    timeoutSeconds: dialer.timeoutMs / 1000,
    wallTime: Date.now(),
  };
  const rows = judgePool(finding, context);
  assert.ok(!JSON.stringify(rows).includes(PASSWORD), "the password is in the report");
  return { rows, isUsable: isUsable(finding), lines: rows.map(lineOf) };
}

function lineOf({ level, subject, found, advice }: Row): string {
  const stable = found.replaceAll(/\b\d+ (ms|days)\b/g, "N $1").replaceAll(
    /127.0.0.1:\d+/g,
    "HERE",
  );
  return `${level} ${subject.replaceAll(/127.0.0.1:\d+/g, "HERE")}: ${stable}${
    advice === undefined ? "" : ` -> ${advice}`
  }`;
}
