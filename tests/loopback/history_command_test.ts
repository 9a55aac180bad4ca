/** `btcagent history` as its users run it, beside a process that keeps the history and without. */

import assert from "node:assert/strict";
import { DAY_MS } from "../../lib/observe/history/axis.ts";
import { cause, HistoryRig, MIDNIGHT, sum, worker } from "../support/history_rig.ts";
import { type Ending, Program } from "../support/program.ts";

/** Runs `btcagent history …words` with a configuration that names the history of `rig`. */
async function history(rig: HistoryRig, ...words: readonly string[]): Promise<Ending> {
  const config = `${rig.folder}/agent.jsonc`;
  const pools = [["pool.example", 3333, "alice"]];
  Deno.writeTextFileSync(config, JSON.stringify({ pools, history: { path: rig.path } }));
  await using program = new Program(["history", ...words, "-c", config]);
  return await program.ended();
}

/** Writes a day of two workers, one of which has a name that a spreadsheet would take to heart. */
function fill(rig: HistoryRig) {
  const store = rig.open();
  rig.writeUntil(store, MIDNIGHT + DAY_MS + 3_600_000, () => ({
    workers: [worker("rig1"), worker("=HYPERLINK(1)", { account: "bob" })],
    farm: sum({ good: 3, difficulty: 1024 }),
    causes: [cause(), cause({ software: "+evil", reason: "rejected_stale" })],
  }));
  return store;
}

Deno.test("btcagent history shows size, span and contents, beside a btcagent and without", async () => {
  using rig = new HistoryRig();
  const store = fill(rig);
  const beside = await history(rig);
  assert.equal(beside.stderr, "");
  assert.match(beside.stdout, /^file +\S+history\.sqlite$/m);
  assert.match(beside.stdout, /^kept by +a running btcagent$/m);
  assert.match(beside.stdout, /^span +2027-03-01T00:00.* \(1\.0 days\)$/m);
  assert.match(beside.stdout, /^workers +2$/m);
  assert.match(beside.stdout, /^packed days +1$/m);
  assert.match(beside.stdout, /^steps since +6$/m);
  rig.write(store);
  assert.equal(store.figures.state, "working");
  store.close();
  const alone = await history(rig);
  assert.match(alone.stdout, /^kept by +no running btcagent$/m);
});

Deno.test("btcagent history export writes CSV that no spreadsheet runs", async () => {
  using rig = new HistoryRig();
  fill(rig).close();
  const workers = (await history(rig, "export", "workers")).stdout.trimEnd().split("\r\n");
  assert.equal(workers[0]!.split(",").slice(0, 3).join(), "account,worker,hashrate");
  assert.match(workers[1]!, /^alice,rig1,(?:999|1000)\d{11},0,1,90000,2027-03-01T00:00:00\.000Z,/);
  assert.match(workers[2]!, /^bob,'=HYPERLINK\(1\),/);
  const farm = (await history(rig, "export", "farm", "--days", "9")).stdout.trimEnd().split("\r\n");
  assert.equal(farm.length, 1 + 150);
  assert.match(farm[1]!, /^2027-03-01T00:10:00\.000Z,600,0,3,0,1024,/);
  const causes = (await history(rig, "export", "causes")).stdout.trimEnd().split("\r\n");
  assert.equal(causes.length, 3);
  assert.ok(causes.some((line) => line.includes(",'+evil,")));
});

Deno.test("btcagent history purge and vacuum say what they did", async () => {
  using rig = new HistoryRig();
  const store = fill(rig);
  const purged = await history(rig, "purge", "alice.rig1");
  assert.equal(purged.code, 0, purged.stderr);
  assert.match(purged.stdout, /^Purged alice\.rig1 from .*\nIf it is still connected/);
  const again = await history(rig, "purge", "alice.rig1");
  assert.equal(again.code, 1);
  assert.match(again.stderr, /There is no worker alice\.rig1/);
  store.close();
  const vacuum = await history(rig, "vacuum");
  assert.match(vacuum.stdout, /history\.sqlite: [\d.]+ [KM]B before, [\d.]+ [KM]B now\n$/);
});

Deno.test("btcagent history says why it cannot, and creates nothing", async () => {
  using rig = new HistoryRig();
  const missing = await history(rig);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /Cannot use the history .*: it is not there/);
  assert.deepEqual([...Deno.readDirSync(rig.folder)].map(({ name }) => name), ["agent.jsonc"]);
  Deno.writeFileSync(rig.path, new Uint8Array(600).fill(0xff));
  assert.match((await history(rig)).stderr, /it is not a history/);
});
