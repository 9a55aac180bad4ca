/** Metrics of single workers: many, and therefore in pieces. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { MetricsPage } from "../../lib/observe/exposition.ts";
import { MinerSchema, type MinerShape } from "../../lib/observe/status/miner_shapes.ts";
import { workersOf, writeWorkers } from "../../lib/observe/worker_metrics.ts";
import { sampleOf } from "../support/fake_status.ts";

const MODEL = sampleOf(MinerSchema);

function miner(worker: string, accepted: number, hashrate: number, account = ""): MinerShape {
  return {
    ...MODEL,
    account,
    worker,
    shares: { ...MODEL.shares, accepted },
    hashrate: { minutes_15: hashrate, minutes_60: 0 },
  };
}

/** What is written of the first `most` workers. */
function written(miners: readonly MinerShape[], most: number): string[] {
  return [...writeWorkers(new MetricsPage("prometheus"), finished(workersOf(miners, most)))];
}

Deno.test("10,000 workers are written a few at a time, whole lines each, in less than 3 MB", () => {
  const miners = Array.from(
    { length: 10_000 },
    (_, i) => miner(`farm-3-row-${i}`, 4_000_000 + i, 1.2345678901234567e14 + i),
  );
  const pieces = [
    ...writeWorkers(new MetricsPage("prometheus"), finished(workersOf(miners, 10_000))),
  ];
  assert.ok(pieces.length >= 40);
  for (const piece of pieces) {
    assert.ok(piece.length < 200_000, `a piece has ${piece.length} characters`);
    assert.match(piece, /^$|\n$/);
  }
  const text = pieces.join("");
  assert.ok(text.length < 3e6);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  assert.equal(lines.length, 40_000);
  assert.equal(new Set(lines.map((line) => line.replace(/ \S+$/, ""))).size, 40_000);
  assert.equal(text.match(/^# TYPE /gm)!.length, 3);
});

Deno.test("the connections of a worker are added up, and of too many the first names are shown", () => {
  const miners = [miner("b", 1, 10), miner("c", 2, 20), miner("a", 3, 30), miner("b", 4, 40)];
  const text = written([...miners, miner("", 9, 9)], 2);
  const lines = text.join("").split("\n").filter((line) =>
    /^[^#].*(connections|hashrate)|accepted/.test(line)
  );
  assert.deepEqual(lines, [
    'btcagent_worker_connections{worker="a"} 1',
    'btcagent_worker_connections{worker="b"} 2',
    'btcagent_worker_hashrate_hashes_per_second{worker="a"} 30',
    'btcagent_worker_hashrate_hashes_per_second{worker="b"} 50',
    'btcagent_worker_shares{worker="a",result="accepted"} 3',
    'btcagent_worker_shares{worker="b",result="accepted"} 5',
  ]);
});

Deno.test("workers of one name in two sub-accounts are two series, each with its own counts", () => {
  const miners = [
    miner("w0", 1, 10, "bob"),
    miner("w0", 2, 20, "alice"),
    miner("w0", 4, 40, "bob"),
  ];
  const text = written(miners, 10).join("");
  assert.deepEqual(text.split("\n").filter((line) => /^[^#].*(connections|accepted)/.test(line)), [
    'btcagent_worker_connections{account="alice",worker="w0"} 1',
    'btcagent_worker_connections{account="bob",worker="w0"} 2',
    'btcagent_worker_shares{account="alice",worker="w0",result="accepted"} 2',
    'btcagent_worker_shares{account="bob",worker="w0",result="accepted"} 5',
  ]);
});

Deno.test("names that read the same are one series: a scrape has none twice", () => {
  const miners = [miner("w\u202e", 1, 10), miner("w\u202d", 2, 20)];
  const text = written(miners, 10).join("");
  assert.match(text, /btcagent_worker_connections\{worker="w\?"\} 2\n/);
});
