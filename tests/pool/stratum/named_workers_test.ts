/** NamedWorkers: which names are to be authorized, and how many are kept. */

import assert from "node:assert/strict";
import { NamedWorkers } from "../../../lib/pool/stratum/named_workers.ts";

/** Asks for all that wait. @returns their names. */
function askAll(workers: NamedWorkers): string[] {
  const names: string[] = [];
  for (let next = workers.next; next !== undefined; next = workers.next) {
    workers.asked(next);
    names.push(JSON.parse(next.json));
  }
  return names;
}

Deno.test("Each name is asked for once, in the order they came, however many miners have it", () => {
  const workers = new NamedWorkers();
  workers.enter(1, "farm.b");
  workers.enter(2, "farm.a");
  workers.enter(3, "farm.b");
  assert.deepEqual(askAll(workers), ["farm.b", "farm.a"]);
  workers.enter(4, "farm.a");
  assert.deepEqual(askAll(workers), []);
  assert.equal(workers.of(3), workers.of(1), "one worker at the pool");
});

Deno.test("A worker that comes back is not asked for again; one that left before its turn is", () => {
  const workers = new NamedWorkers();
  workers.enter(1, "farm.a");
  assert.deepEqual(askAll(workers), ["farm.a"]);
  workers.of(1)!.isAuthorized = true;
  workers.leave(1);
  assert.equal(workers.of(1), undefined);
  workers.enter(7, "farm.a");
  assert.deepEqual(askAll(workers), []);
  assert.ok(workers.of(7)!.isAuthorized);
  workers.enter(8, "farm.b");
  workers.leave(8);
  assert.deepEqual(askAll(workers), []);
  workers.enter(8, "farm.b");
  assert.deepEqual(askAll(workers), ["farm.b"]);
});

Deno.test("A name that another miner still has is not forgotten with the first that leaves", () => {
  const workers = new NamedWorkers();
  workers.enter(1, "farm.a");
  workers.enter(2, "farm.a");
  workers.leave(1);
  assert.deepEqual(askAll(workers), ["farm.a"]);
  assert.ok(workers.of(2));
  workers.leave(2);
  workers.leave(2);
  assert.equal(workers.of(2), undefined);
});

Deno.test("A worker that is back is not forgotten with those that left", () => {
  const workers = new NamedWorkers();
  workers.enter(1, "farm.a");
  askAll(workers);
  workers.leave(1);
  workers.enter(1, "farm.a");
  for (let i = 0; i < 10_001; i++) {
    workers.enter(2, `farm.${i}`);
    askAll(workers);
    workers.leave(2);
  }
  workers.enter(3, "farm.a");
  assert.deepEqual(askAll(workers), []);
});

Deno.test("With a new name at every login a miner makes us keep ten thousand, and all in use stay", () => {
  const workers = new NamedWorkers();
  for (let id = 0; id < 10_000; id++) workers.enter(id, `farm.rig${id}`);
  askAll(workers);
  for (let i = 0; i < 50_000; i++) {
    workers.enter(65_000, `farm.${i}`);
    if (i % 2 === 0) askAll(workers);
    workers.leave(65_000);
  }
  assert.equal(workers.size, 20_000);
  for (let id = 0; id < 10_000; id++) workers.enter(id + 20_000, `farm.rig${id}`);
  assert.deepEqual(askAll(workers), []);
});
