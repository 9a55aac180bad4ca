/**
 * What one worker did in one step, in 32 bits: 16 for its hashrate, 8 for the lost part of its
 * work, 4 for the connected part of the step, 4 for its condition. Pure.
 *
 * 0 stands for a worker that was not watched in the step. One that was has a condition, so that its
 * lowest byte is not 0.
 */

import type { WorkerState } from "../../base/worker_state.ts";
import type { WorkerStep } from "./steps.ts";

/** The numbers are on disks: they never change. The greater of two is the worse. */
const CONDITION_NUMBERS: Readonly<Record<WorkerState, number>> = {
  working: 1,
  waiting: 2,
  weak: 3,
  silent: 4,
  flapping: 5,
  refused: 6,
  missing: 7,
};

const CONDITIONS: readonly WorkerState[] = (Object.entries(CONDITION_NUMBERS) as [
  WorkerState,
  number,
][]).sort((a, b) => a[1] - b[1]).map(([state]) => state);

/** The greatest hashrate that is told apart, in H/s. The least is 1. */
const MAX_HASHRATE = 1e21;

/** Hashrates are told apart on a logarithmic scale of this many steps: within 0.04 %. */
const HASHRATE_STEPS = 0xffff;
/** The logarithm of the ratio of two that are next to each other. */
export const HASHRATE_STEP: number = Math.log(MAX_HASHRATE) / (HASHRATE_STEPS - 1);

/** Small losses matter most, so the scale is that of the square root. */
export const LOST_STEPS = 0xff;

/** The connected part is told apart in this many steps. */
export const CONNECTED_STEPS = 0xf;

/** The 32 bits of a step. */
export function packedStep(step: WorkerStep): number {
  const hashrate = hashrateNumber(step.hashrate) * 0x10000;
  return hashrate + (lostNumber(step.lostPart) << 8) + (connectedNumber(step.connectedPart) << 4) +
    CONDITION_NUMBERS[step.condition];
}

/** The number of a hashrate, 0..65535. */
export function hashrateNumber(hashrate: number): number {
  // A hashrate of less than 1 H/s is none, and so is one that is not a number.
  if (!(hashrate >= 1)) return 0;
  return 1 + Math.round(Math.log(Math.min(hashrate, MAX_HASHRATE)) / HASHRATE_STEP);
}

/** The hashrate of a number. */
export function hashrateOf(number: number): number {
  return number === 0 ? 0 : Math.exp((number - 1) * HASHRATE_STEP);
}

/** The number of the lost part of work, 0..255. Only 0 is 0. */
export function lostNumber(part: number): number {
  if (!(part > 0)) return 0;
  return Math.max(1, Math.round(Math.sqrt(Math.min(1, part)) * LOST_STEPS));
}

/** The lost part of a number. */
export function lostPartOf(number: number): number {
  return (number / LOST_STEPS) ** 2;
}

/** Whole only for a worker that was connected all the time, and none only for one never. */
function connectedNumber(part: number): number {
  if (!(part > 0)) return 0;
  if (part >= 1) return CONNECTED_STEPS;
  return Math.min(CONNECTED_STEPS - 1, Math.max(1, Math.round(part * CONNECTED_STEPS)));
}

/** The part of the step in which the worker was connected, of 32 bits. */
export function connectedPartIn(packed: number): number {
  return (packed >>> 4 & 0xf) / CONNECTED_STEPS;
}

/** The hashrate in 32 bits. */
export function hashrateIn(packed: number): number {
  return hashrateOf(packed >>> 16);
}

/** The lost part in 32 bits. */
export function lostPartIn(packed: number): number {
  return lostPartOf(packed >>> 8 & 0xff);
}

/** The number of the condition in 32 bits: the greater of two is the worse. */
export function conditionNumberIn(packed: number): number {
  return packed & 0xf;
}

/** The condition of a number that another version may have written. */
export function conditionOf(number: number): WorkerState {
  return CONDITIONS[number - 1] ?? "working";
}
