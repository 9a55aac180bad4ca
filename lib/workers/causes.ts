/**
 * Groups lost shares by reason, pool, software, network and sub-account. Pure.
 *
 * Every list adds up to the same totals: all lost shares and, except for reasons, all good ones.
 */

import type { Counted } from "./cause_table.ts";
import type { Endings } from "./losses.ts";
import { LOST_REASONS } from "./lost_causes.ts";

/** What shares are grouped by. */
export const DIMENSIONS = ["reasons", "pools", "software", "subnets", "accounts"] as const;

/** One of {@linkcode DIMENSIONS}. */
export type Dimension = typeof DIMENSIONS[number];

/** Good and lost shares, and their work. */
export interface Work {
  /** The number of good shares. */
  readonly good: number;
  /** The sum of their difficulties. */
  readonly goodWork: number;
  /** The number of lost shares. */
  readonly lost: number;
  /** The sum of their difficulties. */
  readonly lostWork: number;
}

/** One entry of a list, for example one pool. */
export interface Cause extends Work {
  /** The pool, software, network, sub-account or reason. */
  readonly name: string;
  /** The lost shares by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** The totals, and a list for each dimension, the worst cause first. */
export interface Causes extends Work {
  /** The list for each dimension. */
  readonly by: Readonly<Record<Dimension, readonly Cause[]>>;
}

/** The name of the pool with a number, `host:port`. */
export type PoolName = (poolId: number) => string;

const NOTHING: Work = { good: 0, goodWork: 0, lost: 0, lostWork: 0 };

/** The totals of all counts. */
export function lossesOf({ good, lost }: Endings): Work {
  const sum = (counted: readonly Counted[], of: "shares" | "work") =>
    counted.reduce((total, each) => total + each[of], 0);
  return {
    good: sum(good, "shares"),
    goodWork: sum(good, "work"),
    lost: sum(lost, "shares"),
    lostWork: sum(lost, "work"),
  };
}

/** The part of the work that was lost, 0 to 1; 0 if there was no work. */
export function partLost({ goodWork, lostWork }: Pick<Work, "goodWork" | "lostWork">): number {
  const all = goodWork + lostWork;
  return all === 0 ? 0 : lostWork / all;
}

/** Groups the counts by each dimension. */
export function causesOf(endings: Endings, poolName: PoolName): Causes {
  const nameIn: Readonly<Record<Dimension, (counted: Counted) => string>> = {
    reasons: ({ reason }) => LOST_REASONS[reason]!.name,
    pools: ({ poolId }) => poolName(poolId),
    software: ({ origin }) => origin.software,
    subnets: ({ origin }) => origin.subnet,
    accounts: ({ origin }) => origin.account,
  };
  const by = (dimension: Dimension) => {
    // A good share has no reason.
    const good = dimension === "reasons" ? [] : endings.good;
    return causesBy({ good, lost: endings.lost }, nameIn[dimension]);
  };
  return {
    ...lossesOf(endings),
    by: Object.fromEntries(DIMENSIONS.map((dimension) => [dimension, by(dimension)])) as Record<
      Dimension,
      Cause[]
    >,
  };
}

/**
 * The worst `most` causes. If there are more, the last entry sums up the others and is named
 * `rest`.
 */
export function worstOf(causes: readonly Cause[], most: number, rest: string): Cause[] {
  if (causes.length <= most) return [...causes];
  // A cause that already has this name belongs to it, too.
  const named = causes.filter(({ name }) => name !== rest).slice(0, most - 1);
  const kept = new Set(named);
  const others = causes.filter((cause) => !kept.has(cause));
  return [...named, others.reduce(together, { ...NOTHING, name: rest, reasons: {} })];
}

function causesBy({ good, lost }: Endings, nameOf: (counted: Counted) => string): Cause[] {
  const causes = new Map<string, { -readonly [Key in keyof Cause]: Cause[Key] }>();
  const causeOf = (counted: Counted) => {
    const name = nameOf(counted);
    let cause = causes.get(name);
    if (cause === undefined) causes.set(name, cause = { ...NOTHING, name, reasons: {} });
    return cause;
  };
  for (const counted of good) {
    const cause = causeOf(counted);
    cause.good += counted.shares;
    cause.goodWork += counted.work;
  }
  for (const counted of lost) {
    const cause = causeOf(counted);
    cause.lost += counted.shares;
    cause.lostWork += counted.work;
    const { name } = LOST_REASONS[counted.reason]!;
    cause.reasons = { ...cause.reasons, [name]: (cause.reasons[name] ?? 0) + counted.shares };
  }
  return [...causes.values()].sort(worstFirst);
}

function worstFirst(a: Cause, b: Cause): number {
  return b.lostWork - a.lostWork || b.lost - a.lost || b.goodWork - a.goodWork;
}

function together(one: Cause, other: Cause): Cause {
  const reasons: Record<string, number> = { ...one.reasons };
  for (const [reason, count] of Object.entries(other.reasons)) {
    reasons[reason] = (reasons[reason] ?? 0) + count;
  }
  return {
    name: one.name,
    good: one.good + other.good,
    goodWork: one.goodWork + other.goodWork,
    lost: one.lost + other.lost,
    lostWork: one.lostWork + other.lostWork,
    reasons,
  };
}
