/**
 * `/api/v1/miner-table`: every miner in one compact answer, a list of values each, for the live
 * page, which sorts and searches by itself.
 *
 * It is written piece by piece as it is taken: ten thousand rows are never in memory at once, and
 * miners are served between the pieces.
 */

import { printableJson } from "../../base/printable.ts";
import { answer, RequestProblem } from "./answers.ts";
import type { MinerShape } from "./shapes.ts";

/** So many tables are written at a time. */
const MAX_TABLES = 8;

/** Rows written before anything else gets its turn. */
const ROWS_PER_PIECE = 250;

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
  ["accepted", ({ shares }) => shares.accepted + shares.assumed],
  ["rejected", ({ shares }) => sumOf(shares.rejected) + sumOf(shares.refused)],
  ["last_share_seconds", ({ last_share_seconds: age }) => age === null ? null : Math.round(age)],
  ["connected_seconds", ({ connected_seconds }) => Math.round(connected_seconds)],
];

const encoder = new TextEncoder();

let tables = 0;

/**
 * The answer with all of `miners`.
 *
 * @throws RequestProblem while too many are being written.
 */
export function minerTable(miners: Iterable<MinerShape>): Response {
  if (tables >= MAX_TABLES) {
    throw new RequestProblem(503, `${MAX_TABLES} tables are being written already`);
  }
  tables++;
  const rows = miners[Symbol.iterator]();
  const columns = printableJson(COLUMNS.map(([name]) => name));
  let text = `{"columns":${columns},"rows":[`;
  let isFirst = true;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      // A stream whose reader keeps up is asked again at once: only a timer lets others in.
      if (!isFirst) await new Promise((resolve) => setTimeout(resolve, 0));
      for (let count = 0; count < ROWS_PER_PIECE; count++) {
        const row = rows.next();
        if (row.done) {
          controller.enqueue(encoder.encode(`${text}]}\n`));
          controller.close();
          tables--;
          return;
        }
        const values = COLUMNS.map(([, value]) => value(row.value));
        text += (isFirst ? "" : ",") + printableJson(values);
        isFirst = false;
      }
      controller.enqueue(encoder.encode(text));
      text = "";
    },
    cancel() {
      rows.return?.();
      tables--;
    },
  }, { highWaterMark: 0 });
  return answer(body, "application/json");
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
