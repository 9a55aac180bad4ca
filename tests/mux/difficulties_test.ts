/** Difficulties: each job keeps what every miner had when it came, in a byte a miner. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Difficulties, type DifficultyTable } from "../../lib/mux/difficulties.ts";

Deno.test("a miner that came after a job has the difficulty all start with for it", () => {
  const difficulties = new Difficulties(0.005);
  const table = difficulties.forJob();
  const places = Array.from({ length: 100 }, () => difficulties.take([table]));
  assert.deepEqual(places, Array.from({ length: 100 }, (_, place) => place));
  for (const place of places) assert.equal(difficulties.of(table, place), 0.005);
});

Deno.test("jobs between which no difficulty changed share one table", () => {
  const difficulties = new Difficulties(8);
  const place = difficulties.take([]);
  const first = difficulties.forJob();
  assert.equal(difficulties.forJob(), first);
  difficulties.set(place, 8);
  assert.equal(difficulties.forJob(), first, "8 is what it has");
  difficulties.set(place, 16);
  const second = difficulties.forJob();
  assert.notEqual(second, first);
  difficulties.set(place, 32);
  difficulties.set(place, 64);
  const sizes = [first, second, difficulties.forJob()].map(({ places }) => places.length);
  assert.deepEqual(sizes, [16, 16, 16]);
});

Deno.test("every job knows the difficulty each miner had when it came, whoever comes and goes", () => {
  const who = fc.nat({ max: 30 });
  const step = fc.oneof(
    fc.record({ do: fc.constantFrom("come", "go", "job"), who, exponent: fc.constant(0) }),
    fc.record({ do: fc.constant("set"), who, exponent: fc.nat({ max: 63 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const difficulties = new Difficulties(1);
      const here = new Map<number, { place: number; difficulty: number; ofJobs: number[] }>();
      const tables: DifficultyTable[] = [];
      for (const { do: what, who, exponent } of steps) {
        const miner = here.get(who);
        if (what === "job") {
          tables.push(difficulties.forJob());
          for (const { ofJobs, difficulty } of here.values()) ofJobs.push(difficulty);
        } else if (what === "come" && miner === undefined) {
          const place = difficulties.take(tables);
          here.set(who, { place, difficulty: 1, ofJobs: tables.map(() => 1) });
        } else if (what === "go" && miner !== undefined) {
          difficulties.give(miner.place);
          here.delete(who);
        } else if (what === "set" && miner !== undefined) {
          difficulties.set(miner.place, 2 ** exponent);
          miner.difficulty = 2 ** exponent;
        }
        for (const { place, ofJobs } of here.values()) {
          assert.deepEqual(tables.map((table) => difficulties.of(table, place)), ofJobs);
        }
      }
    }),
    { seed: 15, numRuns: 200 },
  );
});
