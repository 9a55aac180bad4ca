/** Which step leads where: every cell of the table. */

import assert from "node:assert/strict";
import {
  hasLoggedIn,
  isAuthorized,
  MINER_STATES,
  type MinerState,
  nextState,
  type Step,
  STEPS,
} from "../../lib/miner/handshake.ts";

/** Where each step leads from a state; `undefined` where it cannot come. */
const EXPECTED: Readonly<Record<MinerState, Readonly<Record<Step, MinerState | undefined>>>> = {
  connected: {
    subscribe: "subscribed",
    authorize: "authorized",
    admit: undefined,
    turnAway: undefined,
  },
  subscribed: {
    subscribe: "subscribed",
    authorize: "joining",
    admit: undefined,
    turnAway: undefined,
  },
  authorized: {
    subscribe: "joining",
    authorize: "authorized",
    admit: undefined,
    turnAway: undefined,
  },
  joining: {
    subscribe: "joining",
    authorize: "joining",
    admit: "working",
    turnAway: "subscribed",
  },
  working: {
    subscribe: "working",
    authorize: "working",
    admit: undefined,
    turnAway: undefined,
  },
};

for (const state of MINER_STATES) {
  for (const step of STEPS) {
    const next = EXPECTED[state][step];
    if (next === undefined) {
      Deno.test(`the step ${step} is impossible for a miner that is ${state}`, () => {
        assert.throws(() => nextState(state, step), new RegExp(`${step}.*${state}`));
      });
    } else {
      Deno.test(`${step} makes a miner that is ${state} ${next}`, () => {
        assert.equal(nextState(state, step), next);
      });
    }
  }
}

Deno.test("a miner's name is known once it has authorized", () => {
  assert.deepEqual(MINER_STATES.filter(isAuthorized), ["authorized", "joining", "working"]);
});

Deno.test("a miner has logged in once it has subscribed and authorized", () => {
  assert.deepEqual(MINER_STATES.filter(hasLoggedIn), ["joining", "working"]);
});
