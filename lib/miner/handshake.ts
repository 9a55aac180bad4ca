/**
 * The states of a miner's handshake and the steps between them; pure.
 *
 * It is lenient wherever some firmware needs it (stratum.md "Order"): configure at any time,
 * authorize before subscribe, either of them again. Work starts after both, once there is a pool.
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
 * The state of a miner's handshake. Some old proxies are `authorized` without having subscribed; a
 * `joining` miner has done both and waits for a pool.
 */
export type MinerState = typeof MINER_STATES[number];

/** The steps from one state to another: two requests, and the two answers of the mux. */
export const STEPS = ["subscribe", "authorize", "admit", "turnAway"] as const;

/** One of {@linkcode STEPS}. */
export type Step = typeof STEPS[number];

/**
 * Where each step leads. Absent steps cannot happen: the mux answers only waiting miners, and only
 * once.
 */
const NEXT: Readonly<Record<MinerState, Readonly<Partial<Record<Step, MinerState>>>>> = {
  connected: { subscribe: "subscribed", authorize: "authorized" },
  subscribed: { subscribe: "subscribed", authorize: "joining" },
  authorized: { subscribe: "joining", authorize: "authorized" },
  joining: {
    subscribe: "joining",
    authorize: "joining",
    admit: "working",
    // It must authorize again, with a name that the pool accepts.
    turnAway: "subscribed",
  },
  working: { subscribe: "working", authorize: "working" },
};

/** The state after a step. @throws Error if the step is not possible in this state. */
export function nextState(state: MinerState, step: Step): MinerState {
  const next = NEXT[state][step];
  if (next === undefined) throw new Error(`Cannot ${step} a miner that is ${state}`);
  return next;
}

/** Whether the miner has a name already: it keeps the first one. */
export function isAuthorized(state: MinerState): boolean {
  return state !== "connected" && state !== "subscribed";
}

/** Whether the miner has subscribed and authorized. */
export function hasLoggedIn(state: MinerState): boolean {
  return state === "joining" || state === "working";
}
