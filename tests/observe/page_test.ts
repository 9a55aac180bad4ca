/** The files of the live page: all there, nothing else given out, nothing from elsewhere. */

import assert from "node:assert/strict";
import { pickRows, readTable } from "../../lib/observe/status/page/miner_rows.js";
import { isClockSet, rejectedPart, seriesOf } from "../../lib/observe/status/page/chart_data.js";
import { KINDS_OF_POOL } from "../../lib/base/pool_kind.ts";
import { REFUSE_REASONS, REJECT_REASONS, snakeCase } from "../../lib/base/share_reasons.ts";
import { poolRemarks } from "../../lib/observe/status/page/pool_remarks.js";
import { PoolTotalSchema, SharesSchema } from "../../lib/observe/status/shapes.ts";
import { sampleOf } from "../support/fake_status.ts";
import { ENGLISH } from "../../lib/observe/status/page/texts.js";
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
  const places = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(String).sort();
  assert.deepEqual(Object.keys(CHINESE).sort(), Object.keys(ENGLISH).sort());
  for (const [key, text] of Object.entries(ENGLISH)) {
    assert.deepEqual(places(CHINESE[key as keyof typeof ENGLISH]), places(text), key);
  }
});

Deno.test("every reason for which a share is refused or rejected has its text", () => {
  for (const kind of KINDS_OF_POOL) assert.ok(Object.hasOwn(ENGLISH, `kind_${kind}`), kind);
  for (const reason of [...REFUSE_REASONS, ...REJECT_REASONS]) {
    assert.ok(Object.hasOwn(ENGLISH, snakeCase(reason)), reason);
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
  assert.deepEqual(series.times, [10, 20, 30, 90, 100]);
  assert.deepEqual(series.hashrate, [rate(10), rate(15), null, rate(40), rate(50)]);
  assert.deepEqual(series.accepted, [30, 30, null, 30, 30]);
  assert.deepEqual(series.up, [10, 10, null, 10, 10]);
  assert.equal(rejectedPart(COLUMNS, [sample(10, 1)]), 1 / 6);
  assert.equal(rejectedPart(COLUMNS, []), undefined);
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

const MINER_COLUMNS = [
  "id",
  "account",
  "worker",
  "address",
  "client_agent",
  "state",
  "asicboost",
  "hashrate",
  "accepted",
  "rejected",
  "last_share_seconds",
  "connected_seconds",
];

/** A miner that works well, but for what is said. */
function miner(worker: string, differs: Record<string, string | number | null> = {}) {
  const good: Record<string, string | number | null> = {
    id: "00000001",
    account: "",
    worker,
    address: "10.0.0.1:1000",
    client_agent: "S19",
    state: "working",
    asicboost: "rolling",
    hashrate: 100e12,
    accepted: 1000,
    rejected: 1,
    last_share_seconds: 5,
    connected_seconds: 9000,
    ...differs,
  };
  return MINER_COLUMNS.map((name) => good[name]!);
}

const VIEW = {
  search: "",
  onlyTrouble: false,
  troubleFirst: false,
  sort: "worker",
  descending: false,
} as const;

Deno.test("a worker has its sub-account before its name where there are several", () => {
  const { worker, searched } = readTable({
    columns: MINER_COLUMNS,
    rows: [miner("w0", { account: "alice" })],
  })[0]!;
  assert.equal(worker, "alice.w0");
  assert.ok(searched.includes("alice.w0"));
});

Deno.test("miners with trouble come first if asked for, the worst before the weak", () => {
  const rows = readTable({
    columns: MINER_COLUMNS,
    rows: [
      ...["a1", "a2", "a3", "a10"].map((name) => miner(name)),
      miner("weak", { hashrate: 50e12 }),
      miner("weaker", { hashrate: 10e12 }),
      miner("silent", { last_share_seconds: 900 }),
      miner("never", { last_share_seconds: null }),
      miner("waits", { state: "joining", last_share_seconds: null, connected_seconds: 60 }),
      miner("new", { last_share_seconds: null, connected_seconds: 60, hashrate: 0 }),
      miner("lost", { asicboost: "lost" }),
      miner("rejects", { rejected: 100 }),
      miner("other kind", { client_agent: "S9", hashrate: 14e12 }),
    ],
  });
  const names = (change: Partial<Parameters<typeof pickRows>[1]>) =>
    pickRows(rows, { ...VIEW, ...change }).map(({ worker }) => worker);
  assert.deepEqual(
    names({ onlyTrouble: true, troubleFirst: true }),
    ["waits", "never", "silent", "weaker", "weak", "lost", "rejects"],
  );
  assert.deepEqual(names({ troubleFirst: true }).slice(7), [
    "a1",
    "a2",
    "a3",
    "a10",
    "new",
    "other kind",
  ]);
  assert.deepEqual(names({ search: " S9 " }), ["other kind"]);
  assert.deepEqual(names({ search: "a1" }), ["a1", "a10"]);
  assert.deepEqual(names({ sort: "hashrate" }).slice(0, 2), ["new", "weaker"]);
  assert.deepEqual(names({ sort: "lastShare", descending: true }).at(3), "silent");
});
