/** One sentence says what was lost and mainly why, and blames nobody for being many. */

import assert from "node:assert/strict";
import { causeSentence } from "../../lib/workers/cause_sentence.ts";
import { Losses } from "../../lib/workers/losses.ts";
import type { LostAs } from "../../lib/workers/lost_causes.ts";

const POOLS = ["pool.example:3333", "backup.example:443"];

interface Group {
  readonly software: string;
  readonly subnet?: string;
  readonly account?: string;
  readonly good?: number;
  readonly lost?: readonly (readonly [why: LostAs, poolId: number, work: number])[];
}

function sentence(groups: readonly Group[], window: "hour" | "day" = "hour"): string {
  const losses = new Losses();
  losses.tick(0);
  for (const { software, subnet = "10.0.0.0/24", account = "", good = 0, lost = [] } of groups) {
    const origin = losses.enter({ software, subnet, account });
    if (good > 0) losses.good(origin, 0, good);
    for (const [why, poolId, work] of lost) losses.lost(origin, poolId, why, work);
  }
  return causeSentence(losses.endings(window), window, (poolId) => POOLS[poolId] ?? "");
}

Deno.test("the sentence is empty if nothing was lost", () => {
  assert.equal(sentence([]), "");
  assert.equal(sentence([{ software: "cgminer/4.11.1", good: 1000 }]), "");
});

Deno.test("the sentence names the pool and the software that lose the most", () => {
  assert.equal(
    sentence([
      { software: "cgminer/4.11.1", good: 99_200, lost: [["refusedDuplicate", 0, 300]] },
      { software: "bmminer/2.0.0", good: 0, lost: [["rejectedStale", 1, 500]] },
    ]),
    "0.8 % of the work of the last hour was lost: 0.5 % stale, rejected by backup.example:443, " +
      "mostly bmminer/2.0.0; 0.3 % duplicate, refused here, at pool.example:3333",
  );
});

Deno.test("the only pool is not named: there is none to tell it from", () => {
  assert.equal(
    sentence([{
      software: "",
      good: 900,
      lost: [["rejectedStale", 0, 50], ["refusedStale", 0, 30], ["unansweredTimedOut", 0, 20]],
    }]),
    "10 % of the work of the last hour was lost: 5.0 % stale, rejected by the pool; " +
      "3.0 % stale, refused here; 2.0 % never answered by the pool (no answer within a minute)",
  );
});

Deno.test("software that most of the farm runs is not blamed for every cause", () => {
  const groups = [
    { software: "bmminer/2.0.0", good: 900, lost: [["rejectedStale", 0, 9]] },
    { software: "cgminer/4.11.1", good: 100, lost: [["rejectedStale", 0, 1]] },
  ] as const;
  assert.doesNotMatch(sentence(groups), /mostly/);
});

Deno.test("if no software stands out, the sentence names a network", () => {
  const text = sentence([
    { software: "a/1", subnet: "10.0.1.0/24", good: 100, lost: [["refusedStale", 0, 6]] },
    { software: "b/1", subnet: "10.0.1.0/24", good: 100, lost: [["refusedStale", 0, 6]] },
    { software: "a/1", subnet: "10.0.2.0/24", good: 400 },
    { software: "b/1", subnet: "10.0.2.0/24", good: 400 },
  ]);
  assert.match(text, /stale, refused here, mostly 10\.0\.1\.0\/24$/);
});

Deno.test("refused here, rejected, unanswered and outage are four different things", () => {
  const lostBy = (why: LostAs, poolId: number) =>
    sentence([{ software: "", good: 90, lost: [[why, poolId, 10]] }], "day");
  const head = "10 % of the work of the last 24 hours was lost: 10 %";
  assert.equal(
    lostBy("refusedLowDifficulty", 1),
    `${head} of too low difficulty, refused here, at backup.example:443`,
  );
  assert.equal(lostBy("refusedIllegal", -1), `${head} unreadable, refused here`);
  assert.equal(lostBy("rejectedOther", 0), `${head} with another fault, rejected by the pool`);
  assert.equal(
    lostBy("unansweredConnectionLost", 0),
    `${head} never answered by the pool (connection lost)`,
  );
  assert.equal(lostBy("outage", -1), `${head} for made-up jobs while no pool served`);
});

Deno.test('a tiny loss is "less than 0.1 %", and small causes next to a great one are left out', () => {
  assert.equal(
    sentence([{ software: "", good: 1e6, lost: [["refusedStale", 0, 1]] }]),
    "Less than 0.1 % of the work of the last hour was lost: less than 0.1 % stale, refused here",
  );
  const text = sentence([{
    software: "",
    good: 1e6,
    lost: [["refusedStale", 0, 1], ["rejectedStale", 0, 9e4]],
  }]);
  assert.doesNotMatch(text, /less than|refused/);
});

Deno.test("lost shares without any work are named, too", () => {
  assert.match(
    sentence([{ software: "", lost: [["refusedUnauthorized", -1, 0]] }]),
    /^Less than 0\.1 % .* sent before the login, refused here$/,
  );
});
