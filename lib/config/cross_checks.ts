/**
 * Checks that need more than one key at once, or more than a pattern.
 *
 * They read the unchecked values and ignore what they do not understand, so that they also work in
 * a file with other problems.
 */

import { parseNetwork } from "../base/cidr.ts";
import { parseIpAddress } from "../base/ip_address.ts";
import { parseProxyAddress } from "../base/proxy_address.ts";
import { hasTokenOf } from "./bearer_token.ts";
import { isHost } from "./host.ts";
import type { Path } from "./problem.ts";
import type { Config } from "./schema.ts";
import { isLoopback, parseStatusAddress } from "./status_address.ts";
import { type DifficultySettings, vardiffAt } from "./vardiff.ts";

/** The file's values under their keys, unchecked. */
export type RawConfig = { readonly [Key in keyof Config]?: unknown };

/** What is wrong at `path`. */
export interface Finding {
  /** Where; may lead to something that is missing. */
  readonly path: Path;
  /** What is there, if the report should not show the value itself. */
  readonly found?: string;
  /** What is wanted there. */
  readonly wanted: string;
  /** What to do, if that is not clear from the rest. */
  readonly hint?: string;
}

/** Listen addresses must be IP addresses of this machine: a name may have several. */
export function wrongListen(raw: RawConfig): Finding[] {
  const more = Array.isArray(raw.listen) ? raw.listen : [];
  const places: (readonly [Path, unknown])[] = [
    [["agent_listen_ip"], raw.agent_listen_ip],
    ...more.map((entry: unknown, i) =>
      [["listen", i, "address"], (entry as { readonly address?: unknown } | null)?.address] as const
    ),
  ];
  return places.flatMap(([path, address]): Finding[] => {
    // Other checks report values that are not a text or have impossible characters.
    if (typeof address !== "string" || !isHost(address)) return [];
    const bare = address.replace(/^\[|\]$/g, "").replace(/^(.*:.*)%.*$/, "$1");
    if (parseIpAddress(bare) !== undefined) return [];
    const wanted = 'an IP address of this machine, or "0.0.0.0" for every IPv4 address';
    return [{ path, wanted }];
  });
}

/** Every proxy that is used needs an address. A report never shows its password. */
export function wrongProxies(raw: RawConfig): Finding[] {
  if (!Array.isArray(raw.proxy) || raw.use_proxy === false) return [];
  return raw.proxy.flatMap((address: unknown, i): Finding[] => {
    if (typeof address !== "string" || address === "system") return [];
    const result = parseProxyAddress(address);
    if (result.ok) return [];
    const { found, hint } = result;
    const wanted = '"system" or an address such as "socks5://user:password@host:1080"';
    return [{ path: ["proxy", i], found, wanted, ...(hint === undefined ? {} : { hint }) }];
  });
}

/**
 * The status server needs an address, and a token if other machines can reach it or if requests may
 * change something.
 */
export function wrongStatus(raw: RawConfig): Finding[] {
  const status = raw.status;
  if (typeof status !== "object" || status === null) return [];
  const given = status as Readonly<Record<string, unknown>>;
  const { listen, control } = given;
  const hasToken = hasTokenOf(given, "token");
  const findings: Finding[] = [];
  if (typeof listen === "string" && listen !== "" && listen.length <= 255) {
    const address = parseStatusAddress(listen);
    if (address === undefined) {
      const wanted = 'an IP address and port such as "127.0.0.1:9999", or "" for none';
      findings.push({ path: ["status", "listen"], wanted });
    } else if (!isLoopback(address) && !hasToken && !hasTokenOf(given, "read_token")) {
      const wanted = "a token, since other machines can reach the status server";
      const hint = 'or set status.listen to "127.0.0.1:9999"';
      findings.push({ path: ["status", "token"], wanted, hint });
    }
  }
  if (control === true && !hasToken && findings.length === 0) {
    const wanted = "a token, since status.control is true";
    findings.push({ path: ["status", "token"], wanted });
  }
  return findings;
}

/** The entries of `limits.allow`, `limits.deny` and every `trusted` must be networks. */
export function wrongNetworks(raw: RawConfig): Finding[] {
  const listsOf = (at: Path, group: unknown, keys: readonly string[]) =>
    typeof group === "object" && group !== null
      ? keys.map((key) =>
        [[...at, key], (group as Readonly<Record<string, unknown>>)[key]] as const
      )
      : [];
  const ports: readonly unknown[] = Array.isArray(raw.listen) ? raw.listen : [];
  const lists: (readonly [Path, unknown])[] = [
    ...listsOf(["limits"], raw.limits, ["allow", "deny"]),
    ...listsOf(["agent_listen_proxy_protocol"], raw.agent_listen_proxy_protocol, ["trusted"]),
    ...ports.flatMap((port, i) => {
      const group = (port as { readonly proxy_protocol?: unknown } | null)?.proxy_protocol;
      return listsOf(["listen", i, "proxy_protocol"], group, ["trusted"]);
    }),
  ];
  return lists.flatMap(([path, list]): Finding[] => {
    if (!Array.isArray(list)) return [];
    return list.flatMap((network: unknown, i): Finding[] => {
      // Other checks report values that are not a text or too long.
      if (typeof network !== "string" || network.length > 64) return [];
      if (parseNetwork(network) !== undefined) return [];
      const wanted = 'a network such as "10.0.0.0/8" or "fd00::/8", or an IP address';
      return [{ path: [...path, i], wanted }];
    });
  });
}

/** The lowest difficulty must not be above the highest, in `vardiff` and at each port. */
export function wrongVardiff(raw: RawConfig): Finding[] {
  const usual = difficultiesOf(raw.vardiff);
  const findings: Finding[] = [];
  const check = (
    at: Path,
    { minimum = 1, maximum }: DifficultySettings,
    own: DifficultySettings,
  ) => {
    if (maximum === undefined || maximum >= minimum) return;
    const isMinimum = own.maximum === undefined;
    const wanted = isMinimum
      ? `at most vardiff.maximum, ${maximum}`
      : `at least vardiff.minimum, ${minimum}`;
    findings.push({ path: [...at, isMinimum ? "minimum" : "maximum"], wanted });
  };
  check(["vardiff"], usual, usual);
  const ports = Array.isArray(raw.listen) ? raw.listen : [];
  for (const [i, port] of ports.entries()) {
    const own = difficultiesOf((port as { readonly vardiff?: unknown } | null)?.vardiff);
    const path: Path = ["listen", i, "vardiff"];
    if (Object.keys(own).length > 0) check(path, vardiffAt(usual, own), own);
  }
  return findings;
}

/** No other file of ours may be the history: each would overwrite the other. */
export function wrongHistory(raw: RawConfig): Finding[] {
  const path = (raw.history as { readonly path?: unknown } | null | undefined)?.path;
  const other = (["pid_file", "state_file"] as const).find((key) => raw[key] === path);
  if (typeof path !== "string" || path === "" || other === undefined) return [];
  return [{ path: ["history", "path"], wanted: `another file than ${other}` }];
}

/** The numbers of a group as written in the file. */
function difficultiesOf(group: unknown): DifficultySettings {
  if (typeof group !== "object" || group === null) return {};
  return Object.fromEntries(Object.entries(group).filter(([, value]) => typeof value === "number"));
}
