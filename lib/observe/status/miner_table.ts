/**
 * `/api/v1/miner-table`: every miner in one compact answer, as a list of values, for the live page,
 * which sorts and searches by itself. The answer is written piece by piece as the client takes it:
 * ten thousand rows are never in memory at once, and miners are served between the pieces.
 */

import { printableJson } from "../../base/printable.ts";
import type { MinerShape } from "./miner_shapes.ts";
import { goodShares } from "./share_sums.ts";

/** The values of a row. */
const COLUMNS: readonly (readonly [name: string, value: (miner: MinerShape) => unknown])[] = [
  ["id", ({ id }) => id],
  ["account", ({ account }) => account],
  ["worker", ({ worker, user }) => worker || user],
  ["address", ({ address }) => address],
  ["client_agent", ({ client_agent }) => client_agent],
  ["state", ({ state }) => state],
  ["asicboost", ({ asicboost }) => asicboost],
  ["hashrate", ({ hashrate }) => Math.round(hashrate.minutes_15)],
  ["accepted", ({ shares }) => goodShares(shares)],
  ["rejected", ({ shares }) => sumOf(shares.rejected) + sumOf(shares.refused)],
  ["last_share_seconds", ({ last_share_seconds: age }) => age === null ? null : Math.round(age)],
  ["connected_seconds", ({ connected_seconds }) => Math.round(connected_seconds)],
];

/** Rows written in one step. */
const STEP = 10;

/** Yields the text of the answer with all of `miners`, in steps. */
export function* minerTable(miners: Iterable<MinerShape>): Generator<string, void> {
  let text = `{"columns":${printableJson(COLUMNS.map(([name]) => name))},"rows":[`;
  let seen = 0;
  for (const miner of miners) {
    text += (seen === 0 ? "" : ",") + printableJson(COLUMNS.map(([, value]) => value(miner)));
    if (++seen % STEP > 0) continue;
    yield text;
    text = "";
  }
  yield `${text}]}\n`;
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
