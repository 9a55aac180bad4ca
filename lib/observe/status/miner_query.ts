/**
 * `/api/v1/miners?…`: which miners, in which order, which of them on this page; pure.
 */

import { sorted } from "../../base/steps.ts";
import { RequestProblem } from "./answers.ts";
import type { MinerShape } from "./shapes.ts";

/** Rows of a page if nothing is said, and at most. */
const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 1000;

/** What a list can be sorted by. */
const KEYS: Readonly<Record<string, (miner: MinerShape) => number | string>> = {
  id: ({ id }) => id ?? "",
  worker: ({ worker }) => worker,
  address: ({ address }) => address,
  hashrate: ({ hashrate }) => hashrate.minutes_15,
  accepted: ({ shares }) => shares.accepted,
  rejected: ({ shares }) => Object.values(shares.rejected).reduce((sum, count) => sum + count, 0),
  last_share: ({ last_share_seconds }) => last_share_seconds ?? Infinity,
  connected: ({ connected_seconds }) => connected_seconds,
};

const STATES = ["connected", "subscribed", "authorized", "joining", "working"];
const ASICBOOST = ["never", "rolling", "lost", "cannot_narrow"];

/** Which miners are asked for, in which order. */
export interface MinerQuery {
  /** Whether a miner is among them. */
  readonly wants: (miner: MinerShape) => boolean;
  /** What they are sorted by. */
  readonly keyOf: (miner: MinerShape) => number | string;
  /** 1 for the least first, -1 for the greatest. */
  readonly direction: number;
  /** How many are left out before the page. */
  readonly offset: number;
  /** How many are on the page at most. */
  readonly limit: number;
}

/** A page of miners. */
export interface MinerPage {
  /** Miners that match. */
  readonly total: number;
  /** How many of them were left out before. */
  readonly offset: number;
  /** The page. */
  readonly miners: readonly MinerShape[];
}

/**
 * Reads what is asked for: `q` is looked for in worker, user, address and client agent; `state` and
 * `asicboost` filter; `sort` is a key, with `-` before it for the greatest first; `offset` and
 * `limit` (1..1000) cut.
 *
 * @throws RequestProblem for a parameter that is unknown, repeated or out of range.
 */
export function parseMinerQuery(query: URLSearchParams): MinerQuery {
  const given = new Map<string, string>();
  for (const [name, value] of query) {
    if (!["q", "state", "asicboost", "sort", "offset", "limit"].includes(name)) {
      const title =
        `Unknown parameter "${name}", wanted q, state, asicboost, sort, offset or limit`;
      throw new RequestProblem(400, title);
    }
    if (given.has(name)) throw new RequestProblem(400, `"${name}" is there twice, wanted once`);
    given.set(name, value);
  }
  const state = oneOf(given, "state", STATES);
  const asicboost = oneOf(given, "asicboost", ASICBOOST);
  const text = given.get("q")?.toLowerCase();
  const sort = oneOf(given, "sort", Object.keys(KEYS).flatMap((key) => [key, `-${key}`])) ?? "id";
  return {
    wants: (miner) =>
      (state === undefined || miner.state === state) &&
      (asicboost === undefined || miner.asicboost === asicboost) &&
      (text === undefined || contains(miner, text)),
    keyOf: KEYS[sort.replace(/^-/, "")]!,
    direction: sort.startsWith("-") ? -1 : 1,
    offset: wholeNumber(given, "offset", 0, 1_000_000) ?? 0,
    limit: wholeNumber(given, "limit", 1, MAX_LIMIT) ?? DEFAULT_LIMIT,
  };
}

/** Miners looked at in a step. */
const STEP = 50;

/** Picks the page, in steps. */
export function* pickMiners(
  all: Iterable<MinerShape>,
  { wants, keyOf, direction, offset, limit }: MinerQuery,
): Generator<void, MinerPage> {
  const keyed: { readonly miner: MinerShape; readonly key: number | string }[] = [];
  let seen = 0;
  for (const miner of all) {
    if (wants(miner)) keyed.push({ miner, key: keyOf(miner) });
    if (++seen % STEP === 0) yield;
  }
  const inOrder = yield* sorted(
    keyed,
    (a, b) => a.key === b.key ? 0 : a.key < b.key ? -direction : direction,
  );
  const miners = inOrder.slice(offset, offset + limit).map(({ miner }) => miner);
  return { total: keyed.length, offset, miners };
}

function contains(miner: MinerShape, text: string): boolean {
  return [miner.worker, miner.user, miner.address, miner.client_agent]
    .some((field) => field.toLowerCase().includes(text));
}

function oneOf(
  given: ReadonlyMap<string, string>,
  name: string,
  wanted: readonly string[],
): string | undefined {
  const value = given.get(name);
  if (value === undefined || wanted.includes(value)) return value;
  throw new RequestProblem(400, `Cannot use this "${name}", wanted one of ${wanted.join(", ")}`);
}

function wholeNumber(
  given: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const value = given.get(name);
  if (value === undefined) return undefined;
  const number = /^\d{1,7}$/.test(value) ? Number(value) : NaN;
  if (number >= min && number <= max) return number;
  throw new RequestProblem(400, `Cannot use this "${name}", wanted a whole number ${min}..${max}`);
}
