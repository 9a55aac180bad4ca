/**
 * Which simulated miners have faults, from `--faults`: `dead=12,weak=10`, or `none`; pure.
 */

import { counted } from "../base/counted.ts";
import { nearestWord } from "../config/nearest_word.ts";
import { quote } from "../config/problem.ts";
import { type FaultyMiners, MINER_FAULTS } from "./command.ts";
import { didYouMean, Misuse, textOf } from "./given.ts";

const NONE = "none";

/**
 * What is given for `--faults`, if it is given.
 *
 * @param miners how many miners there are, from the option `countOption`.
 * @throws {Misuse} for an unknown fault, or for more faults than miners
 */
export function faultsOf(
  given: ReadonlyMap<string, string>,
  miners: number,
  countOption: string,
): readonly FaultyMiners[] | undefined {
  const text = textOf(given, "faults");
  if (text === undefined) return undefined;
  if (text === NONE) return [];
  const all = text.split(",").map(faultIn);
  const twice = all.find(({ trouble }, place) =>
    all.findIndex((other) => other.trouble === trouble) !== place
  );
  if (twice !== undefined) {
    throw new Misuse(`Option --faults has ${twice.trouble} twice; give it once, with the sum`);
  }
  const sum = all.reduce((sum, { count }) => sum + count, 0);
  if (sum > miners) {
    throw new Misuse(
      `Option --faults has faults for ${counted(sum, "miner")}, and --${countOption} is ` +
        `${miners}; raise --${countOption} or lower them`,
    );
  }
  return all;
}

function faultIn(text: string): FaultyMiners {
  const [, name = "", digits = ""] = /^([^=]*)=(\d{1,5})$/.exec(text) ?? [];
  const trouble = MINER_FAULTS.find((fault) => fault === (name || text));
  const count = Number(digits);
  if (trouble !== undefined && count >= 1) return { trouble, count };
  const meant = didYouMean(trouble === undefined ? nearestWord(name, MINER_FAULTS) : undefined);
  throw new Misuse(
    `Option --faults has ${quote(text)}, must be a list as in dead=12,weak=10, each one of ` +
      `${MINER_FAULTS.join(", ")} with a number from 1; or ${NONE}${meant}`,
  );
}

/** Enough miners for one of each fault, and for a few of each, while most miners have none. */
const MINERS_FOR_ONE = 12;
const MINERS_FOR_SOME = 30;

/** The default faults of a demo with this number of miners: a few of each where there is room. */
export function demoFaults(miners: number): readonly FaultyMiners[] {
  if (miners < MINERS_FOR_ONE) return [];
  const isRoomy = miners >= MINERS_FOR_SOME;
  return MINER_FAULTS.map((trouble) => ({
    trouble,
    count: !isRoomy || trouble === "gaps" ? 1 : trouble === "refused" ? 3 : 2,
  }));
}
