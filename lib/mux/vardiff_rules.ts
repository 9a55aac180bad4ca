/**
 * The operator's settings for miners' difficulties, checked and ready for use; pure.
 */

import { exponentAtLeast, exponentAtMost } from "./powers_of_two.ts";

/** The highest exponent: all firmware understands the difficulties 1 to 2^31 as whole numbers. */
export const HIGHEST_EXPONENT: number = 31;

/** The lowest exponent that a miner or a setting can ask for. */
export const LOWEST_EXPONENT: number = -20;

/** The lowest exponent for all miners: then every hash is a share, which load tests need. */
const LOWEST_FIXED_EXPONENT = -32;

/** The settings; absent ones have their defaults. */
export interface VardiffSettings {
  /** The aim for each miner, 1 to 60; 10 by default. */
  readonly sharesPerMinute?: number | undefined;
  /** The lowest difficulty, 2^-20 to 2^31, rounded up to a power of two; 1 by default. */
  readonly minimum?: number | undefined;
  /** The highest difficulty, rounded down to a power of two; 2^31 by default. */
  readonly maximum?: number | undefined;
  /**
   * The only difficulty, 2^-32 to 2^31, rounded down to a power of two; a pool's lower difficulty
   * still applies.
   */
  readonly fixed?: number | undefined;
}

/** The rules in use. */
export interface VardiffRules {
  /** Shares a millisecond that a miner should find. */
  readonly aimPerMs: number;
  /** Exponent of the lowest difficulty, unless a miner suggests less. */
  readonly lowest: number;
  /** Exponent of the highest; not below {@linkcode lowest}. */
  readonly highest: number;
  /** Whether miners' suggestions and work make no difference. */
  readonly isFixed: boolean;
}

const DEFAULT_SHARES_PER_MINUTE = 10;
const MS_PER_MINUTE = 60_000;

/**
 * The rules that follow from `settings`.
 *
 * @throws RangeError if a number is out of its range, or `minimum` is above `maximum`.
 */
export function vardiffRules(settings: VardiffSettings = {}): VardiffRules {
  const { sharesPerMinute = DEFAULT_SHARES_PER_MINUTE, minimum = 1, fixed } = settings;
  const most = 2 ** HIGHEST_EXPONENT;
  const { maximum = most } = settings;
  held("sharesPerMinute", sharesPerMinute, 1, 60);
  held("minimum", minimum, 2 ** LOWEST_EXPONENT, most);
  // If the lowest difficulty is not set, its default must not get in the way.
  held("maximum", maximum, settings.minimum ?? 2 ** LOWEST_EXPONENT, most);
  if (fixed !== undefined) held("fixed", fixed, 2 ** LOWEST_FIXED_EXPONENT, most);
  const highest = exponentAtMost(fixed ?? maximum);
  return {
    aimPerMs: sharesPerMinute / MS_PER_MINUTE,
    // There may be no power of two between them.
    lowest: fixed === undefined ? Math.min(exponentAtLeast(minimum), highest) : highest,
    highest,
    isFixed: fixed !== undefined,
  };
}

function held(name: string, value: number, least: number, most: number): void {
  if (value >= least && value <= most) return;
  throw new RangeError(`Cannot use ${name} ${value} for vardiff: must be ${least} to ${most}`);
}
