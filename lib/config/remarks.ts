/**
 * What an operator should know about a valid file: keys without effect, placeholders, and choices
 * that are unsafe.
 */

import { isInNetwork, isMappedIpv4, parseNetwork } from "../base/cidr.ts";
import type { KindOfPool } from "../base/pool_kind.ts";
import { ROLLABLE_BITS } from "../base/version_bits.ts";
import { configuredPools } from "./pools.ts";
import { type Path, quote, type Remark } from "./problem.ts";
import { type Config, PLACEHOLDERS } from "./schema.ts";
import { formatAddress, mayServe, statusAddress } from "./status_address.ts";

const AGENT_WORKERS = "Without effect: with the agent protocol the pool sees every worker, and " +
  "their number on one connection has no limit";
const ONLY_V2 = "Without effect: only Stratum V2 pools prove themselves by an authority key";
const NO_PASSWORD = "Without effect: Stratum V2 has no passwords";

/** A remark whose place in the file has not been looked up yet. */
export interface Observation extends Pick<Remark, "kind" | "text"> {
  /** Keys and list indices to what it is about. */
  readonly path: Path;
}

/** The keys of an entry that do nothing for a kind of pool, and why. */
const WITHOUT_EFFECT: Readonly<Record<KindOfPool, Readonly<Record<string, string>>>> = {
  agent: {
    workers: AGENT_WORKERS,
    miners_per_connection: AGENT_WORKERS,
    insecure: ONLY_V2,
  },
  stratum: { insecure: ONLY_V2 },
  sv2: { password: NO_PASSWORD, password_file: NO_PASSWORD },
  unknown: { insecure: ONLY_V2 },
};

/** All remarks on `config`; `isWritten` tells whether the file itself has a key. */
export function observe(config: Config, isWritten: (path: Path) => boolean): Observation[] {
  const seen: Observation[] = [];
  const say = (kind: Remark["kind"], path: Path, text: string) => seen.push({ kind, path, text });

  const pools = configuredPools(config);
  const isTlsSpoken = pools.some(({ usesTls }) => usesTls);
  if (!config.multi_user_mode) {
    for (const [i, { account, kind }] of pools.entries()) {
      const isTuple = Array.isArray(config.pools[i]);
      const path: Path = ["pools", i, isTuple ? 2 : "user"];
      const [name, worker] = account?.split(".") ?? [];
      const own = PLACEHOLDERS.get(name ?? "");
      if (own !== undefined) {
        const text = `This is a placeholder; replace it with your own ${own}, or you earn nothing`;
        say("warning", path, text);
      }
      // At a Stratum pool a worker's name may follow the dot.
      if (name !== undefined && worker !== undefined && (isTuple || kind === "agent")) {
        const text = `Agent pools use only the part before the dot, ${quote(name)}, as the ` +
          "sub-account; worker names come from the miners";
        say("warning", path, text);
      }
    }
  } else {
    for (const [i, pool] of config.pools.entries()) {
      if (Array.isArray(pool) || (pool.user ?? "") === "") continue;
      const text = "Ignored in multi-user mode: the user is the part of a miner's name before " +
        "the dot";
      say("notice", ["pools", i, "user"], text);
    }
  }
  for (const [i, { kind, authorityKey }] of pools.entries()) {
    const pool = config.pools[i]!;
    if (Array.isArray(pool)) continue;
    for (const [key, text] of Object.entries(WITHOUT_EFFECT[kind])) {
      if (pool[key as keyof typeof pool] !== undefined) say("notice", ["pools", i, key], text);
    }
    if (pool.insecure !== true || kind !== "sv2") continue;
    if (authorityKey !== undefined) {
      say("notice", ["pools", i, "insecure"], "Without effect: the address has the pool's key");
    } else {
      const text =
        "INSECURE: its address has no authority key, so nothing proves that this is the " +
        "pool, and anyone on the network path can take your shares; add the key that the pool " +
        "publishes";
      say("warning", ["pools", i, "insecure"], text);
    }
  }
  if (config.use_ip_as_worker_name && !/\{[1-4]\}/.test(config.ip_worker_name_format)) {
    const text = "Has none of {1} to {4}, so all miners get the same worker name";
    say("warning", ["ip_worker_name_format"], text);
  }
  const tlsPeer = unprovenPeer(config, isTlsSpoken);
  if (tlsPeer !== undefined && config.advanced.tls_skip_certificate_verify) {
    const text =
      `Anyone on the network path can pose as ${tlsPeer}; remove this to verify certificates`;
    say("warning", ["advanced", "tls_skip_certificate_verify"], text);
  }
  if (config.tls.certificate_sha256.length > 0 && !isTlsSpoken) {
    const text = "Without effect: no pool in the list uses TLS, so none shows a certificate";
    say("warning", ["tls", "certificate_sha256"], text);
  }
  const trusted = [
    [["agent_listen_proxy_protocol"], config.agent_listen_proxy_protocol] as const,
    ...config.listen.map(({ proxy_protocol }, i) =>
      [["listen", i, "proxy_protocol"], proxy_protocol] as const
    ),
  ];
  for (const [path, group] of trusted) {
    for (const [i, network] of (group?.trusted ?? []).entries()) {
      if (!isWidelyPublic(network)) continue;
      const text = "Everybody there can pretend to be any miner, so limits and names by address " +
        "are worth nothing; list only your load balancers";
      say("warning", [...path, "trusted", i], text);
    }
  }
  const status = statusAddress(config);
  if (config.http_debug.enable && config.status.listen === undefined) {
    if (status === undefined && config.http_debug.listen !== "") {
      const text = 'No status server: wanted an IP address and port such as "127.0.0.1:9999"';
      say("warning", ["http_debug", "listen"], text);
    } else if (status !== undefined && !mayServe(status, config)) {
      const text =
        "No status server: other machines could reach it, which needs status.listen and " +
        "status.token";
      say("warning", ["http_debug", "listen"], text);
    }
  }
  if (
    !config.http_debug.enable && status !== undefined && config.status.listen === undefined &&
    isWritten(["http_debug", "enable"])
  ) {
    const text = `The status server still runs on ${formatAddress(status)}; ` +
      'to turn it off, set status.listen to ""';
    say("notice", ["http_debug", "enable"], text);
  }
  if (config.use_iocp !== undefined) {
    say("notice", ["use_iocp"], "Ignored; it is an option of the C++ agent");
  }
  if (config.advanced.message_queue_size !== undefined) {
    const text = "Ignored; btcagent has no such queues";
    say("notice", ["advanced", "message_queue_size"], text);
  }
  if (config.advanced.bitcoin_default_version_mask !== ROLLABLE_BITS) {
    const text = "Ignored; miners are offered the version bits 1fffe000, and told before their " +
      "first job which of these the pool allows";
    say("notice", ["advanced", "bitcoin_default_version_mask"], text);
  }
  return seen;
}

/** Networks that the Internet does not reach. */
const PRIVATE = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "169.254.0.0/16",
  "127.0.0.0/8",
  "fc00::/7",
  "fe80::/10",
].map((network) => parseNetwork(network)!);

/** A provider's balancers may be in a public network of this size: 256 addresses, or a /64. */
const SMALL = { ipv4: 96 + 24, ipv6: 64 } as const;

/** Whether a network has more public addresses than load balancers need. */
function isWidelyPublic(text: string): boolean {
  const network = parseNetwork(text);
  if (network === undefined) return false;
  const { bytes, bits } = network;
  if (PRIVATE.some((known) => bits >= known.bits && isInNetwork(bytes, known))) return false;
  return bits < (isMappedIpv4(bytes) ? SMALL.ipv4 : SMALL.ipv6);
}

/** The peer whose certificate only verification can prove; a pinned fingerprint proves it too. */
function unprovenPeer(config: Config, isTlsSpoken: boolean): string | undefined {
  if (isTlsSpoken && config.tls.certificate_sha256.length === 0) return "the pool";
  const hasHttpsProxy = config.proxy.some((address) => /^\s*https:/i.test(address));
  return config.use_proxy && hasHttpsProxy ? "the proxy" : undefined;
}
