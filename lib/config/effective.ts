/**
 * A configuration as it was understood, for whoever wants to see it; pure.
 */

import { parseProxyAddress } from "../base/proxy_address.ts";
import type { Config } from "./schema.ts";

/** What stands where a secret was. */
const MASK = "***";

/** A configuration in plain JSON values. */
export type EffectiveConfig = Omit<Config, "pools"> & {
  /** Host, port and, if there is one, sub-account. */
  readonly pools: readonly (readonly (string | number)[])[];
};

/**
 * `config` with every default, in plain JSON values; its text can be read as a configuration again.
 * Secrets are masked: `status.token`, and users and passwords of proxies.
 */
export function effectiveConfig(config: Config): EffectiveConfig {
  return {
    ...config,
    // A list would show what is left out as null.
    pools: config.pools.map(([host, port, account]) =>
      account === undefined ? [host, port] : [host, port, account]
    ),
    proxy: config.proxy.map(maskProxy),
    status: { ...config.status, token: config.status.token === "" ? "" : MASK },
  };
}

/** `address` as it was written, but for who we are to the proxy. */
function maskProxy(address: string): string {
  const result = parseProxyAddress(address);
  const hasLogin = result.ok && result.proxy.credentials !== undefined;
  // The last @ ends them, as it does for whoever reads the address.
  return hasLogin ? address.trim().replace(/^([^:/@]*:\/\/)?.*@/, `$1${MASK}:${MASK}@`) : address;
}
