/** What is said of a talk with a Stratum pool whose connection broke on the way. */

import assert from "node:assert/strict";
import { layoutRules } from "../../lib/app/layout_rules.ts";
import { stratumRow } from "../../lib/check/judge_stratum.ts";
import type { PoolContext } from "../../lib/check/pool_context.ts";
import type { StratumTalk } from "../../lib/check/stratum_talk.ts";

const BROKEN: StratumTalk = {
  end: "broken",
  fault: undefined,
  messages: 0,
  said: undefined,
  firstByte: undefined,
  waitingFor: "the subscribe answer",
  lacksWork: false,
  settled: undefined,
  loginMs: undefined,
  jobMs: undefined,
  jobCameAt: undefined,
};

const CONTEXT: PoolContext = {
  kind: "stratum",
  usesTls: false,
  isVerified: true,
  account: "acc",
  workers: "one",
  wantsVerdicts: true,
  timeoutSeconds: 5,
  wallTime: 0,
  layoutRules: layoutRules(undefined),
};

function found(talk: StratumTalk): string {
  return stratumRow("directly", talk, 7, CONTEXT).found;
}

Deno.test("a connection that breaks is not called closed by the pool, nor silent", () => {
  assert.equal(
    found(BROKEN),
    "connected in 7 ms, then the connection broke before the pool sent anything",
  );
  assert.equal(
    found({ ...BROKEN, messages: 1 }),
    "speaks Stratum, but the connection broke before it sent the subscribe answer",
  );
});
