/**
 * The pools of `btcagent top`; pure.
 */

import { formatAge, formatCount, formatPercent } from "../figures.ts";
import { poolState } from "../findings.ts";
import { padded } from "../width.ts";
import { type Line, line, type Tone } from "./line.ts";
import { listRows, type TopState } from "./state.ts";

const TONES: Readonly<Record<string, Tone>> = {
  serving: "good",
  down: "bad",
  waiting: "warn",
  opening: "warn",
};

/** The head, and two lines for each pool that has something to say. */
export function poolLines(state: TopState): Line[] {
  const { columns, pools } = state;
  const address = Math.max(16, Math.min(40, columns - 50));
  const row = (cells: readonly string[]) =>
    padded(
      [
        padded(cells[0]!, 3, true),
        padded(cells[1]!, address),
        padded(cells[2]!, 8),
        padded(cells[3]!, 8),
        padded(cells[4]!, 8, true),
        padded(cells[5]!, 7, true),
        padded(cells[6]!, 9, true),
      ].join(" "),
      columns,
    );
  const lines = pools.flatMap((pool): Line[] => {
    const what = poolState(pool);
    const { submitted, rejected } = pool.shares;
    const count = Object.values(rejected).reduce((sum, each) => sum + each, 0);
    const cells = [
      String(pool.position),
      pool.address,
      pool.pinned ? `${what}*` : what,
      pool.kind,
      formatCount(pool.miners),
      formatAge(pool.job_age_seconds),
      submitted === 0 ? "-" : formatPercent(count / submitted),
    ];
    const reason = pool.reason === "" ? [] : [
      line(padded(`    ${pool.reason}; next try in ${formatAge(pool.retry_in_seconds)}`, columns)),
    ];
    return [line(row(cells), TONES[what] ?? "plain"), ...reason];
  });
  const fit = listRows(state);
  const first = Math.min(state.scroll, Math.max(0, lines.length - fit));
  return [
    line(row(["", "POOL", "STATE", "KIND", "MINERS", "JOB", "REJECTED"]), "head"),
    ...lines.slice(first, first + fit),
  ];
}
