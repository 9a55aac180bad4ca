/**
 * Which request a miner may send when; pure.
 *
 * Lenient wherever a firmware was seen to need it (stratum.md "Order"): configure at any time,
 * authorize before subscribe, either one again. Work starts when both are there.
 */

/**
 * How far a miner has come. `authorized` without `subscribed` is what some old proxies do; `joining`
 * is who has done both and waits for a pool.
 */
export type MinerState = "connected" | "subscribed" | "authorized" | "joining" | "working";

/** The requests that lead on. */
export type Step = "subscribe" | "authorize";

const NEXT: Readonly<Record<MinerState, Readonly<Record<Step, MinerState>>>> = {
  connected: { subscribe: "subscribed", authorize: "authorized" },
  subscribed: { subscribe: "subscribed", authorize: "joining" },
  authorized: { subscribe: "joining", authorize: "authorized" },
  joining: { subscribe: "joining", authorize: "joining" },
  working: { subscribe: "working", authorize: "working" },
};

/** Where a step leads. */
export function nextState(state: MinerState, step: Step): MinerState {
  return NEXT[state][step];
}

/** Whether the miner's name is known already: the first one stays. */
export function isAuthorized(state: MinerState): boolean {
  return state !== "connected" && state !== "subscribed";
}
