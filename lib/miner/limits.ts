/**
 * The limits for miners, and how often each was reached.
 */

import type { AdmissionLimits, Refusal } from "../net/miners/admission.ts";
import type { PeerFault } from "../net/miners/engine.ts";
import type { ProtocolViolation } from "../base/violation.ts";

/** Bounds for every miner. */
export interface MinerLimits extends AdmissionLimits {
  /** A miner must subscribe and authorize within this time after it connects, in milliseconds. */
  readonly loginTimeoutMs: number;
  /** A miner that sends nothing for this long is closed, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The longest line accepted, in bytes. */
  readonly maxLineBytes: number;
  /**
   * Lines that a miner may send in a second; at once it may send {@linkcode REQUEST_BURST_SECONDS}
   * times that number.
   */
  readonly maxRequestsPerSecond: number;
}

/** A miner that was quiet may send the requests of this many seconds at once. */
export const REQUEST_BURST_SECONDS = 5;

/**
 * Names of the counters. Most are keys of `limits` in the configuration. The others: no session id
 * was free, no connection could be accepted, a line was not Stratum, too much came before authorize
 * was answered, a TLS handshake failed, a PROXY header was missing or broken, and the bounds for slow
 * peers.
 */
export type LimitName =
  | Refusal
  | PeerFault
  | "login_timeout_seconds"
  | "idle_timeout_seconds"
  | "max_line_bytes"
  | "max_requests_per_second"
  | "session_ids"
  | "accept_failures"
  | "protocol_violations"
  | "held_bytes"
  | "proxy_header";

/** The number of times that each limit was reached since the start. */
export type LimitCounts = Readonly<Record<LimitName, number>>;

/** Counters for {@linkcode LimitCounts}, all 0. */
export function newLimitCounts(): Record<LimitName, number> {
  return {
    max_miners: 0,
    max_connections_per_ip: 0,
    new_connections_per_second_per_ip: 0,
    ban_after_violations: 0,
    allow: 0,
    deny: 0,
    login_timeout_seconds: 0,
    idle_timeout_seconds: 0,
    max_line_bytes: 0,
    max_requests_per_second: 0,
    waiting_bytes: 0,
    stall_timeout: 0,
    session_ids: 0,
    accept_failures: 0,
    protocol_violations: 0,
    held_bytes: 0,
    tls_handshake: 0,
    proxy_header: 0,
  };
}

/** The limit that a violation counts for. */
export function brokenLimit({ code }: ProtocolViolation): LimitName {
  switch (code) {
    case "line-too-long":
      return "max_line_bytes";
    case "too-many-requests":
      return "max_requests_per_second";
    case "too-much-ahead":
      return "held_bytes";
    default:
      return "protocol_violations";
  }
}

/** The log message for each reason not to let a connection in. */
export const REFUSALS: Readonly<Record<Refusal, string>> = {
  max_miners: "Miner {miner} not let in: limits.max_miners is reached, with {count} connected",
  max_connections_per_ip:
    "Miner {miner} not let in: limits.max_connections_per_ip is reached, with {most} from its " +
    "address",
  new_connections_per_second_per_ip:
    "Miner {miner} not let in: its address connects more often than " +
    "limits.new_connections_per_second_per_ip allows",
  ban_after_violations:
    "Miner {miner} not let in: its address broke the protocol too often, and too many of its " +
    "connections have not logged in (limits.ban_after_violations)",
  allow: "Miner {miner} not let in: its address is not in limits.allow",
  deny: "Miner {miner} not let in: its address is in limits.deny",
};
