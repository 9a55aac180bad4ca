/**
 * What conf/alerts.yml says of a farm: nothing of a healthy one, and of each trouble what it is, with
 * the names of the workers. `promtool test rules`, of Debian's package `prometheus`, evaluates it.
 */

import assert from "node:assert/strict";
import { ask } from "../support/ask_program.ts";

const hasPromtool = await ask("promtool", "--version") !== undefined;
const missing = hasPromtool ? "" : " (IGNORED: promtool is missing; apt-get install prometheus)";

const FARM = 'job="btcagent",instance="farm:9999"';

/** Minutes of a farm: what is wrong begins at `CHANGE`, and all ends at `END`. */
const [CHANGE, END] = [60, 150];

/** Each series of a farm with its value, or with what it grows by in a minute if that is a text. */
type Series = Readonly<Record<string, number | string>>;

/** A farm of `machines` machines without trouble. */
function healthy(machines: number): Series {
  return {
    "up{}": 1,
    "btcagent_serving{}": 1,
    'btcagent_workers{state="missing"}': 0,
    'btcagent_workers{state="refused"}': 0,
    'btcagent_workers{state="flapping"}': 0,
    'btcagent_workers{state="silent"}': 0,
    'btcagent_workers{state="weak"}': 0,
    'btcagent_workers{state="waiting"}': 0,
    'btcagent_workers{state="working"}': machines,
    'btcagent_miners{state="joining"}': 0,
    'btcagent_miners{state="working"}': machines,
    "btcagent_miners_limit{}": 65_535,
    'btcagent_asicboost_miners{state="lost"}': 0,
    'btcagent_asicboost_miners{state="cannot_narrow"}': 0,
    "btcagent_missing_machines{}": 0,
    'btcagent_hashrate_hashes_per_second{window="1m"}': 80 * machines,
    'btcagent_hashrate_hashes_per_second{window="15m"}': 97 * machines,
    'btcagent_hashrate_hashes_per_second{window="1h"}': 99 * machines,
    "btcagent_expected_hashrate_hashes_per_second{}": 100 * machines,
    "btcagent_on_backup{}": 0,
    "btcagent_outage_today_seconds{}": 0,
    'btcagent_lost_work_ratio{window="hour"}': 0.004,
    'btcagent_lost_work_ratio{window="day"}': 0.004,
    "btcagent_shares_received_total{}": "1004",
    "btcagent_shares_submitted_total{}": "1004",
    'btcagent_shares_ended_total{result="accepted",reason=""}': "1000",
    'btcagent_shares_ended_total{result="rejected",reason="stale"}': "4",
    'btcagent_pool_miners{pool="first:3333",position="1"}': machines,
    'btcagent_pool_miners{pool="second:3333",position="2"}': 0,
    'btcagent_pool_accounts{pool="first:3333",position="1",state="serving"}': 1,
    'btcagent_pool_accounts{pool="second:3333",position="2",state="spare"}': 1,
    'btcagent_pool_job_age_seconds{pool="first:3333",position="1"}': 20,
  };
}

/** As promtool writes it: constant or growing, and from `CHANGE` on as in `wrong`. */
function seriesOf(farm: Series, wrong: Series): { series: string; values: string }[] {
  return [...new Set([...Object.keys(farm), ...Object.keys(wrong)])].map((name) => {
    const [before, after] = [farm[name], wrong[name]];
    const series = name.replace("{", `{${FARM},`).replace(",}", "}");
    const first = before === undefined
      ? `_x${CHANGE}`
      : values(before, after === undefined ? END : CHANGE);
    const then = after === undefined ? "" : values(after, END - CHANGE);
    return { series, values: `${first} ${then}`.trim() };
  });
}

/** The text for `minutes` minutes. */
function values(value: number | string, minutes: number): string {
  return typeof value === "string" ? `0+${value}x${minutes - 1}` : `${value}x${minutes - 1}`;
}

interface Rules {
  /** What is replaced in conf/alerts.yml before. */
  readonly edit?: (text: string) => string;
  /** Alerts with all of their texts, at the end. */
  readonly texts?: readonly {
    readonly alertname: string;
    readonly exp_alerts: readonly unknown[];
  }[];
}

/** Evaluates the alerts, and fails unless exactly those fire, by the minute. */
async function assertFiring(
  farm: Series,
  wrong: Series,
  firing: Readonly<Record<number, readonly string[]>>,
  { edit = (text) => text, texts = [] }: Rules = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(
    `${folder}/alerts.yml`,
    edit(await Deno.readTextFile("conf/alerts.yml")),
  );
  // YAML takes JSON.
  await Deno.writeTextFile(
    `${folder}/test.yml`,
    JSON.stringify({
      rule_files: ["alerts.yml"],
      evaluation_interval: "1m",
      tests: [{
        interval: "1m",
        input_series: seriesOf(farm, wrong),
        promql_expr_test: Object.entries(firing).map(([minute, names]) => ({
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: `${minute}m`,
          exp_samples: names.map((name) => ({ labels: `{alertname="${name}"}`, value: 1 })),
        })),
        alert_rule_test: texts.map((text) => ({ eval_time: `${END - 1}m`, ...text })),
      }],
    }),
  );
  const [code, text] = (await ask("promtool", "test", "rules", `${folder}/test.yml`))!;
  await Deno.remove(folder, { recursive: true });
  assert.equal(code, 0, text);
}

function alertTest(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `${name}${missing}`, ignore: !hasPromtool, fn });
}

for (const machines of [1, 10, 2000]) {
  alertTest(`a healthy farm of ${machines} has no alert, nor has a start of it`, async () => {
    await assertFiring(healthy(machines), {}, { 5: [], 61: [], [END - 1]: [] });
    const { "btcagent_expected_hashrate_hashes_per_second{}": _, ...young } = healthy(machines);
    await assertFiring(young, {}, { 5: [], [END - 1]: [] });
  });
}

alertTest("a few workers in trouble among thousands are no alert, one of ten is", async () => {
  const wrong = {
    "btcagent_missing_machines{}": 1,
    'btcagent_workers{state="missing"}': 1,
    'btcagent_workers{state="refused"}': 1,
    'btcagent_workers{state="flapping"}': 1,
    'btcagent_workers{state="silent"}': 1,
    'btcagent_workers{state="weak"}': 1,
  };
  await assertFiring(healthy(2000), wrong, { [END - 1]: [] });
  await assertFiring(healthy(10), wrong, {
    [END - 1]: [
      "BtcagentMachinesMissing",
      "BtcagentWorkersFlapping",
      "BtcagentWorkersRefused",
      "BtcagentWorkersSilent",
      "BtcagentWorkersWeak",
    ],
  });
});

/** How each of the alerts on a count comes about in a farm of 2,000, and after how many minutes. */
const TROUBLES: readonly (readonly [alert: string, minutes: number, wrong: Series])[] = [
  ["BtcagentMachinesMissing", 10, { "btcagent_missing_machines{}": 12 }],
  ["BtcagentWorkersRefused", 10, { 'btcagent_workers{state="refused"}': 14 }],
  ["BtcagentWorkersFlapping", 10, { 'btcagent_workers{state="flapping"}': 6 }],
  ["BtcagentWorkersSilent", 10, { 'btcagent_workers{state="silent"}': 5 }],
  ["BtcagentWorkersWeak", 30, { 'btcagent_workers{state="weak"}': 10 }],
  ["BtcagentOnBackup", 10, { "btcagent_on_backup{}": 1 }],
  ["BtcagentOutageToday", 0, { "btcagent_outage_today_seconds{}": 301 }],
  ["BtcagentNotServing", 1, { "btcagent_serving{}": 0 }],
  ["BtcagentLostWork", 10, { 'btcagent_lost_work_ratio{window="hour"}': 0.021 }],
  ["BtcagentHashrateBelowExpected", 15, {
    'btcagent_hashrate_hashes_per_second{window="15m"}': 175_000,
    'btcagent_hashrate_hashes_per_second{window="1h"}': 179_000,
  }],
  ["BtcagentHashrateBelowNominal", 15, {
    "btcagent_nominal_hashrate_hashes_per_second{}": 223_000,
  }],
];

for (const [alert, minutes, wrong] of TROUBLES) {
  alertTest(`${alert} fires after ${minutes} min, and nothing else does`, async () => {
    await assertFiring(healthy(2000), wrong, {
      [CHANGE - 1]: [],
      ...minutes > 1 ? { [CHANGE + minutes - 1]: [] } : {},
      [CHANGE + minutes]: [alert],
      [END - 1]: [alert],
    });
  });
}

alertTest("a hashrate that is low over one window only is chance, or over already", async () => {
  for (const [low, other] of [["15m", "1h"], ["1h", "15m"]]) {
    await assertFiring(healthy(2000), {
      [`btcagent_hashrate_hashes_per_second{window="${low}"}`]: 150_000,
      [`btcagent_hashrate_hashes_per_second{window="${other}"}`]: 185_000,
    }, { [END - 1]: [] });
  }
});

alertTest("an outage is one alert, not one on the hashrate besides", async () => {
  await assertFiring(healthy(2000), {
    "btcagent_serving{}": 0,
    'btcagent_hashrate_hashes_per_second{window="15m"}': 0,
    'btcagent_hashrate_hashes_per_second{window="1h"}': 0,
  }, { [END - 1]: ["BtcagentNotServing"] });
});

alertTest("ten lost shares of a small farm are no alert, whatever part they are", async () => {
  await assertFiring(
    {
      ...healthy(1),
      'btcagent_shares_ended_total{result="rejected",reason="stale"}': "0.15",
    },
    { 'btcagent_lost_work_ratio{window="hour"}': 0.03 },
    { [END - 1]: [] },
  );
});

/** An alert with these texts, and what conf/alerts.yml says to do. */
async function withTexts(
  alertname: string,
  labels: Readonly<Record<string, string>>,
  annotations: Readonly<Record<string, string>>,
): Promise<NonNullable<Rules["texts"]>[number]> {
  const rules = await Deno.readTextFile("conf/alerts.yml");
  const [, action] = new RegExp(`alert: ${alertname}\n(?:.*\n)*? +action: (.*)`).exec(rules)!;
  return {
    alertname,
    exp_alerts: [{
      exp_labels: { instance: "farm:9999", job: "btcagent", severity: "warning", ...labels },
      exp_annotations: {
        ...annotations,
        action: action!.replaceAll("{{ $labels.instance }}", "farm:9999"),
      },
    }],
  };
}

alertTest("an alert names the workers, or says how to have them named", async () => {
  await assertFiring(
    healthy(2000),
    {
      "btcagent_missing_machines{}": 12,
      'btcagent_workers{state="flapping"}': 1995,
      'btcagent_workers{state="refused"}': 14,
      'btcagent_worker_state{account="alice",worker="rig7",state="missing"}': 1,
      'btcagent_worker_state{worker="rig\\"9{{",state="missing"}': 1,
      'btcagent_worker_state{worker="rig8",state="flapping"}': 1,
    },
    {
      [END - 1]: ["BtcagentMachinesMissing", "BtcagentWorkersFlapping", "BtcagentWorkersRefused"],
    },
    {
      texts: [
        await withTexts("BtcagentMachinesMissing", {}, {
          summary: "Machines missing from farm:9999: 12",
          names: 'Their names (20 at most): rig"9{{, alice.rig7',
        }),
        await withTexts("BtcagentWorkersFlapping", { state: "flapping" }, {
          summary: "Workers of farm:9999 that connect and disconnect again and again: 1995",
          names: "Their names (20 at most): rig8",
        }),
        await withTexts("BtcagentWorkersRefused", { state: "refused" }, {
          summary: "Workers of farm:9999 whose shares are refused: 14",
          names: "For their names set status.worker_series_max, or ask as below.",
        }),
      ],
    },
  );
});

alertTest("of very many workers an alert names twenty", async () => {
  const workers = Array.from({ length: 40 }, (_, i) => [
    `btcagent_worker_state{worker="w${i}",state="weak"}`,
    1,
  ]);
  const names = Array.from({ length: 20 }, () => "w").join(", ");
  const edit = (text: string) =>
    // Which of equal ones Prometheus takes is its own matter.
    text.replaceAll("{{ $worker.Labels.worker }}", "w");
  await assertFiring(
    healthy(2000),
    { 'btcagent_workers{state="weak"}': 40, ...Object.fromEntries(workers) },
    { [END - 1]: ["BtcagentWorkersWeak"] },
    {
      edit,
      texts: [
        await withTexts("BtcagentWorkersWeak", { state: "weak" }, {
          summary:
            "Workers of farm:9999 that are far below others of their kind or their own usual hashrate: 40",
          names: `Their names (20 at most): ${names}`,
        }),
      ],
    },
  );
});

alertTest("an alert on the backup pool says since when, and who works where", async () => {
  await assertFiring(
    healthy(2000),
    {
      "btcagent_on_backup{}": 1,
      "btcagent_on_backup_since_timestamp_seconds{}": Date.UTC(2026, 11, 1, 3) / 1000,
      'btcagent_pool_miners{pool="first:3333",position="1"}': 0,
      'btcagent_pool_miners{pool="second:3333",position="2"}': 1990,
    },
    { [END - 1]: ["BtcagentOnBackup"] },
    {
      texts: [
        await withTexts("BtcagentOnBackup", {}, {
          summary: "Miners of farm:9999 have worked for a backup pool for over 10 minutes, since " +
            "2026-12-01 03:00:00 +0000 UTC. Miners by pool: 2: second:3333 1990;",
        }),
      ],
    },
  );
});

alertTest("an alert on lost work says how much, and the main causes", async () => {
  await assertFiring(
    {
      ...healthy(2000),
      'btcagent_shares_ended_total{result="refused",reason="version_mask"}': "20",
      'btcagent_shares_ended_total{result="refused",reason="illegal"}': "0",
    },
    { 'btcagent_lost_work_ratio{window="hour"}': 0.0234 },
    { [END - 1]: ["BtcagentLostWork"] },
    {
      texts: [
        await withTexts("BtcagentLostWork", { window: "hour" }, {
          summary: "farm:9999 lost 2.34% of the last hour's work",
          causes: "Shares lost: 1200 refused (version_mask); 240 rejected (stale);",
        }),
      ],
    },
  );
});

alertTest("an alert for each worker is off, and on with one sign changed", async () => {
  const wrong = {
    "btcagent_missing_machines{}": 1,
    'btcagent_worker_state{account="alice",worker="rig7",state="missing"}': 1,
    'btcagent_worker_state{worker="rig8",state="weak"}': 1,
  };
  await assertFiring(healthy(2000), wrong, { [END - 1]: [] });
  await assertFiring(healthy(2000), wrong, { [END - 1]: ["BtcagentWorker"] }, {
    edit: (text) => text.replace('refused|silent"} > 1', 'refused|silent"} > 0'),
    texts: [
      await withTexts("BtcagentWorker", {
        account: "alice",
        severity: "info",
        state: "missing",
        worker: "rig7",
      }, { summary: "Worker alice.rig7 of farm:9999 is missing" }),
    ],
  });
});
