/** What the metrics say of pools where shares are checked here. */

import assert from "node:assert/strict";
import { formatMetrics } from "../../lib/observe/metrics.ts";
import { AccountSchema, PoolTotalSchema } from "../../lib/observe/status/pool_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { sampleOf } from "../support/fake_status.ts";

Deno.test("what only pools have whose shares are checked here are metrics of their own", () => {
  const summary = sampleOf(SummarySchema);
  const pool = sampleOf(PoolTotalSchema);
  const account = sampleOf(AccountSchema);
  const text = [...formatMetrics({
    summary: { ...summary, shares: { ...summary.shares, kept: 11 } },
    pools: [{
      ...pool,
      address: "pool:1",
      position: 2,
      kind: "stratum",
      shares: { ...pool.shares, kept: 12, contradicted: 13, blocks: 4, blocks_lost: 1 },
      extranonce2_bytes: 6,
      brake_lost_difficulty: 7.5,
      credited_difficulty: 16.5,
      empty_job_seconds: 61.5,
      behind_seconds: 30,
      payout_changes: 2,
    }],
    accounts: [{ ...account, account: "a", shares: { ...account.shares, kept: 14 } }],
    workers: [],
    troubled: [],
  }, "prometheus")].join("");
  const labels = 'pool="pool:1",position="2"';
  for (
    const line of [
      'btcagent_shares_ended_total{result="kept",reason=""} 11',
      `btcagent_pool_info{${labels},kind="stratum"} 1`,
      `btcagent_pool_shares_ended_total{${labels},result="kept",reason=""} 12`,
      `btcagent_pool_shares_contradicted_total{${labels}} 13`,
      `btcagent_pool_blocks_total{${labels}} 4`,
      `btcagent_pool_blocks_lost_total{${labels}} 1`,
      `btcagent_pool_extranonce_bytes{${labels}} 6`,
      `btcagent_pool_brake_lost_difficulty_total{${labels}} 7.5`,
      `btcagent_pool_credited_difficulty_total{${labels}} 16.5`,
      `btcagent_pool_empty_job_seconds_total{${labels}} 61.5`,
      `btcagent_pool_behind_seconds_total{${labels}} 30`,
      `btcagent_pool_payout_changes_total{${labels}} 2`,
      'btcagent_account_shares_ended_total{account="a",result="kept"} 14',
    ]
  ) {
    assert.ok(text.includes(`\n${line}\n`), line);
  }
});
