/**
 * The causes of what was lost, along each line by which they can be told apart. Pure.
 *
 * Each list adds up to the same: all that was lost, and (but for reasons) all that was good.
 */

import type { Counted } from "./cause_table.ts";
import type { Endings } from "./losses.ts";
import { LOST_REASONS } from "./lost_causes.ts";

/** Lines along which causes are told apart. */
export const DIMENSIONS = ["reasons", "pools", "software", "subnets", "accounts"] as const;

/** One of them. */
export type Dimension = typeof DIMENSIONS[number];

/** Shares and their work. */
export interface Work {
  /** Shares that counted. */
  readonly good: number;
  /** Their difficulties together. */
  readonly goodWork: number;
  /** Shares that were lost. */
  readonly lost: number;
  /** Their difficulties together. */
  readonly lostWork: number;
}

/** One cause. */
export interface Cause extends Work {
  /** The pool, software, network, sub-account or reason. */
  readonly name: string;
  /** The lost shares by reason. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** All causes, the worst first. */
export interface Causes extends Work {
  /** Along each line. */
  readonly by: Readonly<Record<Dimension, readonly Cause[]>>;
}

/** The name of the pool with a number, `host:port`. */
export type PoolName = (poolId: number) => string;

const NOTHING: Work = { good: 0, goodWork: 0, lost: 0, lostWork: 0 };

/** All that was counted, together. */
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

/** The part of the work that was lost; 0 if there was none. */
export function partLost({ goodWork, lostWork }: Pick<Work, "goodWork" | "lostWork">): number {
  const all = goodWork + lostWork;
  return all === 0 ? 0 : lostWork / all;
}

/** Tells the causes apart. */
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

/** At most `most` causes: what is beyond them is put together at the end, under this name. */
export function worstOf(causes: readonly Cause[], most: number, rest: string): Cause[] {
  if (causes.length <= most) return [...causes];
  // What could not be told apart before belongs there, too.
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
