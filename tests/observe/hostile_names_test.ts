/** Names that strangers choose, on every output there is: data everywhere, and harm nowhere. */

import assert from "node:assert/strict";
import { escapedJson, printable, printableJson } from "../../lib/base/printable.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { formatJson, formatReport } from "../../lib/check/format.ts";
import type { Report } from "../../lib/check/report.ts";
import { formatProblems } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import { MetricsPage } from "../../lib/observe/exposition.ts";
import { LiveLine } from "../../lib/observe/live_line.ts";
import { areaLog, startLog, stopLog } from "../../lib/observe/log.ts";
import { formatRecord } from "../../lib/observe/log_format.ts";
import type { LogRecord } from "../../lib/observe/log_record.ts";
import { formatMetrics } from "../../lib/observe/metrics.ts";
import { RecentEvents } from "../../lib/observe/recent_events.ts";
import { KeptHistorySchema } from "../../lib/observe/status/history_shapes.ts";
import { answerOptions, answerRequest } from "../../lib/observe/status/server.ts";
import * as minerShapes from "../../lib/observe/status/miner_shapes.ts";
import * as poolShapes from "../../lib/observe/status/pool_shapes.ts";
import * as shapes from "../../lib/observe/status/shapes.ts";
import type { CausesShape, WorkerShape } from "../../lib/observe/status/worker_shapes.ts";
import { FakeHistory } from "../support/fake_history.ts";
import { FakeStatus, sampleOf } from "../support/fake_status.ts";
import { harmIn, harmInValue, HOSTILE_NAMES } from "../support/hostile_names.ts";
import { samplesOf } from "../support/status_rig.ts";

const NAMES = Object.entries(HOSTILE_NAMES);
const TIME = "2026-11-22T12:00:00.000Z";
const HISTOGRAM = { bounds_seconds: [1, 2], counts: [1, 1, 1], sum_seconds: 5 };
const SUMMARY: shapes.SummaryShape = {
  ...sampleOf(shapes.SummarySchema),
  started_at: TIME,
  reloads: { done: 0, failed: 0, last_at: null, last_went_well: true },
  verdict_latency: HISTOGRAM,
  job_fanout: HISTOGRAM,
  history: { ...sampleOf(KeptHistorySchema), fsync: HISTOGRAM },
};
const decoder = new TextDecoder("utf-8", { fatal: true });

/** Where somebody else's name stands in what the status server shows. */
class HostileStatus extends FakeStatus {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
    const history = new FakeHistory();
    history.spans = [{
      account: name,
      name,
      hashrate: 1,
      lostPart: 0,
      connectedPart: 1,
      seconds: 1,
      first: 0,
      last: 0,
    }];
    this.history = history;
  }

  // deno-lint-ignore require-yield -- all in one step
  override *summary(): Generator<void, shapes.SummaryShape> {
    return {
      ...SUMMARY,
      reason: this.#name,
      notify: [{
        channel: this.#name,
        sent: 0,
        failed: 0,
        dropped: 0,
        waiting: 0,
        trouble: this.#name,
      }],
      history: { ...SUMMARY.history!, problem: this.#name, week_sentence: this.#name },
      certificates: [{ file: this.#name, names: this.#name, expires_at: TIME, days_left: 1 }],
    };
  }

  override health(): { readonly serving: boolean; readonly reason: string } {
    return { serving: false, reason: this.#name };
  }

  override miners(): readonly minerShapes.MinerShape[] {
    return super.miners().map((miner) => ({
      ...miner,
      account: this.#name,
      worker: this.#name,
      user: this.#name,
      client_agent: this.#name,
      upstream: this.#name,
    }));
  }

  override miner(id: number): minerShapes.MinerShape | undefined {
    return this.miners()[id];
  }

  override workers(): readonly WorkerShape[] {
    return super.workers().map((worker) => ({
      ...worker,
      account: this.#name,
      worker: this.#name,
      client_agent: this.#name,
      went: this.#name,
    }));
  }

  override *pools(): Generator<void, poolShapes.PoolTotalShape[]> {
    return (yield* super.pools()).map((pool) => ({
      ...pool,
      address: this.#name,
      reason: this.#name,
    }));
  }

  override *causes(): Generator<void, CausesShape> {
    const { hour, day } = yield* super.causes();
    const named = (losses: CausesShape["hour"]): CausesShape["hour"] => ({
      ...losses,
      sentence: this.#name,
      software: losses.software.map((cause) => ({ ...cause, name: this.#name })),
    });
    return { hour: named(hour), day: named(day) };
  }

  override accounts(): poolShapes.AccountShape[] {
    return super.accounts().map((account) => ({ ...account, account: this.#name }));
  }

  override events(): readonly shapes.EventShape[] {
    return super.events().map((event) => ({ ...event, message: this.#name }));
  }

  override config(): Readonly<Record<string, unknown>> {
    return { pools: [[this.#name, 1, this.#name]], [this.#name]: 1 };
  }
}

/** The text of an answer of a status server that shows `name` wherever it can. */
async function ask(name: string, path: string, accept = ""): Promise<string> {
  const source = new HostileStatus(name);
  const options = { source, control: source, workerSeriesMax: 100, token: "", time: systemTime };
  const response = await answerRequest(answerOptions(options), {
    method: "GET",
    url: `http://localhost${path}`,
    headers: new Headers({ host: "localhost", accept }),
    body: null,
  });
  if (response.headers.get("content-type")!.startsWith("text/event-stream")) {
    const reader = response.body!.getReader();
    // First where the reader is, then the state.
    const texts = [await reader.read(), await reader.read()]
      .map(({ value }) => decoder.decode(value));
    await reader.cancel();
    return texts.join("");
  }
  return decoder.decode(await response.arrayBuffer());
}

Deno.test("the list has what it is for: each name in it is harmful somewhere", () => {
  const harmful = NAMES.filter(([, name]) => harmIn(name) !== undefined);
  assert.ok(harmful.length >= 15);
  for (const [what, name] of NAMES) assert.equal(harmIn(printable(name)), undefined, what);
});

Deno.test("a text that harms nobody is shown as it is, in any writing", () => {
  for (
    const text of [
      "rig-1.a_b",
      "алиса",
      "矿机七号",
      "मज़दूर",
      "عامل",
      "é\u0301",
      "😀🏴",
      "=1+1",
      "@all",
    ]
  ) {
    assert.equal(printable(text), text);
    assert.equal(JSON.parse(printableJson({ text })).text, text);
  }
});

for (const [what, name] of NAMES) {
  Deno.test(`${what}: a name is one line in the log, for people and for programs`, () => {
    const record: LogRecord = {
      timestamp: 0,
      level: "warning",
      area: "pool",
      template: "Pool {pool} said {text}",
      values: { pool: name, text: name },
    };
    const text = formatRecord(record, "text", false);
    assert.ok(text.endsWith("\n"));
    assert.equal(harmIn(text.slice(0, -1)), undefined);
    const json = formatRecord(record, "json", false);
    assert.ok(json.endsWith("}\n"));
    assert.equal(harmIn(json.slice(0, -1)), undefined);
    assert.equal(harmIn(JSON.parse(json).message), undefined);
    // A program that asks for the value itself gets it: there it is data.
    if (name.length < 1000) assert.equal(JSON.parse(json).pool, name);
  });

  Deno.test(`${what}: a name is one event, and harms nobody who asks for events`, async () => {
    const events = new RecentEvents();
    startLog({
      level: "info",
      format: "text",
      time: systemTime,
      targets: [],
      heard: (line) => events.add(line),
    });
    areaLog("miner").info("Miner {miner} connected", { miner: name });
    await stopLog();
    const [event, ...rest] = events.list();
    assert.deepEqual(rest, []);
    assert.equal(harmIn(event!.message), undefined);
    assert.equal(harmInValue(JSON.parse(printableJson(event))), undefined);
  });

  Deno.test(`${what}: a name harms nobody in any answer of the API`, async () => {
    for (
      const path of [
        "/healthz",
        "/api/v1/summary",
        "/api/v1/miners",
        "/api/v1/miners/00000001",
        "/api/v1/miner-table",
        "/api/v1/upstreams",
        "/api/v1/causes",
        "/api/v1/events",
        "/api/v1/history",
        "/api/v1/config",
        "/api/v1/log-level",
        // Words of who asks come back in what is said of them.
        `/api/v1/miners?${encodeURIComponent(name.slice(0, 1000).toWellFormed())}=1`,
        `/api/v1/miners?q=${encodeURIComponent(name.slice(0, 1000).toWellFormed())}`,
      ]
    ) {
      const text = await ask(name, path);
      assert.equal(harmIn(text.trimEnd()), undefined, path);
      assert.equal(harmInValue(JSON.parse(text)), undefined, path);
    }
  });

  Deno.test(`${what}: a name is one cell of a spreadsheet, and no formula there`, async () => {
    const rows = (await ask(name, "/api/v1/causes.csv")).split("\r\n").slice(0, -1);
    const named = rows.filter((row) => row.startsWith("hour,software,"));
    assert.equal(named.length, 2);
    for (const row of named) {
      const text = row.slice("hour,software,".length);
      assert.equal(harmIn(row), undefined);
      assert.doesNotMatch(text, /^"?[=+@\t\r-]/);
      if (!text.startsWith('"')) assert.equal(row.split(",").length, 7);
    }
  });

  Deno.test(`${what}: a name is one cell of the history's spreadsheet`, async () => {
    const [head, row, ...rest] = (await ask(name, "/api/v1/history/workers.csv")).split("\r\n");
    assert.equal(head!.split(",")[1], "worker");
    assert.deepEqual(rest, [""]);
    assert.equal(harmIn(row!), undefined);
    assert.doesNotMatch(row!, /^"?[=+@\t\r-]/);
  });

  Deno.test(`${what}: a name ends no event of the stream, and harms nobody who watches`, async () => {
    const text = await ask(name, "/api/v1/stream");
    const blocks = text.split("\n\n");
    assert.deepEqual(blocks.length, 3, "where it is, one event and its end");
    assert.match(blocks[0]!, /^retry: \d+\nid: [\w.]+$/);
    const [event, data, ...rest] = blocks[1]!.split("\n");
    assert.deepEqual([event, rest], ["event: state", []]);
    assert.equal(harmIn(data!), undefined);
    assert.equal(harmInValue(JSON.parse(data!.slice("data: ".length))), undefined);
  });

  Deno.test(`${what}: a name is a label of a metric, in both formats`, async () => {
    for (const accept of ["", "application/openmetrics-text"]) {
      const text = await ask(name, "/metrics", accept);
      for (const line of text.split("\n")) {
        assert.equal(harmIn(line), undefined);
        if (line === "" || line.startsWith("#")) continue;
        assert.match(
          line,
          /^[a-z_]+(?:\{[a-z_]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[\d.e+-]+$/,
        );
      }
      assert.ok(samplesOf(text).size > 50);
    }
  });

  Deno.test(`${what}: a name steers no terminal: live line, check, configuration`, () => {
    const chunks: Uint8Array[] = [];
    const target = {
      isTerminal: () => true,
      writeSync: (bytes: Uint8Array) => chunks.push(bytes.slice()) && bytes.length,
    };
    const live = new LiveLine(target);
    live.show(name.replaceAll("\n", ""));
    live.print(name.replaceAll("\n", ""));
    const shown = chunks.map((chunk) => decoder.decode(chunk)).join("");
    const [written, kept, end] = shown.split("\n");
    assert.equal(end, "");
    assert.ok(written!.startsWith("\r") && written!.endsWith("\x1b[K"), "over what was shown");
    assert.equal(harmIn(written!.slice("\r".length, -"\x1b[K".length)), undefined);
    assert.equal(harmIn(kept!), undefined);

    const row = { level: "failure", subject: name, found: name, advice: name } as const;
    const report: Report = {
      sections: [{ title: name, rows: [{ ...row, values: { [name]: name } }] }],
      stops: [name],
    };
    const text = formatReport(report, false);
    assert.equal(text.split("\n").length, 5);
    for (const line of text.split("\n")) assert.equal(harmIn(line), undefined);
    for (const line of formatJson(report, 1).split("\n")) assert.equal(harmIn(line), undefined);

    const config = readConfig(JSON.stringify({ [name]: name, agent_type: name }));
    assert.ok(!config.ok);
    for (const line of formatProblems(name.replaceAll("\n", ""), config.problems).split("\n")) {
      assert.equal(harmIn(line), undefined);
    }
  });
}

Deno.test("accounts that read the same are two series all the same", () => {
  const account = sampleOf(poolShapes.AccountSchema);
  const names = ["a\u202e", "a\u202d", "a? #2", "a?"];
  const pieces = formatMetrics({
    summary: { ...SUMMARY, certificates: [], notify: [] },
    pools: [],
    accounts: names.map((name) => ({ ...account, account: name })),
    workers: [],
    troubled: [],
  }, "openmetrics");
  const samples = samplesOf([...pieces].join(""));
  const labels = [...samples.keys()].filter((name) => name.startsWith("btcagent_account_miners"));
  assert.equal(labels.length, names.length);
});

Deno.test("a label keeps its quotes and backslashes, escaped", () => {
  const page = new MetricsPage("prometheus");
  page.gauge("x", "X.", [[{ a: 'q"\\n' }, 1]]);
  assert.match(page.take(), /^x\{a="q\\"\\\\n"\} 1$/m);
});

Deno.test("JSON that is to be read again says the same once it is read", () => {
  for (const [what, name] of NAMES) {
    const json = escapedJson(JSON.stringify({ [name]: [name] }, undefined, 2));
    assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ [name]: [name] })), what);
  }
});

Deno.test("the status server writes JSON in one place only, which no new answer can forget", async () => {
  const folder = new URL("../../lib/observe/status/", import.meta.url);
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (!isFile || !name.endsWith(".ts")) continue;
    assert.doesNotMatch(await Deno.readTextFile(new URL(name, folder)), /JSON\.stringify/, name);
  }
});
