/** workerUser(): what Stratum pools call our workers. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_WORKER_CHARS, workerUser } from "../../../lib/pool/stratum/worker_names.ts";
import { splitUserName } from "../../../lib/protocol/stratum/worker_name.ts";
import { HOSTILE_NAMES } from "../../support/hostile_names.ts";

/** What a pool sees of a miner that authorizes as `minerUser`. */
function seenOf(user: string, minerUser: string): string {
  return workerUser(user, splitUserName(minerUser).workerName);
}

Deno.test("Only the worker part of a miner's name is sent, under the configured account", () => {
  assert.equal(seenOf("bc1qfarm", "whatever.rig7"), "bc1qfarm.rig7");
  assert.equal(seenOf("bc1qfarm.main", "whatever.rig7"), "bc1qfarm.rig7");
  assert.equal(seenOf("bc1qfarm.main.old", "rig7"), "bc1qfarm.rig7");
});

Deno.test("A miner that calls itself by another's payout address earns for the configured one", () => {
  const other = "bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh";
  for (const name of [other, `${other}.rig1`, `x.${other}`, `x.y.${other}.rig1`, `_${other}`]) {
    assert.match(seenOf("bc1qfarm.main", name), /^bc1qfarm\.[A-Za-z0-9_-]+$/, name);
  }
});

Deno.test("Characters that some pools refuse become hyphens, and names stay different", () => {
  assert.equal(workerUser("farm", "rig.1.11"), "farm.rig-1-11");
  assert.equal(workerUser("farm", "rig.11.1"), "farm.rig-11-1");
  assert.equal(workerUser("farm", "a:b|c^d/e"), "farm.a-b-c-d-e");
  assert.equal(workerUser("farm", "hall_3-rig--7"), "farm.hall_3-rig--7");
  assert.equal(workerUser("farm", "rig 7"), workerUser("farm", "rig/7"), "one worker at the pool");
});

Deno.test("A worker whose name has no usable characters is the one without a name", () => {
  for (const name of ["", "...", "=", "\u202e", "-", "—"]) {
    assert.equal(workerUser("farm", name), "farm.__default__", JSON.stringify(name));
  }
});

Deno.test("A long name is cut, and never ends in a hyphen for that", () => {
  assert.equal(workerUser("farm", "x".repeat(300)), `farm.${"x".repeat(MAX_WORKER_CHARS)}`);
  const cut = workerUser("farm", `${"x".repeat(MAX_WORKER_CHARS - 1)}.y`);
  assert.equal(cut, `farm.${"x".repeat(MAX_WORKER_CHARS - 1)}`);
});

Deno.test("A user that is a mail address, or begins with a dot, is kept whole as the account", () => {
  assert.equal(workerUser("me@farm.example", "rig7"), "me@farm.example.rig7");
  assert.equal(workerUser(".farm", "rig7"), ".farm.rig7");
});

for (const [harm, name] of Object.entries(HOSTILE_NAMES)) {
  Deno.test(`A worker's name at the pool is harmless: ${harm}`, () => {
    for (const seen of [workerUser("farm.main", name), seenOf("farm.main", `farm.${name}`)]) {
      assert.match(seen, /^farm\.[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/);
    }
  });
}

Deno.test("For any name of a miner, the account stays and the name has a bounded length", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 100 }), (name) => {
    assert.match(seenOf("bc1qfarm.main", name), /^bc1qfarm\.[A-Za-z0-9_][A-Za-z0-9_-]{0,31}$/);
  }));
});
