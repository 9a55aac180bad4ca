/** The index of names agrees with a map, whatever comes and goes. */

import assert from "node:assert/strict";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { NameIndex } from "../../lib/workers/name_index.ts";

Deno.test("NameIndex finds what a Map would find, after any additions and deletions", () => {
  const random = seededRandom(11);
  const names: { account: string; name: string }[] = [];
  const index = new NameIndex((row) => names[row]!);
  const map = new Map<string, number>();
  for (let step = 0; step < 60_000; step++) {
    const account = `account${randomBelow(random, 3)}`;
    const name = `rig${randomBelow(random, 2_000)}`;
    const key = `${account}.${name}`;
    const row = map.get(key);
    assert.equal(index.find(account, name), row);
    if (row === undefined) {
      const free = names.findIndex((taken) => taken.name === "");
      const place = free < 0 ? names.length : free;
      if (step % 3 === 0 && free < 0) continue;
      names[place] = { account, name };
      index.add(place);
      map.set(key, place);
    } else {
      index.delete(row);
      names[row] = { account: "", name: "" };
      map.delete(key);
    }
  }
  assert.ok(map.size > 1_000);
});

Deno.test("NameIndex does not mix up the end of a sub-account with the start of a name", () => {
  const names = [{ account: "ab", name: "c" }];
  const index = new NameIndex((row) => names[row]!);
  index.add(0);
  assert.equal(index.find("a", "bc"), undefined);
  assert.equal(index.find("ab", "c"), 0);
});
