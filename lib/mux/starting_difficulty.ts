/**
 * Chooses a miner's first difficulty by its client agent, its suggestion and its past; pure.
 */

import { exponentAtMost } from "./powers_of_two.ts";
import { HIGHEST_EXPONENT, LOWEST_EXPONENT } from "./vardiff_rules.ts";

/** The first difficulties of a kind of miner, as exponents. */
interface Kind {
  /** The beginnings of its client agents, in lower case. */
  readonly agents: readonly string[];
  /** The guessed difficulty. */
  readonly start: number;
  /** The lowest difficulty that it accepts. */
  readonly floor?: number;
  /** Whether its kind decides, not the difficulty that its worker name had before. */
  readonly isSlow?: boolean;
  /** Whether it would flood a pool when it starts again after a long silence. */
  readonly isFast?: boolean;
}

const OTHERS: Kind = { agents: [""], start: 14 };

/** The first match counts. */
const KINDS: readonly Kind[] = [
  { agents: ["nicehash", "miningrigrentals"], start: 19, floor: 19, isFast: true },
  // Up to 10 TH/s.
  { agents: ["nerdqaxe", "nerdoctaxe", "bitaxehex", "bitaxe hex"], start: 10 },
  { agents: ["bitaxe", "esp-miner", "nerdaxe", "nerdeko", "luckyminer", "bitforge"], start: 9 },
  // Processors and microcontrollers, up to a billion hashes a second.
  { agents: ["nerdminer", "han_solo", "cpuminer", "minerd"], start: 0, isSlow: true },
  {
    agents: [
      ...["cgminer", "bmminer", "antminer", "whatsminer", "btminer", "bosminer", "braiins"],
      ...["xminer", "vnish", "powerplay", "luxminer", "luxos", "avalon", "intminer", "sgminer"],
    ],
    start: 16,
    isFast: true,
  },
  OTHERS,
];

/** No kind needs more of a client agent. */
const TELLING_CHARS = 20;

/** A miner's first and lowest difficulty. */
export interface Start {
  /** Exponent of its first difficulty, before any bound. */
  readonly start: number;
  /** Exponent of the lowest it accepts, in place of the setting; `undefined` if not known. */
  readonly floor: number | undefined;
  /** Whether `start` comes from an earlier connection. */
  readonly isKnown: boolean;
  /** See {@linkcode Kind.isFast}. */
  readonly isFast: boolean;
}

/**
 * A miner's first difficulty.
 *
 * @param suggestion the difficulty it suggests, by request or password.
 * @param remembered the exponent that its worker name had lately.
 */
export function startOf(
  clientAgent: string,
  suggestion: number | undefined,
  remembered: number | undefined,
): Start {
  const agent = clientAgent.slice(0, TELLING_CHARS).toLowerCase();
  const kind = KINDS.find(({ agents }) => agents.some((known) => agent.startsWith(known))) ??
    OTHERS;
  const suggested = suggestedExponent(suggestion);
  const floor = floorOf(kind, suggested);
  const { isSlow = false, isFast = false } = kind;
  // Only the slowest miners ask for less than 1: another miner had the name before.
  const isAlone = isSlow || (suggested !== undefined && suggested < 0);
  if (remembered !== undefined && !isAlone) {
    return { start: remembered, floor, isKnown: true, isFast };
  }
  const start = suggested === undefined || (isFast && suggested < kind.start)
    ? kind.start
    : suggested;
  return { start, floor, isKnown: false, isFast };
}

/** The exponent of the power of two for a suggestion; `undefined` if it is not usable. */
function suggestedExponent(suggestion: number | undefined): number | undefined {
  if (suggestion === undefined || !(suggestion > 0 && suggestion < Infinity)) return undefined;
  return Math.max(LOWEST_EXPONENT, Math.min(HIGHEST_EXPONENT, exponentAtMost(suggestion)));
}

function floorOf({ floor }: Kind, suggested: number | undefined): number | undefined {
  if (floor === undefined || suggested === undefined) return floor ?? suggested;
  return Math.max(floor, suggested);
}
