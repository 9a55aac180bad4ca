/**
 * How accurate a pool's figures of single workers are; pure.
 *
 * A pool sets its difficulty per connection, so that a share comes every few seconds, whatever the
 * number of miners on it: the more miners, the fewer shares each of them sends.
 */

/** Pools aim at one share per connection in this time, in seconds. */
const SECONDS_A_SHARE = 3.33;

const HOUR_SECONDS = 3_600;
const DAY_SECONDS = 86_400;

/**
 * The standard error of a pool's figure for one miner among `miners`, as a part of its hashrate.
 */
export function errorOfFigure(miners: number, seconds: number): number {
  return Math.sqrt(miners * SECONDS_A_SHARE / seconds);
}

/** The same for an hour and a day, in words; `written` is the number of miners in a text. */
function errorsWith(miners: number, written = `${miners}`): string {
  const percent = (seconds: number) => `${Math.round(100 * errorOfFigure(miners, seconds))} %`;
  return `with ${written} miners on a connection, the figure of an hour is off by ` +
    `${percent(HOUR_SECONDS)} and a day by ${percent(DAY_SECONDS)}`;
}

/** What an operator should know before believing a pool's figures of single workers. */
export const WORTH_OF_FIGURES: string =
  `its figures of one worker are rough: ${errorsWith(50)}, ${
    errorsWith(1_000, "1,000")
  }; those of ` +
  "btcagent are exact";
