/**
 * The query of `/api/v1/miners?…`: a filter, an order and a page of miners; pure.
 */

import { ListParameters, type ListQuery } from "./list_query.ts";
import type { MinerShape } from "./miner_shapes.ts";

/** The keys that a list can be sorted by. */
const KEYS: Readonly<Record<string, (miner: MinerShape) => number | string>> = {
  id: ({ id }) => id ?? "",
  worker: ({ worker }) => worker,
  address: ({ address }) => address,
  hashrate: ({ hashrate }) => hashrate.minutes_15,
  accepted: ({ shares }) => shares.accepted,
  rejected: ({ shares }) => lostOf(shares),
  lost_part: ({ shares }) => lostOf(shares) / Math.max(1, shares.received),
  last_share: ({ last_share_seconds }) => last_share_seconds ?? Infinity,
  connected: ({ connected_seconds }) => connected_seconds,
};

const STATES = ["connected", "subscribed", "authorized", "joining", "working"];
const ASICBOOST = ["never", "rolling", "lost", "cannot_narrow"];

/**
 * Reads the query. `q` is searched for in worker, user, address and client agent; `state` and
 * `asicboost` filter; `sort` is a key, with `-` in front for descending order; `offset` and `limit`
 * (1..1000) select the page.
 *
 * @throws RequestProblem for a parameter that is unknown, repeated or out of range.
 */
export function parseMinerQuery(query: URLSearchParams): ListQuery<MinerShape> {
  const names = ["q", "state", "asicboost", "sort", "offset", "limit"];
  const given = new ListParameters(query, names);
  const state = given.oneOf("state", STATES);
  const asicboost = given.oneOf("asicboost", ASICBOOST);
  const text = given.text("q")?.toLowerCase();
  return {
    wants: (miner) =>
      (state === undefined || miner.state === state) &&
      (asicboost === undefined || miner.asicboost === asicboost) &&
      (text === undefined || contains(miner, text)),
    ...given.page(KEYS, "id"),
  };
}

/** Returns the number of lost shares: rejected by the pool or refused here. */
function lostOf({ refused, rejected }: MinerShape["shares"]): number {
  return [...Object.values(refused), ...Object.values(rejected)]
    .reduce((sum, count) => sum + count, 0);
}

function contains(miner: MinerShape, text: string): boolean {
  return [miner.worker, miner.user, miner.address, miner.client_agent]
    .some((field) => field.toLowerCase().includes(text));
}
