import assert from "node:assert/strict";
import { finished } from "../../../lib/base/steps.ts";
import { DAY_MS } from "../../../lib/observe/history/axis.ts";
import { lookInto } from "../../../lib/observe/history/look.ts";
import { purgeWorker } from "../../../lib/observe/history/purge.ts";
import { STEP_MS } from "../../../lib/observe/history/steps.ts";
import { days, HistoryRig, MIDNIGHT, step, worker } from "../../support/history_rig.ts";

const SECRET = "rig-of-customer-Q7";

/** How often `text` is in any file of the folder. */
function countIn(rig: HistoryRig, text: string): number {
  const wanted = new TextEncoder().encode(text);
  let count = 0;
  for (const bytes of rig.bytes()) {
    for (let at = bytes.indexOf(wanted[0]!); at >= 0; at = bytes.indexOf(wanted[0]!, at + 1)) {
      if (wanted.every((byte, i) => bytes[at + i] === byte)) count++;
    }
  }
  return count;
}

/**
 * Writes days with hundreds of workers, most of which go and are forgotten: SQLite moves the rows of
 * the rest together, and leaves copies in pages that are free. One is to be purged.
 */
function fill(rig: HistoryRig): void {
  const store = rig.open({ days: 3 });
  const stay = [worker(SECRET), worker("rig7", { account: "bob" }), worker("rig7"), worker("rig8")];
  const go = Array.from({ length: 400 }, (_, i) => worker(`x${i}`.padEnd(40, "x")));
  const all = [...go.slice(0, 190), ...stay, ...go.slice(190)];
  rig.writeUntil(store, MIDNIGHT + 6 * DAY_MS + 10 * STEP_MS, (at) => {
    store.learn("difficulty", `alice.${SECRET}`, at);
    for (let i = 0; i < 50; i++) store.learn("difficulty", `alice.rig${i}`, at + i);
    return { workers: at < MIDNIGHT + DAY_MS ? all : stay };
  });
  store.addEvent({ at: rig.wall, kind: "outage", text: `It began with ${SECRET}.` });
  store.close();
}

Deno.test("after a purge no byte of the name is in any file, and the others are as before", () => {
  using rig = new HistoryRig();
  fill(rig);
  assert.ok(countIn(rig, SECRET) >= 3);
  const read = () => {
    const store = rig.open();
    const rows = finished(store.worker("alice", "rig7", ...days(0, 9), STEP_MS));
    const spans = [...store.workers(...days(0, 9))].filter((span) => span !== undefined);
    const learned = store.learned("difficulty").size;
    store.close();
    return { rows, spans: spans.filter(({ name }) => name !== SECRET), learned };
  };
  const before = read();
  const database = lookInto(rig.path, () => 0);
  const purged = purgeWorker(database, `alice.${SECRET}`);
  database.close();
  assert.deepEqual(purged, { workers: [`alice.${SECRET}`], isLogEmpty: true });
  assert.equal(countIn(rig, SECRET), 0);
  assert.deepEqual(read(), { ...before, learned: before.learned - 1 });
  const store = rig.open();
  assert.equal(finished(store.worker("alice", SECRET, ...days(0, 9), STEP_MS)), undefined);
  assert.equal(store.events(...days(0, 9), 9)[0]!.text, "It began with ?.");
});

Deno.test("beside a running btcagent a purge works too, and the number serves another worker", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const old = worker(SECRET, { hashrate: 5e12 });
  for (let i = 0; i < 10; i++) rig.write(store, { workers: [old, worker("rig1")] });
  const database = lookInto(rig.path, () => 0);
  assert.equal(purgeWorker(database, SECRET).isLogEmpty, true);
  database.close();
  assert.equal(countIn(rig, SECRET), 0);
  rig.write(store, { workers: [worker("rig1"), worker("new", { hashrate: 7e12 })] });
  const fresh = finished(store.worker("alice", "new", ...days(0, 1), STEP_MS))!;
  assert.equal(fresh.length, 1);
  assert.equal(finished(store.worker("alice", "rig1", ...days(0, 1), STEP_MS))?.length, 11);
});

Deno.test("a purge while a step is being packed takes the worker out of that step, too", () => {
  using rig = new HistoryRig();
  const store = rig.open();
  const workers = [worker(SECRET), ...Array.from({ length: 200 }, (_, i) => worker(`rig${i}`))];
  rig.write(store, { workers });
  const writing = store.write(step(rig.wall, { workers }));
  for (let turn = 0; turn < 3; turn++) writing.next();
  const database = lookInto(rig.path, () => 0);
  purgeWorker(database, SECRET);
  finished(writing);
  database.close();
  rig.wall += STEP_MS;
  rig.write(store, { workers: [...workers.slice(1), worker("new")] });
  assert.equal(finished(store.worker("alice", "new", ...days(0, 1), STEP_MS))?.length, 1);
  assert.equal(finished(store.worker("alice", "rig7", ...days(0, 1), STEP_MS))?.length, 3);
});

Deno.test("a name alone means the workers of that name in every sub-account", () => {
  using rig = new HistoryRig();
  fill(rig);
  const database = lookInto(rig.path, () => 0);
  assert.deepEqual(purgeWorker(database, "rig7").workers.toSorted(), ["alice.rig7", "bob.rig7"]);
  assert.deepEqual(purgeWorker(database, "rig7").workers, []);
  assert.equal(purgeWorker(database, "alice.rig8").workers.length, 1);
  database.close();
});
