/** What pools' answers to submits are counted as, and what miners are told. */

import assert from "node:assert/strict";
import { ACCEPTED } from "../../../lib/mux/verdict.ts";
import { judgementOf } from "../../../lib/pool/stratum/verdicts.ts";
import { decodePoolMessage, type PoolAnswer } from "../../../lib/protocol/stratum/pool_message.ts";
import { received, SESSIONS } from "../../protocol/stratum_vectors.ts";

function verdict(rest: string) {
  const line = new TextEncoder().encode(`{"id":9,${rest}}`);
  return judgementOf(decodePoolMessage(line) as PoolAnswer).verdict;
}

function summary(rest: string): string {
  const found = verdict(rest);
  return found.kind === "accepted" ? "accepted" : `${found.reason} ${found.code} ${found.poolCode}`;
}

Deno.test("Trap 9: only true accepts a share", () => {
  assert.equal(verdict('"result":true,"error":null'), ACCEPTED);
  for (const result of ["false", "null", '"true"', "1", "{}"]) {
    assert.equal(summary(`"result":${result},"error":null`), "other 20 20");
  }
});

Deno.test("Every answer that was seen is counted as what it means", () => {
  for (
    const [rest, expected] of [
      ['"result":false,"error":[22,"Duplicate",null]', "duplicate 22 22"],
      ['"reject-reason":"Duplicate","result":false,"error":null', "duplicate 22 22"],
      ['"error":[22,"duplicate share"]', "duplicate 22 22"],
      ['"error":[23,"Above target",null]', "lowDifficulty 23 23"],
      ['"reject-reason":"Below minimum difficulty","result":false', "lowDifficulty 23 23"],
      ['"error":[23,"low difficulty share of 0.00004"]', "lowDifficulty 23 23"],
      ['"error":[23,"H-not-zero",null]', "lowDifficulty 23 23"],
      ['"error":"high-hash"', "lowDifficulty 23 23"],
      ['"error":[23,"bad-version",null]', "versionMask 20 23"],
      ['"error":[21,"Invalid JobID",null]', "stale 21 21"],
      ['"error":[20,"unknown-work",null]', "stale 21 20"],
      ['"error":[21,"stale-prevblk",null]', "stale 21 21"],
      ['"error":[21,"time-too-old",null]', "stale 21 21"],
      ['"reject-reason":"Stale","result":false,"error":null', "stale 21 21"],
      ['"error":{"code":20,"message":"Job not found"}', "stale 21 20"],
      ['"error":[20,"Ntime out of range",null]', "other 20 20"],
      ['"result":false,"error":"Invalid version mask"', "versionMask 20 20"],
      ['"error":[20,"incorrect size of extranonce2"]', "other 20 20"],
      ['"error":[20,"Worker mismatch",null]', "other 20 20"],
      ['"result":false,"error":"Worker mismatch"', "other 20 20"],
      ['"error":[24,"unauthorized worker",null]', "other 20 24"],
      ['"error":[25,"Not subscribed",null]', "other 20 25"],
      ['"error":[-3,"what?",null]', "other 20 -3"],
    ] as const
  ) assert.equal(summary(rest), expected, rest);
});

Deno.test("An answer that comes again makes no new object, words with numbers do not pile up", () => {
  const rest = '"error":[21,"job not found"]';
  assert.equal(verdict(rest), verdict(rest));
  for (let i = 0; i < 1000; i++) verdict(`"error":[23,"low difficulty share of 0.${i}"]`);
  const after = '"error":[20,"never seen before",null]';
  assert.equal(verdict(after), verdict(after));
});

Deno.test("What is said of our name or login is our fault, read from no more words than are kept", () => {
  const isOurs = (text: string, code = 20) =>
    judgementOf({ kind: "answer", id: 9, result: null, error: { code, text } }).isOurFault;
  assert.equal(isOurs("Unauthorized worker"), true);
  assert.equal(isOurs("", 24), true);
  assert.equal(isOurs("Job not found"), false);
  assert.equal(isOurs("x".repeat(80) + "unauthorized"), false);
  assert.equal(
    judgementOf({ kind: "answer", id: 9, result: true, error: undefined }).isOurFault,
    false,
  );
});

Deno.test("Miners get words of ours in ASCII, the log the pool's, printable and short", () => {
  const found = verdict(`"error":[99,"\\u001b[2J矿 ${"x".repeat(500)}"]`);
  assert.equal(found.kind, "rejected");
  if (found.kind !== "rejected") return;
  assert.match(found.text, /^[\x20-\x7e]+$/);
  assert.equal(found.poolCode, 99);
  assert.match(found.poolText, /^\?\[2J矿 x+$/);
  assert.ok(found.poolText.length <= 80);
});

Deno.test("Every recorded answer to a submit is accepted where the pool says so, and told apart where not", () => {
  let accepted = 0;
  const rejected = new Map<string, number>();
  for (const session of SESSIONS) {
    const submits = new Set<unknown>();
    for (const { way, text } of session.lines) {
      if (way !== ">" || !text.includes("mining.submit")) continue;
      submits.add(JSON.parse(text).id);
    }
    for (const line of received(session)) {
      const message = decodePoolMessage(new TextEncoder().encode(line));
      if (message.kind !== "answer" || !submits.has(message.id)) continue;
      const found = judgementOf(message).verdict;
      assert.equal(found.kind === "accepted", JSON.parse(line).result === true, line);
      if (found.kind === "accepted") accepted++;
      else rejected.set(found.reason, (rejected.get(found.reason) ?? 0) + 1);
    }
  }
  assert.ok(accepted >= 50, `${accepted} accepted`);
  for (const reason of ["stale", "duplicate", "lowDifficulty", "other"]) {
    assert.ok(rejected.has(reason), reason);
  }
});
