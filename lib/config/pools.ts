/** The pools of a configuration, in whichever of the two forms they are written; pure. */

import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";
import { parsePoolUrl } from "./pool_url.ts";
import type { Config, PoolEntry } from "./schema.ts";

/** What is said as the password where none is given: what miners everywhere say. */
export const USUAL_PASSWORD = "x";

/** One pool, whatever the form of its entry. */
export interface ConfiguredPool {
  /** Name or IP address; IPv6 without brackets. */
  readonly host: string;
  /** TCP port. */
  readonly port: number;
  /** What it speaks; `unknown` for entries without a scheme. */
  readonly kind: KindOfPool;
  /** Whether TLS is spoken to it. */
  readonly usesTls: boolean;
  /** The name to mine as: a sub-account or a Stratum user; `undefined` where there is none. */
  readonly account: string | undefined;
  /** What is said as its password. A secret: for the pool alone. */
  readonly password: string;
  /**
   * The key by which a Stratum V2 pool proves who it is, 64 hex digits; `undefined` for any other
   * kind, and where the operator wants no proof.
   */
  readonly authorityKey: string | undefined;
  /** How many workers it is to see, if it is not an agent pool. */
  readonly workers: WorkersSeen;
  /** The most miners on one connection, if it is no agent pool; `undefined` for as many as fit. */
  readonly minersPerConnection: number | undefined;
}

/** All pools, in the order of the file. */
export function configuredPools(config: Config): ConfiguredPool[] {
  return config.pools.map((entry) => configuredPool(entry, config.pool_use_tls));
}

/** What `entry` says; without a scheme, `usesTls` decides about TLS. */
function configuredPool(entry: PoolEntry, usesTls: boolean): ConfiguredPool {
  if (Array.isArray(entry)) {
    const [host, port, account] = entry;
    return {
      host,
      port,
      kind: "unknown",
      usesTls,
      authorityKey: undefined,
      account,
      password: USUAL_PASSWORD,
      workers: "one",
      minersPerConnection: undefined,
    };
  }
  const { url, user, password = USUAL_PASSWORD, workers = "one" } = entry;
  const result = parsePoolUrl(url);
  // The reader of files lets no other through.
  if (!result.ok) throw new TypeError(`Cannot use a pool: found ${result.found}`);
  return {
    ...result.url,
    usesTls: result.url.usesTls ?? usesTls,
    account: user,
    password,
    workers,
    minersPerConnection: entry.miners_per_connection,
  };
}
