/**
 * One worker of `btcagent top`; pure.
 */

import {
  formatAge,
  formatCount,
  formatDuration,
  formatHashrate,
  formatPercent,
} from "../figures.ts";
import { nameOf } from "../status_screen.ts";
import { fitted, padded, wrapped } from "../width.ts";
import { type Line, line } from "./line.ts";
import { listRows, type TopState } from "./state.ts";

const LABEL = 12;

/** Its name, what is wrong with it and what to do, and its figures. */
export function workerLines(state: TopState): Line[] {
  const { columns, view, worker } = state;
  const name = view.kind === "worker" ? view.name : "";
  const head = line(padded(worker === undefined ? name : nameOf(worker), columns), "head");
  if (worker === undefined) return [head, line("Asking …", "calm")];
  const { condition, hashrate, hour } = worker;
  const rate = (value: number | null) => value === null ? "not known" : formatHashrate(value);
  const judged = hour.good + hour.lost;
  const rows: readonly (readonly [label: string, text: string])[] = [
    ["State", condition.state],
    ["", condition.about],
    ...worker.observations.map(({ about }) => ["Noticed", about] as const),
    [
      "Hashrate",
      `${rate(hashrate.minutes_15)} over 15 min, ${rate(hashrate.minutes_60)} over 1 h`,
    ],
    ["Usual", `${rate(worker.usual_hashrate)}; its kind ${rate(worker.kind_hashrate)}`],
    [
      "Last hour",
      judged === 0
        ? "no share"
        : `${formatCount(hour.good)} good shares, ${formatCount(hour.lost)} lost ` +
          `(${formatPercent(hour.lost / judged)})`,
    ],
    ["Last share", agoWords(worker.last_share_seconds)],
    [
      "Connected",
      `${formatCount(worker.connections)} of usually ${formatCount(worker.usual_connections)}; ` +
      `${formatCount(worker.connects_hour)} logins in the last hour`,
    ],
    ...worker.gone_seconds === null ? [] : [["Gone", agoWords(worker.gone_seconds)] as const],
    ["Last end", worker.went === "" ? "none" : worker.went],
    ["Address", `${worker.address} in ${worker.subnet}`],
    ["Software", worker.client_agent],
    ["First seen", agoWords(worker.first_seen_seconds)],
  ];
  const lines = rows.filter(([, text]) => text !== "").flatMap(([label, text]) =>
    wrapped(text, columns - LABEL)
      .map((part, i) => line(fitted(padded(i === 0 ? label : "", LABEL) + part, columns)))
  );
  const fit = listRows(state);
  const first = Math.min(state.scroll, Math.max(0, lines.length - fit));
  return [head, ...lines.slice(first, first + fit)];
}

function agoWords(seconds: number | null): string {
  if (seconds === null) return "never";
  return seconds < 60 ? `${formatAge(seconds)} ago` : `${formatDuration(seconds)} ago`;
}
