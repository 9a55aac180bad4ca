/**
 * Counts miners by state; pure.
 */

import type { RollingState } from "./asicboost.ts";
import type { MinerState } from "./handshake.ts";
import type { MinerSession } from "./session.ts";

/** The numbers of miners by state. */
export interface MinerCensus {
  /** By their progress in the handshake. */
  readonly states: Readonly<Record<MinerState, number>>;
  /** Working miners by the state of their version rolling. */
  readonly rolling: Readonly<Record<RollingState, number>>;
}

/** Sessions counted in a step. */
const STEP = 250;

/** Counts miners, a few in a step. */
export function* censusOf(
  sessions: readonly (Pick<MinerSession, "state" | "isWorking" | "rolling"> | undefined)[],
): Generator<void, MinerCensus> {
  const states = { connected: 0, subscribed: 0, authorized: 0, joining: 0, working: 0 };
  const rolling = { never: 0, rolling: 0, lost: 0, cannot_narrow: 0 };
  // By index: `for…of` makes an object for each miner here.
  for (let i = 0; i < sessions.length; i++) {
    if ((i + 1) % STEP === 0) yield;
    const session = sessions[i];
    if (session === undefined) continue;
    states[session.state]++;
    if (session.isWorking) rolling[session.rolling]++;
  }
  return { states, rolling };
}
