/** What `btcagent status` shows, and with which exit code it ends. */

import assert from "node:assert/strict";
import type { Pool, Summary, Worker } from "../../lib/terminal/answers.ts";
import { GRADES } from "../../lib/terminal/findings.ts";
import { statusScreen } from "../../lib/terminal/status_screen.ts";
import type { WorkerState } from "../../lib/base/worker_state.ts";
import { widthOf } from "../../lib/terminal/width.ts";
import { harmIn, HOSTILE_NAMES } from "../support/hostile_names.ts";
import { NOW, pool, troubledFarm, wellFarm, worker } from "../support/made_up_farm.ts";

function screen(
  summary: Summary,
  pools: readonly Pool[] = [pool()],
  troubled: ReadonlyMap<WorkerState, readonly Worker[]> = new Map(),
) {
  return statusScreen({ place: "127.0.0.1:9999", at: NOW, summary, pools, troubled });
}

Deno.test("a farm that is well is a few lines and the first grade", () => {
  const { lines, grade } = screen(wellFarm());
  assert.equal(grade, GRADES[0]);
  assert.deepEqual(
    lines,
    [
      "btcagent 1.2.3 at 127.0.0.1:9999, up 1 d 1 h",
      "WELL      All 2,000 workers are working",
      "",
      "Hashrate  95.0 PH/s, 95 % of 100.0 PH/s expected (1 min 94.0 PH/s, 1 h 96.0 PH/s)",
      "Miners    2,000 connected, 1,999 with work; 2,000 workers without trouble",
      "Lost      0.40 % of the work in the last hour, 0.40 % in 24 h",
      "Pools     1  serving  pool.example:3333            2,000 miners, job 12 s old",
    ].flatMap((line) => line.length > 80 ? [line.slice(0, 75), `${" ".repeat(10)}PH/s)`] : [line]),
  );
});

Deno.test("workers in trouble are counted by kind and named as far as there is room", () => {
  const summary = troubledFarm();
  const { lines, grade } = screen(
    summary,
    [pool()],
    new Map<WorkerState, readonly Worker[]>([
      ["missing", [worker("rig7"), worker("矿机八号", { account: "alice" })]],
      ["refused", [worker("x".repeat(90))]],
    ]),
  );
  assert.equal(grade, GRADES[1]);
  assert.equal(lines[1], "TROUBLE   3 of 2,000 workers need attention");
  assert.deepEqual(lines.slice(-2), [
    "Trouble        2 missing  rig7, alice.矿机八号",
    `               1 refused  ${"x".repeat(23)}…`,
  ]);
});

for (
  const [what, change, pools, grade, wanted] of [
    [
      "no pool serves",
      {
        serving: false,
        reason: "No pool answers; pool.example:3333: connection refused",
        outage: { since: new Date(NOW - 600_000).toISOString(), today_seconds: 600 },
      },
      [pool({ accounts: { serving: 0, spare: 0, opening: 0, cold: 0 }, reason: "refused" })],
      "down",
      /^DOWN +No pool serves for 10 min: nothing is mined\. No pool answers;/,
    ],
    [
      "miners are on a backup pool",
      {
        backup: {
          pool: "b:1",
          since: new Date(NOW - 3_600_000).toISOString(),
          instead_of: "a:1",
          reason: "connection refused",
        },
      },
      [pool()],
      "trouble",
      /^TROUBLE +On the backup pool b:1 for 1 h, instead of a:1: connection refused/,
    ],
    [
      "a spare pool cannot be used",
      {},
      [
        pool(),
        pool({
          position: 2,
          address: "b:1",
          accounts: { serving: 0, spare: 0, opening: 0, cold: 0 },
          reason: "timed out",
        }),
      ],
      "trouble",
      /^TROUBLE +Pool b:1 cannot be used: timed out/,
    ],
    [
      "much is lost",
      { losses: 0.06 },
      [pool()],
      "trouble",
      /^TROUBLE +6\.0 % of the work was lost in the last hour/,
    ],
    [
      "a reload failed",
      { reload: false },
      [pool()],
      "trouble",
      /^TROUBLE +The last reload failed/,
    ],
    [
      "a certificate ends soon",
      { certificate: 3 },
      [pool()],
      "trouble",
      /^TROUBLE +The certificate farm\.pem expires in 3 d/,
    ],
    ["a certificate ends later", { certificate: 60 }, [pool()], "well", /^WELL/],
    [
      "a pool is tried for the first time",
      {},
      [pool(), pool({ accounts: { serving: 0, spare: 0, opening: 1, cold: 0 } })],
      "well",
      /^WELL/,
    ],
  ] as const
) {
  Deno.test(`a farm where ${what} is ${grade}, and the first line says why`, () => {
    const well = wellFarm();
    const { attention } = well;
    const {
      serving = true,
      reason = "",
      outage = attention.outage,
      backup = null,
      losses = 0,
      reload = true,
      certificate,
    } = change as {
      serving?: boolean;
      reason?: string;
      outage?: Summary["attention"]["outage"];
      backup?: Summary["attention"]["backup"];
      losses?: number;
      reload?: boolean;
      certificate?: number;
    };
    const hour = { ...attention.losses.hour, part: losses };
    const found = screen({
      ...well,
      serving,
      reason,
      attention: { ...attention, outage, backup, losses: { ...attention.losses, hour } },
      reloads: { last_went_well: reload },
      certificates: certificate === undefined ? [] : [{ file: "farm.pem", days_left: certificate }],
    }, pools);
    assert.equal(found.grade, grade);
    assert.match(found.lines[1]!, wanted);
  });
}

for (const [what, name] of Object.entries(HOSTILE_NAMES)) {
  Deno.test(`with ${what} in every foreign text the screen keeps its 80 columns`, () => {
    const summary = troubledFarm();
    const { attention } = summary;
    const backup = { pool: name, since: name, instead_of: name, reason: name };
    const { lines } = screen(
      {
        ...summary,
        version: name,
        attention: { ...attention, backup },
        certificates: [{ file: name, days_left: 1 }],
      },
      [pool({ address: name, reason: name })],
      new Map([["missing", [worker(name), worker(name)]]]),
    );
    for (const line of lines) {
      assert.equal(harmIn(line), undefined);
      assert.ok(widthOf(line) <= 80, line);
    }
    assert.ok(lines.length <= 40, `${lines.length} lines`);
  });
}
