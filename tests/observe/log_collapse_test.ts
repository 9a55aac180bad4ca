/** Which lines of a storm are written, and how the rest is summed up. */

import assert from "node:assert/strict";
import { Collapser } from "../../lib/observe/log_collapse.ts";
import { type LogRecord, messageOf } from "../../lib/observe/log_record.ts";

/** A collapser, with what came through it and what it summed up. */
class Rig {
  readonly collapser = new Collapser();
  readonly written: string[] = [];
  time = 5_000_000;

  log(template: string, values: LogRecord["values"], times = 1): void {
    for (let i = 0; i < times; i++) {
      const record: LogRecord = { timestamp: 0, level: "info", area: "miner", template, values };
      if (this.collapser.admits(record, this.time)) this.written.push(messageOf(record));
    }
  }

  /** Lets time pass, second by second, and gives the sums that were said. */
  pass(seconds: number): string[] {
    const said: string[] = [];
    for (let i = 0; i < seconds; i++) {
      this.time += 1000;
      said.push(...Array.from(this.collapser.due(this.time), messageOf));
    }
    return said;
  }
}

const OUT = "Miner {miner} disconnected: {reason}";

Deno.test("the first 10 lines of a kind are written, and what else comes in 60 s is counted", () => {
  const rig = new Rig();
  const sums: string[] = [];
  for (let i = 0; i < 60; i++) {
    rig.log(OUT, { miner: i, reason: "reset" }, 5);
    sums.push(...rig.pass(1));
  }
  assert.equal(rig.written.length, 10);
  assert.deepEqual(sums, ["290 more in 57 s: Miner … disconnected: reset"]);
  rig.log(OUT, { miner: "later", reason: "reset" });
  assert.equal(
    rig.written.at(-1),
    "Miner later disconnected: reset",
    "after the sum it is news again",
  );
});

Deno.test("a storm that goes on is one line and one sum a minute, until it pauses for a minute", () => {
  const rig = new Rig();
  const sums: string[] = [];
  for (let i = 0; i < 180; i++) {
    rig.log(OUT, { miner: i, reason: "reset" });
    sums.push(...rig.pass(1));
  }
  assert.equal(rig.written.length, 10 + 1 + 1);
  assert.deepEqual(sums.map((sum) => sum.split(" ")[0]), ["50", "59", "59"]);
  assert.deepEqual(rig.pass(61), []);
  rig.log(OUT, { miner: 1, reason: "reset" }, 20);
  assert.equal(rig.written.length, 12 + 10);
});

Deno.test("a short storm is summed up once it is over, not a minute later", () => {
  const rig = new Rig();
  rig.log(OUT, { miner: 1, reason: "reset" }, 322);
  assert.deepEqual(rig.pass(4), []);
  assert.deepEqual(rig.pass(1), ["312 more in 1 s: Miner … disconnected: reset"]);
  rig.log(OUT, { miner: 1, reason: "reset" }, 3);
  assert.deepEqual(rig.pass(54), [], "the early sum comes once");
  assert.deepEqual(rig.pass(1), ["3 more in 1 s: Miner … disconnected: reset"]);
  assert.deepEqual(rig.pass(120), []);
});

Deno.test("a kind that fits in leaves no sum", () => {
  const rig = new Rig();
  rig.log(OUT, { miner: 1, reason: "reset" }, 10);
  assert.deepEqual(rig.pass(120), []);
  assert.equal(rig.written.length, 10);
});

Deno.test("equal causes count together and different ones apart", () => {
  const rig = new Rig();
  rig.log(OUT, { miner: 1, reason: "reset" }, 12);
  rig.log(OUT, { miner: 2, reason: "timed out" }, 13);
  rig.log("Accepting miners again", {}, 11);
  assert.deepEqual(rig.pass(5), [
    "2 more in 1 s: Miner … disconnected: reset",
    "3 more in 1 s: Miner … disconnected: timed out",
    "1 more in 1 s: Accepting miners again",
  ]);
});

Deno.test("pools count apart, each over all of its connections", () => {
  const rig = new Rig();
  for (let i = 1; i <= 15; i++) {
    rig.log("Pool {pool} lost: {reason}", { pool: `a:1 #${i}`, reason: "reset" });
    rig.log("Pool {pool} lost: {reason}", { pool: `b:1 #${i}`, reason: "reset" });
  }
  assert.deepEqual(rig.pass(5), [
    "5 more in 1 s: Pool a:1 lost: reset",
    "5 more in 1 s: Pool b:1 lost: reset",
  ]);
});

Deno.test("values side by side are one gap in the sum", () => {
  const rig = new Rig();
  rig.log("Miner {miner} in, session {session}{note}", { miner: 1, session: 2, note: "" }, 11);
  assert.deepEqual(rig.pass(5), ["1 more in 1 s: Miner … in, session …"]);
});

Deno.test("lines that differ only in a counted noun are one kind", () => {
  const rig = new Rig();
  rig.log("Up to {miners|miner}: full", { miners: 1 }, 6);
  rig.log("Up to {miners|miner}: full", { miners: 2 }, 6);
  assert.deepEqual(rig.pass(5), ["2 more in 1 s: Up to … miners: full"]);
});

Deno.test("peers who invent causes can neither fill the log nor memory", () => {
  const rig = new Rig();
  for (let i = 0; i < 50_000; i++) rig.log(OUT, { miner: 1, reason: `"${i}" is no request` }, 2);
  assert.equal(rig.written.length, 20 * 2 + 10);
  assert.deepEqual(rig.pass(5), [`${2 * (50_000 - 20) - 10} more in 1 s: Miner … disconnected: …`]);
});

Deno.test("what was not said yet is said at the end", () => {
  const rig = new Rig();
  rig.log(OUT, { miner: 1, reason: "reset" }, 11);
  assert.deepEqual(
    Array.from(rig.collapser.due(Infinity), messageOf),
    ["1 more in 1 s: Miner … disconnected: reset"],
  );
});

Deno.test("the sum of lines about workers says which workers it was, each once", () => {
  const rig = new Rig();
  for (let i = 0; i < 14; i++) {
    rig.log(OUT, { miner: `farm.rig${i}@10.0.0.7:${i}`, worker: `farm.rig${i}`, reason: "reset" });
  }
  rig.log(OUT, { miner: "farm.rig12@10.0.0.7:99", worker: "farm.rig12", reason: "reset" }, 2);
  assert.equal(rig.written.length, 10);
  assert.deepEqual(rig.pass(5), [
    "6 more in 1 s: Miner … disconnected: reset: farm.rig10, farm.rig11, farm.rig12 (3 times), farm.rig13",
  ]);
  rig.log(OUT, { miner: 1, worker: "farm.late", reason: "reset" });
  assert.deepEqual(rig.pass(55), ["1 more in 1 s: Miner … disconnected: reset: farm.late"]);
});

Deno.test("what is not about a worker hides no line that is, whatever the message and its cause", () => {
  const rig = new Rig();
  rig.log(OUT, { miner: "10.0.0.9:4", reason: "it closed the connection" }, 500);
  rig.log(OUT, { miner: "m", worker: "farm.rig1", reason: "it closed the connection" });
  assert.equal(rig.written.at(-1), "Miner m disconnected: it closed the connection");
  assert.deepEqual(rig.pass(5), [
    "490 more in 1 s: Miner … disconnected: it closed the connection",
  ]);
});

Deno.test("2,000 workers that leave together are all named, in lines that every reader takes whole", () => {
  const rig = new Rig();
  const names = Array.from({ length: 2000 }, (_, i) => `farm.rack${i >> 5}x${i}`);
  for (const worker of names) rig.log(OUT, { miner: worker, worker, reason: "reset" });
  const sums = rig.pass(5);
  assert.match(sums[0]!, /^1990 more in 1 s: Miner … disconnected: reset: farm\.rack0x10, /);
  for (const sum of sums) assert.ok(sum.length <= 1000, `${sum.length}`);
  const named = new Set(
    [...rig.written, ...sums].flatMap((line) => [...line.matchAll(/farm\.\w+/g)].map(([n]) => n)),
  );
  assert.deepEqual(names.filter((name) => !named.has(name)), []);
});

Deno.test("names are kept up to a bound, even if a peer invents them, and the rest is counted", () => {
  const rig = new Rig();
  for (let i = 0; i < 20_000; i++) {
    const worker = `${i}`.padEnd(5000, "x");
    rig.log(OUT, { miner: worker, worker, reason: `reason ${i % 30}` });
  }
  const sums = rig.pass(5);
  const length = sums.reduce((sum, { length }) => sum + length, 0);
  assert.ok(length < 300_000, `${length} units`);
  assert.ok(sums.some((sum) => / and \d+ more$/.test(sum)));
  rig.pass(120);
  const worker = "farm.rig1";
  rig.log(OUT, { miner: 1, worker, reason: "reset" }, 12);
  assert.deepEqual(rig.pass(5), [
    "2 more in 1 s: Miner … disconnected: reset: farm.rig1 (2 times)",
  ]);
});
