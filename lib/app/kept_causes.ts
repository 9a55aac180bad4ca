/**
 * Causes as the history keeps them, by names, and as they are counted, by numbers.
 */

import type { CauseStep } from "../observe/history/steps.ts";
import type { Counted } from "../workers/cause_table.ts";
import { causesOf, type PoolName } from "../workers/causes.ts";
import { causeSentence, type ToldTime } from "../workers/cause_sentence.ts";
import type { Endings } from "../workers/losses.ts";
import { LOST_REASONS, OTHER_REASONS } from "../workers/lost_causes.ts";
import type { CausesReport } from "./farm_view.ts";

/** What good shares have in the place of a reason. */
const GOOD = "good";

/** Numbers of reasons by name. */
const REASONS: ReadonlyMap<string, number> = new Map(
  LOST_REASONS.map(({ name }, number) => [name, number]),
);

/** What was counted, to be kept. */
export function causeSteps({ good, lost }: Endings, poolName: PoolName): CauseStep[] {
  const stepOf = ({ origin, poolId, shares, work }: Counted, reason: string): CauseStep => ({
    pool: poolName(poolId),
    ...origin,
    reason,
    shares,
    work,
  });
  return [
    ...good.map((counted) => stepOf(counted, GOOD)),
    ...lost.map((counted) => stepOf(counted, LOST_REASONS[counted.reason]!.name)),
  ];
}

/** The same from what was kept, with names for the numbers of its pools. */
function keptEndings(
  steps: readonly CauseStep[],
): { readonly endings: Endings; readonly poolName: PoolName } {
  const pools: string[] = [];
  const numbers = new Map<string, number>();
  const poolIdOf = (name: string) => {
    let number = numbers.get(name);
    if (number === undefined) numbers.set(name, number = pools.push(name) - 1);
    return number;
  };
  const good: Counted[] = [];
  const lost: Counted[] = [];
  for (const { pool, software, subnet, account, reason, shares, work } of steps) {
    const origin = { software, subnet, account };
    const poolId = poolIdOf(pool);
    if (reason === GOOD) good.push({ origin, poolId, reason: 0, shares, work });
    else {
      // A later version may have had more reasons.
      const number = REASONS.get(reason) ?? OTHER_REASONS;
      lost.push({ origin, poolId, reason: number, shares, work });
    }
  }
  return { endings: { good, lost }, poolName: (poolId) => pools[poolId] ?? "" };
}

/** What was lost in a period that was kept, with all causes. */
export function keptCauses(steps: readonly CauseStep[], time: ToldTime): CausesReport {
  const { endings, poolName } = keptEndings(steps);
  return { ...causesOf(endings, poolName), sentence: causeSentence(endings, time, poolName) };
}
