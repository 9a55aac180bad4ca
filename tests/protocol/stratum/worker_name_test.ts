/** Names: what a pool keeps of them, and that they always fit into a register frame. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeAgentFrame, encodeRegister } from "../../../lib/protocol/agent/message.ts";
import { filterName, splitUserName } from "../../../lib/protocol/stratum/worker_name.ts";
import { registeredNames } from "../../../lib/protocol/agent/names.ts";

const RUNS = { seed: 20240612, numRuns: 2000 };

/** Any text, lone surrogates included. */
const anyText = fc.uint16Array({ maxLength: 120 }).map((units) => String.fromCharCode(...units));

/** What a miner's text becomes when its bytes are no UTF-8. */
function read(...bytes: number[]): string {
  return new TextDecoder().decode(Uint8Array.from(bytes));
}

for (
  const [user, account, workerName] of [
    ["alice.rig1", "alice", "rig1"],
    ["alice.rig1.gpu2", "alice", "rig1.gpu2"],
    ["alice", "alice", "alice"],
    ["alice.", "alice", "alice."],
    [".rig1", "", "rig1"],
    [".", "", "."],
    ["..rig", "", ".rig"],
    ["", "", "__default__"],
    ["矿工", "", "__default__"],
    ["alice.矿机", "alice", "alice."],
    ["alice.矿机1", "alice", "1"],
    ["ali ce.rig 1,=@", "alice", "rig1"],
    ["alice.rig\0\n\x7f1", "alice", "rig1"],
    ["al😀ice.r😀ig", "alice", "rig"],
    // GBK for 矿机 in front of a digit: no UTF-8.
    [`alice.${read(0xbf, 0xf3, 0xbb, 0xfa, 0x37)}`, "alice", "7"],
    ["Alice_9-a:b|c^d/e.W", "Alice_9-a:b|c^d/e", "W"],
    // Never cut: it could become somebody else's.
    [`${"a".repeat(80)}.rig`, "a".repeat(80), "rig"],
  ] as const
) {
  Deno.test(`user ${JSON.stringify(user)} is sub-account "${account}", worker "${workerName}"`, () => {
    assert.deepEqual(splitUserName(user), { account, workerName });
  });
}

Deno.test("filterName keeps exactly the characters a pool keeps", () => {
  const kept = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._:|^/";
  for (let code = 0; code <= 0x2ff; code++) {
    const char = String.fromCharCode(code);
    assert.equal(filterName(`<${char}>`), kept.includes(char) ? char : "", `character ${code}`);
  }
});

for (
  const [agent, registered] of [
    ["cgminer/4.11.1", "cgminer/4.11.1"],
    ["bmminer/2.0.0 rwglr", "bmminer/2.0.0rwglr"],
    ["NiceHash/1.0.0", "proxy/NiceHash/1.0.0"],
    ["nicehash/1.0.0", "proxy/nicehash/1.0.0"],
    ["NICEHASH/", "proxy/NICEHASH/"],
    [" nice hash/1", "proxy/nicehash/1"],
    ["矿nicehash/1", "proxy/nicehash/1"],
    ["nicehash", "nicehash"],
    ["my-nicehash/1", "my-nicehash/1"],
    ["", ""],
    ["😀", ""],
    ["a".repeat(31), "a".repeat(30)],
  ] as const
) {
  Deno.test(`client agent ${JSON.stringify(agent)} is registered as "${registered}"`, () => {
    const names = registeredNames(agent, "rig1");
    assert.equal(names.clientAgent, registered);
    assert.equal(names.workerName, "rig1");
    assert.equal(names.wasCut, agent.length > 30);
  });
}

Deno.test("a worker name is cut at 50 characters, and one of nothing is the default", () => {
  assert.deepEqual(registeredNames("", "w".repeat(50)), {
    clientAgent: "",
    workerName: "w".repeat(50),
    wasCut: false,
  });
  assert.deepEqual(registeredNames("", "w".repeat(51)), {
    clientAgent: "",
    workerName: "w".repeat(50),
    wasCut: true,
  });
  for (const nothing of ["", "矿机", " \0,="]) {
    assert.equal(registeredNames("", nothing).workerName, "__default__");
  }
});

/** Names as a pool would have them after filtering them once more. */
function mustFit(clientAgent: string, workerName: string): void {
  const names = registeredNames(clientAgent, workerName);
  const frame = encodeRegister(0xfffe, names.clientAgent, names.workerName);
  assert.ok(frame.length <= 100);
  assert.deepEqual(decodeAgentFrame(frame), {
    kind: "register",
    sessionId: 0xfffe,
    clientAgent: names.clientAgent,
    workerName: names.workerName,
  });
  assert.equal(filterName(names.clientAgent), names.clientAgent);
  assert.equal(filterName(names.workerName), names.workerName);
  assert.notEqual(names.workerName, "");
  assert.doesNotMatch(names.clientAgent, /^nicehash\//i);
}

Deno.test("a BOSminer's agent of 70 bytes and a worker name of 27 to 200 always register", () => {
  const agent = "bosminer-plus-tuner 22.08.1-plus; Antminer S19j Pro; am2-s17 arm v7 x".padEnd(
    70,
    "y",
  );
  assert.equal(agent.length, 70);
  for (let length = 27; length <= 200; length++) {
    mustFit(agent, "w".repeat(length));
    mustFit(agent, "矿".repeat(length));
  }
});

Deno.test("any two names register, whatever a miner calls itself", () => {
  const name = fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 120 }),
    anyText,
    fc.tuple(
      fc.constantFrom("nicehash/", "NiceHash/", "NICE hash/"),
      fc.string({ unit: "grapheme-ascii", maxLength: 60 }),
    ).map((parts) => parts.join("")),
  );
  fc.assert(fc.property(name, name, mustFit), RUNS);
});

Deno.test("splitUserName gives names a pool keeps whole, and a worker for every user", () => {
  fc.assert(
    fc.property(anyText, (user) => {
      const { account, workerName } = splitUserName(user);
      assert.equal(filterName(account), account);
      assert.equal(filterName(workerName), workerName);
      assert.ok(!account.includes(".") && account.length <= 64);
      assert.notEqual(workerName, "");
    }),
    RUNS,
  );
});
