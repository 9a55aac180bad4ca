/**
 * Says in one sentence how much work was lost, and the main causes:
 *
 *     0.8 % of the work of the last hour was lost: 0.5 % stale, rejected by pool.example:3333,
 *     mostly bmminer/2.0.0; 0.2 % duplicate, refused here, at pool.example:3333
 *
 * A pool is named only where there is more than one to tell apart.
 */

import type { Counted } from "./cause_table.ts";
import { lossesOf, partLost, type PoolName } from "./causes.ts";
import type { Endings } from "./losses.ts";
import { LOST_REASONS } from "./lost_causes.ts";
import { type Origin, OTHERS } from "./origins.ts";
import type { Window } from "./step_counts.ts";

/** The most causes that the sentence names. */
const MOST_CAUSES = 3;

/**
 * A cause of a smaller part of the work is left out, unless it is the greatest. Its part is then
 * given as "less than 0.1 %".
 */
const TOLD_PART = 0.001;

/**
 * "Mostly X" means: X has more than this part of the work lost for one cause, and at least this
 * many times its part of the good work. Without the second rule, software that most of the farm
 * runs would be blamed for every cause.
 */
const MOST_PART = 0.5;
const TIMES_ITS_PART = 1.5;

/** The stretch of time that a sentence is about. */
export type ToldTime = Window | "week" | "month";

const TIME: Readonly<Record<ToldTime, string>> = {
  hour: "hour",
  day: "24 hours",
  week: "7 days",
  month: "30 days",
};

/** Shares lost for one reason at one pool. */
interface Group {
  readonly reason: number;
  readonly pool: string;
  readonly counted: Counted[];
  work: number;
}

/** Builds the sentence; an empty text if nothing was lost. */
export function causeSentence(endings: Endings, time: ToldTime, poolName: PoolName): string {
  const losses = lossesOf(endings);
  if (losses.lost === 0) return "";
  const all = losses.goodWork + losses.lostWork;
  const partOf = (work: number) => all === 0 ? 0 : work / all;
  const groups = groupsOf(endings.lost, poolName);
  const isOnlyPool = poolsIn(endings, poolName) < 2;
  const told = groups.slice(0, MOST_CAUSES)
    .filter(({ work }, i) => i === 0 || partOf(work) >= TOLD_PART)
    .map((group) => `${percent(partOf(group.work))} ${wordsFor(group, endings.good, isOnlyPool)}`);
  const total = percent(partLost(losses));
  const [first, ...rest] = total;
  return `${first!.toUpperCase()}${rest.join("")} of the work of the last ${
    TIME[time]
  } was lost: ` +
    told.join("; ");
}

function groupsOf(lost: readonly Counted[], poolName: PoolName): Group[] {
  const groups = new Map<string, Group>();
  for (const counted of lost) {
    const { reason, poolId, work } = counted;
    const pool = poolName(poolId);
    const key = `${reason} ${pool}`;
    const group = groups.get(key) ?? { reason, pool, counted: [], work: 0 };
    groups.set(key, group);
    group.counted.push(counted);
    group.work += work;
  }
  return [...groups.values()].sort((a, b) =>
    b.work - a.work || b.counted.length - a.counted.length
  );
}

/** Pools that had any share. */
function poolsIn({ good, lost }: Endings, poolName: PoolName): number {
  const names = new Set<string>();
  for (const { poolId } of [...good, ...lost]) names.add(poolName(poolId));
  names.delete("");
  return names.size;
}

function wordsFor(
  { reason, pool, counted }: Group,
  good: readonly Counted[],
  isOnlyPool: boolean,
): string {
  const { by, words } = LOST_REASONS[reason]!;
  const who = mostly(counted, good);
  const end = who === undefined ? "" : `, mostly ${who}`;
  const at = pool === "" || isOnlyPool ? "" : `, at ${pool}`;
  const name = isOnlyPool ? "the pool" : pool;
  switch (by) {
    case "refused":
      return `${words}, refused here${at}${end}`;
    case "rejected":
      return `${words}, rejected by ${name}${end}`;
    case "unanswered":
      return `never answered by ${name} (${words})${end}`;
    default:
      return `${words}${end}`;
  }
}

/**
 * The software that most of the lost work came from, else the network, else the sub-account;
 * `undefined` if it is spread out.
 */
function mostly(lost: readonly Counted[], good: readonly Counted[]): string | undefined {
  for (const dimension of ["software", "subnet", "account"] as const) {
    const name = mostlyIn(dimension, lost, good);
    if (name !== undefined) return name;
  }
  return undefined;
}

function mostlyIn(
  dimension: keyof Origin,
  lost: readonly Counted[],
  good: readonly Counted[],
): string | undefined {
  const parts = new Map<string, number>();
  const all = workOf(lost);
  for (const { origin, work } of lost) {
    const name = origin[dimension];
    parts.set(name, (parts.get(name) ?? 0) + work / all);
  }
  const [name, part] = [...parts].reduce((most, each) => each[1] > most[1] ? each : most);
  if (!(part > MOST_PART) || name === "" || name === OTHERS) return undefined;
  const itsGood = workOf(good.filter(({ origin }) => origin[dimension] === name));
  const itsPart = itsGood === 0 ? 0 : itsGood / workOf(good);
  return part >= TIMES_ITS_PART * itsPart ? name : undefined;
}

function workOf(counted: readonly Counted[]): number {
  return counted.reduce((sum, { work }) => sum + work, 0);
}

function percent(part: number): string {
  if (part < TOLD_PART) return "less than 0.1 %";
  return part < 0.0995 ? `${(part * 100).toFixed(1)} %` : `${Math.round(part * 100)} %`;
}
