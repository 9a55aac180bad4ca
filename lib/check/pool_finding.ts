/**
 * Tries everything about one pool: the lookup of its name, each of its addresses, each way to it
 * (direct or through a proxy).
 */

import { lookup } from "node:dns/promises";
import { AttendedTimeout } from "../base/attended_timeout.ts";
import type { Time } from "../base/clock.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import type { Way } from "../net/pools/way.ts";
import { type Trial, type TrialOptions, tryAddress, tryWay } from "./trial.ts";
import { TurnTaking } from "./turn_taking.ts";

/** How many addresses of a name are tried, the first ones. */
const MAX_ADDRESSES = 8;

/** One address of a name. */
export interface AddressFinding {
  /** IPv4 or IPv6. */
  readonly address: string;
  /** How long connecting took, in milliseconds, or why it failed. */
  readonly result: { readonly ms: number } | { readonly problem: string };
}

/** The findings about a pool. */
export interface PoolFinding {
  /** Why its name could not be looked up. */
  readonly lookupProblem: string | undefined;
  /** The addresses of its name; empty if it is an address, or if a proxy looks it up. */
  readonly addresses: readonly AddressFinding[];
  /** Each way there, in the order of the configuration. */
  readonly trials: readonly Trial[];
}

/** Tries everything, as far as `turns` allows at once. Never throws. */
export async function examinePool(
  address: PoolAddress,
  ways: readonly Way[],
  options: TrialOptions,
  turns: TurnTaking,
): Promise<PoolFinding> {
  // A proxy looks up names itself.
  const isLookedUpHere = ways.some(({ proxy, problem }) => !proxy && problem === undefined) &&
    parseIpAddress(address.host) === undefined;
  const [named, trials] = await Promise.all([
    isLookedUpHere ? examineName(address, options, turns) : { problem: undefined, addresses: [] },
    Promise.all(ways.map((way) => turns.take(() => tryWay(way, address, options)))),
  ]);
  return { lookupProblem: named.problem, addresses: named.addresses, trials };
}

async function examineName(
  { host, port }: PoolAddress,
  options: TrialOptions,
  turns: TurnTaking,
): Promise<{ readonly problem: string | undefined; readonly addresses: AddressFinding[] }> {
  let found: string[];
  try {
    found = await lookUp(host, options.time, options.timeoutMs);
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error), addresses: [] };
  }
  const addresses = await Promise.all(found.map((address) =>
    turns.take(async () => ({
      address,
      result: await tryAddress({ host: address, port }, options),
    }))
  ));
  return { problem: undefined, addresses };
}

/** Looks up a name as the system does for connections: the hosts file, then DNS. */
async function lookUp(host: string, time: Time, timeoutMs: number): Promise<string[]> {
  let timer: AttendedTimeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const reason = new Error(`no answer within ${timeoutMs / 1000} s`);
    timer = new AttendedTimeout(time, timeoutMs, () => reject(reason));
  });
  try {
    const found = await Promise.race([lookup(host, { all: true }), timeout]);
    return [...new Set(found.map(({ address }) => address))].slice(0, MAX_ADDRESSES);
  } finally {
    timer?.cancel();
  }
}
