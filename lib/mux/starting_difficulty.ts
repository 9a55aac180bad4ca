/**
 * The difficulty a miner begins with, by what it says of itself; pure.
 */

import { exponentAtMost } from "./powers_of_two.ts";
import { HIGHEST_EXPONENT, LOWEST_EXPONENT } from "./vardiff_rules.ts";

/** What a kind of miner begins with, as exponents. */
interface Kind {
  /** What its client agent begins with, in lower case. */
  readonly agents: readonly string[];
  /** What it needs by guess. */
  readonly start: number;
  /** Less than this it never takes. */
  readonly floor?: number;
  /** Whether its first words weigh more than what its worker name had before. */
  readonly isSlow?: boolean;
  /** Whether it would flood a pool if it had been silent for long, and comes to life. */
  readonly isFast?: boolean;
}

const OTHERS: Kind = { agents: [""], start: 14 };

/** The first that fits counts. */
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

/** No kind is told by more of a client agent. */
const TELLING_CHARS = 20;

/** What a miner begins with, and what it never goes below. */
export interface Start {
  /** Exponent of its first difficulty, before any bound. */
  readonly start: number;
  /** Exponent of the lowest it takes, instead of the setting's; `undefined` if it did not say. */
  readonly floor: number | undefined;
  /** Whether `start` is known from before. */
  readonly isKnown: boolean;
  /** See {@linkcode Kind.isFast}. */
  readonly isFast: boolean;
}

/**
 * What a miner begins with.
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
  // Only the slowest ask for less than 1: another one had the name.
  const isAlone = isSlow || (suggested !== undefined && suggested < 0);
  if (remembered !== undefined && !isAlone) {
    return { start: remembered, floor, isKnown: true, isFast };
  }
  const start = suggested === undefined || (isFast && suggested < kind.start)
    ? kind.start
    : suggested;
  return { start, floor, isKnown: false, isFast };
}

/** The exponent of the power of two that a suggestion is taken for; `undefined` if for none. */
function suggestedExponent(suggestion: number | undefined): number | undefined {
  if (suggestion === undefined || !(suggestion > 0 && suggestion < Infinity)) return undefined;
  return Math.max(LOWEST_EXPONENT, Math.min(HIGHEST_EXPONENT, exponentAtMost(suggestion)));
}

function floorOf({ floor }: Kind, suggested: number | undefined): number | undefined {
  if (floor === undefined || suggested === undefined) return floor ?? suggested;
  return Math.max(floor, suggested);
}
