/**
 * Which miners want looking at, and why; pure.
 */

/** @import { MinerRow } from "./miner_rows.js" */

/**
 * @typedef {object} Trouble
 * @property {"waiting" | "silent" | "weak" | "boostLost" | "rejects"} kind
 * @property {number} weight the greater, the sooner it is to be looked at
 * @property {number} part of its kind's hashrate, or of its shares; 0 where neither matters
 */

/** Seconds: to log in and be given work; without a share. */
const LOGIN_SECONDS = 30;
const SILENT_SECONDS = 300;

/** Weak is below this part of what is usual, once the window of 15 minutes and a step are full. */
const WEAK_PART = 0.6;
const FULL_WINDOW_SECONDS = 1200;

/** So many of one kind tell what is usual. */
const KIND_MIN = 5;

/** Too many rejected: this part of at least so many. */
const REJECTED_PART = 0.05;
const REJECTED_OF = 50;

/**
 * What is usual: the median hashrate of each kind of software.
 *
 * @param {readonly MinerRow[]} rows
 * @returns {Map<string, number>}
 */
export function usualHashrates(rows) {
  /** @type {Map<string, number[]>} */
  const kinds = new Map();
  for (const { clientAgent, hashrate, connectedSeconds } of rows) {
    if (connectedSeconds < FULL_WINDOW_SECONDS) continue;
    const kind = kinds.get(clientAgent);
    if (kind === undefined) kinds.set(clientAgent, [hashrate]);
    else kind.push(hashrate);
  }
  const usual = new Map();
  for (const [kind, hashrates] of kinds) {
    if (hashrates.length < KIND_MIN) continue;
    hashrates.sort((a, b) => a - b);
    usual.set(kind, hashrates[Math.floor(hashrates.length / 2)]);
  }
  return usual;
}

/**
 * The worst of what is wrong with a miner, if anything is.
 *
 * @param {MinerRow} row
 * @param {Map<string, number>} usual
 * @returns {Trouble | undefined}
 */
export function troubleOf(row, usual) {
  const { state, connectedSeconds, lastShareSeconds, hashrate, asicboost, accepted, rejected } =
    row;
  if (state !== "working") {
    return connectedSeconds < LOGIN_SECONDS ? undefined : { kind: "waiting", weight: 5, part: 0 };
  }
  if ((lastShareSeconds ?? connectedSeconds) > SILENT_SECONDS) {
    return { kind: "silent", weight: 4, part: 0 };
  }
  const expected = usual.get(row.clientAgent) ?? 0;
  if (connectedSeconds >= FULL_WINDOW_SECONDS && hashrate < expected * WEAK_PART) {
    return { kind: "weak", weight: 3 - hashrate / expected, part: hashrate / expected };
  }
  if (asicboost === "lost") return { kind: "boostLost", weight: 2, part: 0 };
  const all = accepted + rejected;
  if (all >= REJECTED_OF && rejected > all * REJECTED_PART) {
    return { kind: "rejects", weight: 1 + rejected / all, part: rejected / all };
  }
  return undefined;
}
