/**
 * Shares by causes, added up: over an hour to be written, or over a period that is read. Pure.
 *
 * What others choose (software, networks, names) makes the combinations, so their number is bounded;
 * the rest is counted under `others`.
 */

import type { CauseStep } from "./steps.ts";

/** Stands for all that is not told apart. */
const OTHERS = "others";

/** Most combinations in memory. */
const MOST = 2_000;

/** Longer texts are cut. */
const MAX_CHARS = 256;

/** Combinations of an hour that are written: the worst, and as many good ones. */
const MOST_WRITTEN = 250;

interface Count extends CauseStep {
  shares: number;
  work: number;
}

/** Counts by combination. */
export class CauseCounts {
  readonly #counts = new Map<string, Count>();

  /** Adds what was counted. */
  add(cause: CauseStep): void {
    const known = this.#counts.get(keyOf(cause));
    if (known !== undefined) addTo(known, cause);
    else if (this.#counts.size < MOST) this.#enter(cause);
    else this.#addToOthers(cause);
  }

  /** What was counted, the most work first. */
  list(): CauseStep[] {
    return [...this.#counts.values()].sort((a, b) => b.work - a.work);
  }

  /** The same with few combinations, the least ones under `others`. */
  shortList(): CauseStep[] {
    const short = new CauseCounts();
    let [good, lost] = [0, 0];
    for (const cause of this.list()) {
      const rank = cause.reason === "good" ? good++ : lost++;
      if (rank < MOST_WRITTEN) short.add(cause);
      else short.#addToOthers(cause);
    }
    return short.list();
  }

  #addToOthers({ reason, shares, work }: CauseStep): void {
    const others = {
      pool: OTHERS,
      software: OTHERS,
      subnet: OTHERS,
      account: OTHERS,
      // Reasons are ours, and few, unless somebody else wrote the file.
      reason: this.#counts.size < 2 * MOST ? reason : OTHERS,
      shares,
      work,
    };
    const known = this.#counts.get(keyOf(others));
    if (known !== undefined) addTo(known, others);
    else this.#enter(others);
  }

  #enter({ pool, software, subnet, account, reason, shares, work }: CauseStep): void {
    const count = {
      pool: pool.slice(0, MAX_CHARS),
      software: software.slice(0, MAX_CHARS),
      subnet: subnet.slice(0, MAX_CHARS),
      account: account.slice(0, MAX_CHARS),
      reason,
      shares,
      work,
    };
    this.#counts.set(keyOf(count), count);
  }
}

/** The text of an hour's counts: each name once, and a list of numbers for each combination. */
export function causesText(causes: readonly CauseStep[]): string {
  const names: string[] = [];
  const numbers = new Map<string, number>();
  const numberOf = (name: string) => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = names.push(name) - 1;
      numbers.set(name, number);
    }
    return number;
  };
  const rows = causes.map(({ pool, software, subnet, account, reason, shares, work }) => [
    numberOf(pool),
    numberOf(software),
    numberOf(subnet),
    numberOf(account),
    numberOf(reason),
    Math.round(shares),
    // Seven digits are what is counted to (lib/workers), and half as long.
    Number(work.toPrecision(7)),
  ]);
  return JSON.stringify({ names, rows });
}

/** Adds the counts of a text to `counts`; of a damaged one, what can be read. */
export function readCauses(text: string, counts: CauseCounts): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const { names, rows } = value as { readonly names?: unknown; readonly rows?: unknown };
  if (!Array.isArray(names) || !Array.isArray(rows)) return;
  for (const row of rows) {
    if (!Array.isArray(row)) continue;
    const [pool, software, subnet, account, reason] = row.slice(0, 5).map((at) => names[at]);
    const [shares, work] = row.slice(5);
    if (![pool, software, subnet, account, reason].every((name) => typeof name === "string")) {
      continue;
    }
    if (!Number.isFinite(shares) || !Number.isFinite(work)) continue;
    counts.add({ pool, software, subnet, account, reason, shares, work });
  }
}

function addTo(count: Count, { shares, work }: CauseStep): void {
  count.shares += shares;
  count.work += work;
}

function keyOf({ pool, software, subnet, account, reason }: CauseStep): string {
  const cut = (name: string) => name.length > MAX_CHARS ? name.slice(0, MAX_CHARS) : name;
  return `${cut(pool)}\n${cut(software)}\n${cut(subnet)}\n${cut(account)}\n${reason}`;
}
