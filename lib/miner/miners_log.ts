/**
 * Log lines about miners that are not let in, disconnect, or come from an address that broke the
 * protocol too often. The lines about one miner's work are in its session.
 */

import { unfinishedLine } from "../base/foreign_speech.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import type { Refusal } from "../net/miners/admission.ts";
import { areaLog } from "../observe/log.ts";
import { type MinerLimits, REFUSALS } from "./limits.ts";
import { HEARD } from "./line_session.ts";
import { SLOW_LOGINS } from "./probation.ts";
import type { MinerSession } from "./session.ts";

const log = areaLog("miner");

/** Logs that a connection was not let in while there were `count`. */
export function logNotLetIn(
  refusal: Refusal,
  from: PeerAddress,
  count: number,
  { maxConnectionsPerIp: most }: MinerLimits,
): void {
  log.warn(REFUSALS[refusal], { miner: formatAddress(from), count, most });
}

/** Logs that no miner can be accepted now, while `count` are connected. */
export function logAcceptFailed(error: unknown, count: number): void {
  log.error(
    "Cannot accept miners at the moment, retrying: {error}; {count} are connected. If open " +
      "files ran out, raise the limit (ulimit -n, or LimitNOFILE= of the service)",
    { error, count },
  );
}

/** Logs that a connection of a load balancer ended because of its PROXY header. */
export function logBalancerFault(from: PeerAddress, fault: string): void {
  log.warn("Load balancer connection {balancer} closed: it {fault}", {
    balancer: formatAddress(from),
    fault,
  });
}

/** Logs that miners from an address have less time to log in from now on. */
export function logMarked(address: string, { banAfterViolations, banMs }: MinerLimits): void {
  log.warn(
    "{count|connection} from {address} broke the protocol within {seconds} s; the lines " +
      "before this one say what they sent. From now on miners from there have 1 s to log in, " +
      "and only {slow} of them may take longer (limits.ban_after_violations)",
    { count: banAfterViolations, address, seconds: banMs / 1000, slow: SLOW_LOGINS },
  );
}

/** Logs that a miner's connection has ended. */
export function logGone(
  { label: miner, workerLabel: worker, heard, unfinishedLine: bytes }: Pick<
    MinerSession,
    "label" | "workerLabel" | "heard" | "unfinishedLine"
  >,
  reason: string,
): void {
  if (heard === HEARD.nothing) {
    // Only at debug: health checks of load balancers come every few seconds.
    log.debug("Connection {miner} closed without having sent a byte: {reason}", { miner, reason });
  } else if (worker !== undefined) {
    log.info("Miner {miner} disconnected: {reason}", { miner, worker, reason });
  } else {
    const spoken = bytes === undefined ? "" : `; ${unfinishedLine(bytes)}`;
    log.info("Miner {miner} disconnected: {reason}", { miner, reason: reason + spoken });
  }
}
