/**
 * A configuration as btcagent understood it, to be shown; pure.
 */

import { parseProxyAddress } from "../base/proxy_address.ts";
import type { Config, PoolEntry } from "./schema.ts";

/** What replaces a secret. */
const MASK = "***";

/** A configuration in plain JSON values. */
export type EffectiveConfig = Omit<Config, "pools"> & {
  /** Host, port and, if there is one, sub-account; or an object, its password masked. */
  readonly pools: readonly EffectivePool[];
};

/** One pool, of either form. */
export type EffectivePool = readonly (string | number)[] | Exclude<PoolEntry, readonly unknown[]>;

/**
 * `config` with every default, in plain JSON values; its text can be read as a configuration again.
 * Secrets are masked: tokens of the status server, passwords of pools, and users and passwords of proxies.
 */
export function effectiveConfig(config: Config): EffectiveConfig {
  return {
    ...config,
    // In a list, JSON would show a missing item as null.
    pools: config.pools.map(effectivePool),
    proxy: config.proxy.map(maskProxy),
    status: {
      ...config.status,
      token: maskToken(config.status.token, config.status.token_file),
      read_token: maskToken(config.status.read_token, config.status.read_token_file),
    },
  };
}

/** A token from a file is shown by the path of the file. */
function maskToken(token: string, file: string | undefined): string {
  return token === "" || file !== undefined ? "" : MASK;
}

function effectivePool(pool: PoolEntry): EffectivePool {
  if (!Array.isArray(pool)) {
    const { password, ...open } = pool;
    // A password from a file is shown by the path of the file.
    const isMasked = password !== undefined && open.password_file === undefined;
    return isMasked ? { ...open, password: MASK } : open;
  }
  const [host, port, account] = pool;
  return account === undefined ? [host, port] : [host, port, account];
}

/** `address` as written, with the user and password for the proxy masked. */
function maskProxy(address: string): string {
  const result = parseProxyAddress(address);
  const hasLogin = result.ok && result.proxy.credentials !== undefined;
  // The last @ ends them, as in the code that reads the address.
  return hasLogin ? address.trim().replace(/^([^:/@]*:\/\/)?.*@/, `$1${MASK}:${MASK}@`) : address;
}
