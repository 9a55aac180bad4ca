/** The difficulty settings of a port that has its own; pure. */

/** Settings for difficulties; what is absent has its default. */
export interface DifficultySettings {
  /** Shares a minute to aim at. */
  readonly shares_per_minute?: number | undefined;
  /** The lowest difficulty. */
  readonly minimum?: number | undefined;
  /** The highest. */
  readonly maximum?: number | undefined;
  /** The only one. */
  readonly fixed?: number | undefined;
}

/**
 * The settings in `usual`, overridden by a port's `own`. A port with any setting other than a fixed
 * difficulty has no fixed difficulty.
 */
export function vardiffAt(usual: DifficultySettings, own: DifficultySettings): DifficultySettings {
  const { shares_per_minute, minimum, maximum, fixed } = own;
  const wantsNone = (shares_per_minute ?? minimum ?? maximum) !== undefined;
  return {
    shares_per_minute: shares_per_minute ?? usual.shares_per_minute,
    minimum: minimum ?? usual.minimum,
    maximum: maximum ?? usual.maximum,
    fixed: fixed ?? (wantsNone ? undefined : usual.fixed),
  };
}
