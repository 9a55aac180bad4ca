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
 * Secrets are masked: tokens of the status server, passwords of pools, users and passwords of
 * proxies, and addresses, headers and tokens of channels.
 */
export function effectiveConfig(config: Config): EffectiveConfig {
  return {
    ...config,
    // In a list, JSON would show a missing item as null.
    pools: config.pools.map(effectivePool),
    proxy: config.proxy.map(maskProxy),
    notify: { ...config.notify, channels: config.notify.channels.map(effectiveChannel) },
    status: {
      ...config.status,
      token: maskToken(config.status, "token"),
      read_token: maskToken(config.status, "read_token"),
    },
  };
}

/** A token from a file or the environment is shown by where it is. */
function maskToken(status: Config["status"], key: "token" | "read_token"): string {
  const isElsewhere = status[`${key}_file`] !== undefined || status[`${key}_env`] !== undefined;
  return status[key] === "" || isElsewhere ? "" : MASK;
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

type Channel = Config["notify"]["channels"][number];

function effectiveChannel({ url, token, headers, api, ...open }: Channel): Channel {
  // A secret from a file or the environment is shown by where it is.
  const isUrlHere = url !== undefined && open.url_file === undefined && open.url_env === undefined;
  const isTokenHere = token !== undefined && open.token_file === undefined &&
    open.token_env === undefined;
  return {
    ...open,
    ...isUrlHere ? { url: maskUrl(url) } : {},
    ...isTokenHere ? { token: MASK } : {},
    ...headers === undefined
      ? {}
      : { headers: headers.map((line) => `${line.slice(0, line.indexOf(":"))}: ${MASK}`) },
    ...api === undefined ? {} : { api: maskUrl(api) },
  };
}

/** All of an address but its host may be secret. */
function maskUrl(text: string): string {
  const url = URL.parse(text);
  if (url === null) return MASK;
  const isBare = url.pathname === "/" && url.search === "" && url.hash === "";
  return isBare ? url.origin : `${url.origin}/${MASK}`;
}
