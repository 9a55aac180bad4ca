/** The files of the live page: all there, nothing else given out, nothing from elsewhere. */

import assert from "node:assert/strict";
import {
  groupRows,
  isShown,
  pickRows,
  readTable,
  STATES,
} from "../../lib/observe/status/page/worker_rows.js";
import { stateText, stateTone } from "../../lib/observe/status/page/condition_words.js";
import {
  costOf,
  countWords,
  headlineOf,
  lostRate,
  statementsOf,
  troubleCounts,
} from "../../lib/observe/status/page/findings.js";
import { formatPercent } from "../../lib/observe/status/page/format.js";
import { causeWord, causeWords, mainReasons } from "../../lib/observe/status/page/loss_words.js";
import { marksIn, scaleOf } from "../../lib/observe/status/page/scale.js";
import { hashrateBefore, isClockSet, seriesOf } from "../../lib/observe/status/page/chart_data.js";
import { WEAK_REASONS, WORKER_STATES } from "../../lib/base/worker_state.ts";
import { KINDS_OF_POOL } from "../../lib/base/pool_kind.ts";
import {
  REFUSE_REASONS,
  REJECT_REASONS,
  snakeCase,
  UNANSWERED_REASONS,
} from "../../lib/base/share_reasons.ts";
import { poolRemarks } from "../../lib/observe/status/page/pool_remarks.js";
import { SharesSchema } from "../../lib/observe/status/count_shapes.ts";
import { PoolTotalSchema } from "../../lib/observe/status/pool_shapes.ts";
import { SummarySchema } from "../../lib/observe/status/shapes.ts";
import { sampleOf } from "../support/fake_status.ts";
import { ENGLISH, t } from "../../lib/observe/status/page/texts.js";
import { CHINESE } from "../../lib/observe/status/page/texts_zh.js";
import { pageFile } from "../../lib/observe/status/page.ts";

const FOLDER = "lib/observe/status/page/";

async function get(path: string): Promise<{ text: string; headers: Headers }> {
  const response = await pageFile(path);
  assert.ok(response, `${path} is there`);
  return { text: await response.text(), headers: response.headers };
}

Deno.test("every file the page names is there, and the folder has no other", async () => {
  const waiting = ["/"];
  const seen = new Set(waiting);
  for (const path of waiting) {
    const { text } = await get(path);
    const named = path === "/"
      ? [...text.matchAll(/(?:href|src)="([^"]+)"/g)]
      : path.endsWith("uplot.js")
      ? []
      : [...text.matchAll(/^(?:import|\} from) .*?"\.\/([^"]+)";$|from "\.\/([^"]+)";$/gm)];
    for (const [, one, other] of named) {
      const name = (one ?? other)!;
      // What is said to those without JavaScript leads elsewhere.
      if (path === "/" && !name.startsWith("page/")) continue;
      const found = path === "/" ? `/${name}` : `/page/${name}`;
      if (seen.has(found)) continue;
      seen.add(found);
      waiting.push(found);
    }
  }
  const files = [...Deno.readDirSync(FOLDER)].filter(({ isFile }) => isFile)
    .map(({ name }) => name === "index.html" ? "/" : `/page/${name}`)
    .filter((path) => path !== "/page/deno.json");
  assert.deepEqual([...seen].sort(), [...files, "/page/uplot.css", "/page/uplot.js"].sort());
});

Deno.test("all scripts are asked for at once, not one after the other's imports", async () => {
  const { text } = await get("/");
  const scripts = [...Deno.readDirSync(FOLDER)].map(({ name }) => name)
    .filter((name) => name.endsWith(".js"));
  for (const name of scripts) assert.ok(text.includes(`"page/${name}"`), name);
});

Deno.test("no file has an address elsewhere, markup made from text, or a handler in markup", async () => {
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!/\.(?:js|css|html|svg)$/.test(name)) continue;
    const { text, headers } = await get(name === "index.html" ? "/" : `/page/${name}`);
    assert.doesNotMatch(text.replace("http://www.w3.org/2000/svg", ""), /https?:\/\//, name);
    assert.doesNotMatch(text, /innerHTML|insertAdjacentHTML|outerHTML|document\.write/, name);
    assert.doesNotMatch(text, /<[^>]+ on\w+=|<style|<script>/, name);
    assert.match(headers.get("content-security-policy")!, /default-src 'none'.*trusted-types/);
  }
});

Deno.test("what is odd about a pool is said, the worst first, and nothing of what is not", () => {
  const shares = { ...sampleOf(SharesSchema), contradicted: 0, blocks_lost: 0 };
  const pool = {
    ...sampleOf(PoolTotalSchema),
    shares,
    credited_difficulty: 1_000_000,
    brake_lost_difficulty: 900,
    payout_changes: 0,
    behind_seconds: 59,
    empty_job_seconds: 59,
  };
  assert.deepEqual(poolRemarks(pool), []);
  const odd = {
    ...pool,
    shares: { ...shares, contradicted: 2, blocks_lost: 1 },
    brake_lost_difficulty: 250_000,
    payout_changes: 3,
    behind_seconds: 90,
    empty_job_seconds: 60,
  };
  assert.deepEqual(poolRemarks(odd).map(([key]) => key), [
    "blocksLost",
    "contradicted",
    "payoutChanges",
    "brakeLoss",
    "behind",
    "emptyJobs",
  ]);
  assert.match(poolRemarks(odd)[3]![1]["part"]!, /^20(?:\.0+)? %$/);
  const idle = { ...pool, credited_difficulty: 0, brake_lost_difficulty: 0 };
  assert.deepEqual(poolRemarks(idle), []);
});

Deno.test("what is not of the page is not given out", async () => {
  for (
    const path of ["/page/", "/page/deno.json", "/page/../page.ts", "/page/%2e%2e/page.ts", "/x"]
  ) {
    assert.equal(await pageFile(path), undefined, path);
  }
});

Deno.test("both languages have every text, with the same places for values", () => {
  // A choice between two words, as in {count|needs|need}, shows no value.
  const places = (text: string) =>
    Array.from(text.matchAll(/\{(\w+)(?:\|[^{}|]*)?\}/g), ([, name]) => name).sort();
  assert.deepEqual(Object.keys(CHINESE).sort(), Object.keys(ENGLISH).sort());
  for (const [key, text] of Object.entries(ENGLISH)) {
    assert.deepEqual(places(CHINESE[key as keyof typeof ENGLISH]), places(text), key);
  }
});

Deno.test("one of a kind is called by its singular, in every text with a number", () => {
  const one = { count: "1", total: "1", some: "1", usual: "2", bytes: 1, percent: "0 %" };
  const keys = Object.keys(ENGLISH) as (keyof typeof ENGLISH)[];
  for (const key of keys) assert.doesNotMatch(t(key, one), /\b1 [a-z]+s\b(?!s)/, key);
  assert.equal(t("headTrouble", { count: 1, total: 2 }), "1 of 2 workers needs attention");
  assert.equal(t("headTrouble", { count: 2, total: 2 }), "2 of 2 workers need attention");
  assert.equal(t("headCalm", one), "1 worker working; 0 % of the work lost in the last hour");
  assert.equal(t("groupCalm", { total: 3 }), "all 3 working");
  assert.equal(t("groupCalm", one), "1 working");
  assert.equal(countWords("missing", 1), "machine missing");
  assert.equal(countWords("missing", 12), "machines missing");
});

Deno.test("every reason for which a share is refused or rejected has its text", () => {
  for (const kind of KINDS_OF_POOL) assert.ok(Object.hasOwn(ENGLISH, `kind_${kind}`), kind);
  for (const reason of [...REFUSE_REASONS, ...REJECT_REASONS, ...UNANSWERED_REASONS]) {
    assert.ok(Object.hasOwn(ENGLISH, snakeCase(reason)), reason);
    assert.ok(Object.hasOwn(ENGLISH, `why_${snakeCase(reason)}`), reason);
  }
});

const COLUMNS = [
  "time",
  "seconds",
  "miners",
  "accepted",
  "rejected",
  "difficulty",
  "bytes_up",
  "bytes_down",
];

Deno.test("a gap in the samples is a gap in the lines, and means do not reach over it", () => {
  const sample = (time: number, difficulty: number) => [time, 10, 1, 5, 1, difficulty, 100, 50];
  const series = seriesOf(
    COLUMNS,
    [sample(10, 10), sample(20, 20), sample(90, 40), sample(100, 60)],
    10,
    2,
  );
  const rate = (difficulty: number) => difficulty * 2 ** 32 / 10;
  const outage = [{ time: 12, kind: "outage" }, { time: 31, kind: "outage_end" }];
  const samples = [sample(10, 10), sample(20, 0), sample(30, 0), sample(40, 30), sample(50, 10)];
  assert.deepEqual(
    seriesOf(COLUMNS, samples, 10, 3, outage).hashrate,
    [10, 0, 0, 30, 20].map(rate),
    "in an outage it is 0 at once",
  );
  assert.deepEqual(series.times, [10, 20, 30, 90, 100]);
  assert.deepEqual(series.hashrate, [rate(10), rate(15), null, rate(40), rate(50)]);
  assert.deepEqual(series.accepted, [30, 30, null, 30, 30]);
  assert.deepEqual(series.up, [10, 10, null, 10, 10]);
  assert.equal(
    hashrateBefore(COLUMNS, [sample(10, 10), sample(20, 30), sample(30, 0)], 20),
    rate(20),
  );
  assert.equal(hashrateBefore(COLUMNS, [sample(10, 10)], 5_000), undefined);
});

Deno.test("samples tell when the agent's clock was set, and a late sample is no such thing", () => {
  const sample = (time: number, seconds: number) => [time, seconds, 1, 5, 1, 10, 100, 50];
  const last = sample(1_700_000_000, 10);
  for (const [time, seconds] of [[10, 10], [11, 11], [600, 600]] as const) {
    assert.equal(isClockSet(COLUMNS, last, sample(1_700_000_000 + time, seconds)), false);
  }
  for (const time of [-3600, -20, 30, 3600, 31_536_000, -1_700_000_000]) {
    assert.equal(isClockSet(COLUMNS, last, sample(1_700_000_000 + time, 10)), true, `${time}`);
  }
  assert.equal(isClockSet(COLUMNS, undefined, last), false);
});

Deno.test("no file asks for anything by an absolute path: a reverse proxy may have the page anywhere", async () => {
  for (const { name } of Deno.readDirSync(FOLDER)) {
    if (!/\.(?:js|css|html)$/.test(name)) continue;
    const { text } = await get(name === "index.html" ? "/" : `/page/${name}`);
    assert.doesNotMatch(text, /["'`(]\/(?:api|page|metrics|healthz)\b/, name);
  }
});

const WORKER_COLUMNS = [
  "id",
  "account",
  "worker",
  "state",
  "reason",
  "part",
  "connections",
  "usual_connections",
  "missing_machines",
  "client_agent",
  "address",
  "subnet",
  "hashrate",
  "usual_hashrate",
  "good",
  "lost",
  "last_share_seconds",
  "gone_seconds",
  "connects_hour",
  "miner",
  "observations",
];

/** A worker that works well, but for what is said. */
function worker(name: string, differs: Record<string, string | number | null> = {}) {
  const good: Record<string, string | number | null> = {
    id: "1",
    account: "",
    worker: name,
    state: "working",
    reason: "",
    part: null,
    connections: 1,
    usual_connections: 1,
    missing_machines: 0,
    client_agent: "S19",
    address: "10.0.0.1",
    subnet: "10.0.0.0/24",
    hashrate: 100e12,
    usual_hashrate: 100e12,
    good: 1000,
    lost: 0,
    last_share_seconds: 5,
    gone_seconds: null,
    connects_hour: 0,
    miner: "00000001",
    observations: "",
    ...differs,
  };
  return WORKER_COLUMNS.map((column) => good[column]!);
}

const VIEW = {
  search: "",
  filter: "all",
  troubleFirst: true,
  sort: "state",
  descending: true,
  group: "",
} as const;

const FARM = readTable({
  columns: WORKER_COLUMNS,
  rows: [
    ...["a1", "a2", "a10"].map((name) => worker(name)),
    worker("weak", { state: "weak", hashrate: 50e12 }),
    worker("weaker", { state: "weak", hashrate: 10e12 }),
    worker("waits", { state: "waiting", hashrate: 0, last_share_seconds: null }),
    worker("silent", { state: "silent", last_share_seconds: 900 }),
    worker("flaps", { state: "flapping", connections: 0, gone_seconds: 3 }),
    worker("refused", { state: "refused", good: 10, lost: 90 }),
    worker("dead", {
      state: "missing",
      connections: 0,
      missing_machines: 1,
      hashrate: 0,
      gone_seconds: 60,
      subnet: "10.0.9.0/24",
    }),
    worker("rack", {
      connections: 2,
      usual_connections: 3,
      missing_machines: 1,
      observations: "gaps,below_kind",
    }),
    worker("small", { client_agent: "S9", hashrate: 14e12, usual_hashrate: 14e12, lost: 20 }),
  ],
});

const names = (change: Partial<Parameters<typeof pickRows>[1]>) =>
  pickRows(FARM, { ...VIEW, ...change }).map(({ name }) => name);

Deno.test("a worker has its sub-account before its name where there are several", () => {
  const { name, searched } = readTable({
    columns: WORKER_COLUMNS,
    rows: [worker("w0", { account: "alice" })],
  })[0]!;
  assert.equal(name, "alice.w0");
  assert.ok(searched.includes("alice.w0"));
});

Deno.test("workers with trouble come first, the missing before all, what costs most before the rest", () => {
  assert.deepEqual(names({}).slice(0, 8), [
    "dead",
    "refused",
    "flaps",
    "silent",
    "weaker",
    "weak",
    "waits",
    "a1",
  ]);
  assert.deepEqual([...STATES], [...WORKER_STATES]);
});

Deno.test("workers that just work keep their places, whatever chance does to their hashrate", () => {
  const rows = (first: number) =>
    readTable({
      columns: WORKER_COLUMNS,
      rows: [worker("a", { hashrate: first }), worker("b")],
    });
  for (const first of [90e12, 110e12]) {
    assert.deepEqual(pickRows(rows(first), VIEW).map(({ name }) => name), ["a", "b"]);
  }
});

Deno.test("filters show what they say, a name with fewer machines among the missing", () => {
  assert.deepEqual(names({ filter: "missing" }), ["dead", "rack"]);
  assert.deepEqual(names({ filter: "observed" }), ["rack"]);
  assert.equal(names({ filter: "trouble" }).length, 7);
  assert.deepEqual(names({ filter: "silent" }), ["silent"]);
  assert.ok(FARM.every((row) => isShown(row, "all")));
});

Deno.test("search and sort work together with trouble first, or without it", () => {
  assert.deepEqual(names({ search: " S9 " }), ["small"]);
  assert.deepEqual(names({ search: "10.0.9" }), ["dead"]);
  const byName = { troubleFirst: false, sort: "name", descending: false } as const;
  assert.deepEqual(names({ ...byName, search: "a1" }), ["a1", "a10"]);
  const byLost = { troubleFirst: false, sort: "lost" } as const;
  assert.deepEqual(names(byLost).slice(0, 2), ["refused", "small"]);
  assert.equal(names({ troubleFirst: false, sort: "lastShare" })[0], "waits");
});

Deno.test("groups have the sums of their rows, those with trouble first", () => {
  const view = { ...VIEW, group: "subnet" } as const;
  const items = groupRows(pickRows(FARM, view), view, (name) => name === "10.0.9.0/24");
  assert.equal(items.length, 3);
  const [first, second, row] = items;
  assert.deepEqual({ ...first }, {
    group: "10.0.0.0/24",
    workers: 11,
    trouble: 6,
    hashrate: 774e12,
    usualHashrate: 1014e12,
    lostPart: 110 / (9_010 + 1_000 + 110),
    isOpen: false,
  });
  assert.deepEqual(second && "group" in second && [second.group, second.isOpen], [
    "10.0.9.0/24",
    true,
  ]);
  assert.equal(row && "name" in row && row.name, "dead");
});

Deno.test("every state and every reason of the weak has its words, with the figure that matters", () => {
  const none = { reason: "", part: null };
  const words = (state: typeof WORKER_STATES[number], figures = {}) =>
    stateText({ ...none, state }, figures);
  assert.equal(words("missing", { goneSeconds: 7_200 }), "Missing for 2 h");
  assert.equal(
    words("missing", { goneSeconds: 7_200, usualHashrate: 102e12 }),
    "Missing for 2 h – had 102.0 TH/s",
  );
  assert.equal(words("flapping", { connectsHour: 30 }), "Flapping: 30 logins in 1 h");
  assert.equal(words("working", { goneSeconds: 18 }), "Disconnected 18 s ago");
  assert.equal(stateTone("working", 18), "calm");
  assert.equal(words("silent", { lastShareSeconds: 840 }), "No share for 14 min");
  assert.equal(words("silent", { lastShareSeconds: null }), "No share yet");
  assert.equal(
    stateText({ state: "refused", reason: "version_mask", part: 0.97 }, {}),
    "Refused: 97 % – version bits the pool does not allow",
  );
  const weak = WEAK_REASONS.map((reason) =>
    stateText({ state: "weak", reason, part: 0.2 }, { connections: 2, usualConnections: 3 })
  );
  assert.deepEqual(weak, [
    "Weak: 20 % of its kind",
    "Weak: 20 % of what it did",
    "2 of 3 connections",
    "ASICBoost lost",
  ]);
  for (const state of WORKER_STATES) {
    assert.ok(words(state).length > 3, state);
    assert.ok(stateTone(state) === "good" === (state === "working"), state);
  }
});

Deno.test("reasons of causes say where the share ended, and an unknown one is shown as it is", () => {
  assert.equal(causeWords("refused_stale"), "refused here: stale (sent after its job was over)");
  assert.equal(
    causeWords("rejected_other"),
    "rejected by the pool: for another reason that the pool gave",
  );
  assert.equal(
    causeWords("unanswered_timed_out"),
    "never answered: the pool gave no verdict within a minute",
  );
  assert.equal(causeWords("outage"), "made-up jobs while no pool served");
  assert.equal(causeWords("refused_no_pool"), "refused here: found while no pool served");
  assert.equal(causeWords("rejected_novelty"), "rejected by the pool: novelty");
  assert.equal(causeWord("rejected_low_difficulty"), "low difficulty");
});

Deno.test("the page's own sentence has the parts of the main reasons, and blames nobody for being many", () => {
  const cause = (name: string, good: number, lost: number, reasons = {}) => (
    { name, good, lost, part: lost / 1_000, lost_hashes: lost, reasons }
  );
  const causes = {
    ...cause("", 900, 100),
    sentence: "",
    reasons: [cause("rejected_stale", 0, 60), cause("refused_duplicate", 0, 40)],
    pools: [],
    subnets: [],
    accounts: [],
    software: [
      cause("bmminer/2.0.0", 100, 50, { rejected_stale: 50 }),
      cause("cgminer/4.11.1", 800, 50, { rejected_stale: 10, refused_duplicate: 40 }),
    ],
  };
  assert.equal(
    mainReasons(causes),
    "6.0 % rejected by the pool: stale (sent after its job was over), mostly bmminer/2.0.0; " +
      "4.0 % refused here: duplicate (sent twice)",
  );
});

/** A summary with nothing wrong. */
function calmSummary() {
  const summary = sampleOf(SummarySchema);
  const losses = { good: 998, lost: 2, part: 0.002, lost_hashes: 1e15, sentence: "mostly stale" };
  const workers = { ...summary.attention.workers };
  for (const state of WORKER_STATES) workers[state] = 0;
  return {
    ...summary,
    serving: true,
    history: null,
    attention: {
      ...summary.attention,
      workers: { ...workers, working: 2_020 },
      missing_machines: 0,
      trouble_hashrate: 0,
      expected_hashrate: 2e17 as number | null,
      backup: null as typeof summary.attention.backup,
      outage: { since: null as string | null, today_seconds: 0 },
      losses: { hour: losses, day: losses },
    },
  };
}

Deno.test("a farm with nothing wrong gets one calm line and nothing else", () => {
  const summary = calmSummary();
  assert.deepEqual(headlineOf(summary), {
    tone: "good",
    text: "2,020 workers, all working; 0.20 % of the work lost in the last hour",
  });
  assert.deepEqual(statementsOf(summary, "mostly stale"), []);
  assert.ok(troubleCounts(summary).every(([, count]) => count === 0));
  assert.equal(costOf(summary), "");
});

Deno.test("nothing is called well that was not looked at", () => {
  const summary = calmSummary();
  const none = { good: 0, lost: 0, part: 0, lost_hashes: 0, sentence: "" };
  summary.attention.losses = { hour: none, day: none };
  assert.equal(headlineOf(summary).tone, "calm");
  summary.attention.workers.working = 0;
  assert.deepEqual(headlineOf(summary), {
    tone: "calm",
    text: "No worker was seen in the last day",
  });
});

Deno.test("trouble is counted in workers, missing ones in machines, and costs what it costs", () => {
  const summary = calmSummary();
  Object.assign(summary.attention.workers, { missing: 1, weak: 2 });
  Object.assign(summary.attention, { missing_machines: 5, trouble_hashrate: 4e15 });
  assert.deepEqual(headlineOf(summary), {
    tone: "bad",
    text: "3 of 2,023 workers need attention",
  });
  const counts = Object.fromEntries(troubleCounts(summary));
  assert.deepEqual([counts["missing"], counts["weak"], counts["silent"]], [5, 2, 0]);
  assert.equal(costOf(summary), "Costs about 4.00 PH/s, 2.0 % of what is expected");
  assert.deepEqual(statementsOf(summary, "mostly stale"), [{ tone: "calm", text: "mostly stale" }]);
});

Deno.test("what is lost is a rate over the time there was, an hour at most", () => {
  const losses = { ...calmSummary().attention.losses.hour, lost_hashes: 3.6e15 };
  assert.equal(lostRate(losses, 60), 6e13);
  assert.equal(lostRate(losses, 86_400), 1e12);
  assert.equal(lostRate(losses, 0), 3.6e14);
});

Deno.test("one worker is spoken of as one", () => {
  const summary = calmSummary();
  summary.attention.workers.working = 1;
  assert.match(headlineOf(summary).text, /^1 worker working; /);
  summary.attention.workers = { ...summary.attention.workers, working: 9, missing: 1 };
  assert.equal(headlineOf(summary).text, "1 of 10 workers needs attention");
  assert.deepEqual([1, 2].map((count) => countWords("missing", count)), [
    "machine missing",
    "machines missing",
  ]);
});

Deno.test("a backup pool, great losses and an outage are not calm", () => {
  const summary = calmSummary();
  const since = new Date().toISOString();
  summary.attention.backup = { pool: "b:1", since, instead_of: "a:1", reason: "" };
  assert.equal(headlineOf(summary).tone, "warn");
  assert.match(statementsOf(summary, "")[0]!.text, /^On the backup pool b:1 .* has to stay up/);
  const lossy = calmSummary();
  lossy.attention.losses.hour = { ...lossy.attention.losses.hour, part: 0.06 };
  assert.deepEqual(statementsOf(lossy, "6 % lost"), [{ tone: "bad", text: "6 % lost" }]);
  const out = { ...summary, serving: false };
  out.attention.outage = { since, today_seconds: 5 };
  assert.equal(headlineOf(out).tone, "bad");
  assert.deepEqual(statementsOf(out, "").map(({ tone }) => tone), ["bad", "calm"]);
});

Deno.test("a small change fills a fifth of a chart, a great one begins at zero, and noise is small", () => {
  const { min, max, isCut } = scaleOf([[2_012, 2_000, null]], true);
  assert.ok(isCut && min > 1_900 && max < 2_100);
  assert.ok(12 / (max - min) > 0.1, "12 of 2,012 are seen");
  assert.ok(12 / (max - min) < 0.2, "and do not look like a landslide");
  const whole = { min: 0, isCut: false, isDipBelow: false };
  assert.deepEqual(scaleOf([[2_000, 0]], true), { ...whole, max: 2_240 });
  assert.equal(scaleOf([[20, 19]], true).isCut, false);
  assert.equal(scaleOf([[2_000, 1_990]], false).isCut, false);
  assert.deepEqual(scaleOf([], true), { ...whole, max: 4 });
  assert.deepEqual(scaleOf([[null], []], true), { ...whole, max: 4 });
});

Deno.test("a while after a dip the chart shows 1 % again, and says that the dip is below it", () => {
  const before = Array.from({ length: 200 }, () => 2_000);
  const after = (length: number) => Array.from({ length }, (_, i) => i % 2 === 0 ? 1_980 : 2_000);
  const soon = scaleOf([[...before, 0, 0, ...after(20)]], true);
  assert.deepEqual([soon.min, soon.isCut], [0, false], "the dip is the news");
  const later = scaleOf([[...before, 0, 0, ...after(60)]], true);
  assert.ok(later.isCut && later.isDipBelow && later.min > 1_900);
  // A line that lies far above, or that dips itself, is looked at too.
  const expected = Array.from({ length: 262 }, () => 3_000);
  assert.equal(scaleOf([[...before, 0, 0, ...after(60)], expected], true).isCut, false);
  assert.equal(scaleOf([expected, [...before, ...after(61), 0]], true).isCut, false);
});

Deno.test("marks in sight are drawn, and labelled where there is room, the latest first", () => {
  const marks = [{ time: 5 }, { time: 90 }, { time: 100 }, { time: 150 }];
  assert.deepEqual(marksIn(marks, [50, 200], 30), [
    { mark: { time: 90 }, isLabelled: false },
    { mark: { time: 100 }, isLabelled: true },
    { mark: { time: 150 }, isLabelled: true },
  ]);
});

Deno.test("a part is never 0 % for something nor 100 % for less than all", () => {
  const texts = [0, 0.00001, 0.0061, 0.021, 0.34, 0.9999, 1].map(formatPercent);
  assert.deepEqual(texts, ["0 %", "< 0.01 %", "0.61 %", "2.1 %", "34 %", "99.9 %", "100 %"]);
});
