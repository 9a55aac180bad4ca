/**
 * How far a miner has come, and what leads on from there; pure.
 *
 * Lenient wherever a firmware was seen to need it (stratum.md "Order"): configure at any time,
 * authorize before subscribe, either one again. Work starts when both are there and there is a pool.
 */

/** Every state, in the order a miner passes through them. */
export const MINER_STATES = [
  "connected",
  "subscribed",
  "authorized",
  "joining",
  "working",
] as const;

/**
 * How far a miner has come. Some old proxies are `authorized` without being subscribed; a miner that
 * is `joining` has done both and waits for a pool.
 */
export type MinerState = typeof MINER_STATES[number];

/** Everything that leads from one state to another: two requests, and the two answers of the mux. */
export const STEPS = ["subscribe", "authorize", "admit", "turnAway"] as const;

/** One of {@linkcode STEPS}. */
export type Step = typeof STEPS[number];

/** Where each step leads. What is absent cannot be: the mux answers those that wait, and once. */
const NEXT: Readonly<Record<MinerState, Readonly<Partial<Record<Step, MinerState>>>>> = {
  connected: { subscribe: "subscribed", authorize: "authorized" },
  subscribed: { subscribe: "subscribed", authorize: "joining" },
  authorized: { subscribe: "joining", authorize: "authorized" },
  joining: {
    subscribe: "joining",
    authorize: "joining",
    admit: "working",
    // It has to authorize again, under a name that is taken.
    turnAway: "subscribed",
  },
  working: { subscribe: "working", authorize: "working" },
};

/** Where a step leads. @throws Error if it cannot come in this state. */
export function nextState(state: MinerState, step: Step): MinerState {
  const next = NEXT[state][step];
  if (next === undefined) throw new Error(`Cannot ${step} a miner that is ${state}`);
  return next;
}

/** Whether the miner's name is known already: the first one stays. */
export function isAuthorized(state: MinerState): boolean {
  return state !== "connected" && state !== "subscribed";
}

/** Whether the miner has done its part: subscribed and authorized. */
export function hasLoggedIn(state: MinerState): boolean {
  return state === "joining" || state === "working";
}
