/**
 * Faults of peers that do not speak Stratum.
 */

import { isTls, notStratum } from "../base/foreign_speech.ts";
import { MinerFault, type ProtocolViolation } from "../base/violation.ts";

const TRIES_TLS = "tries-tls";

/** The fault for a line, or the beginning of a line, that cannot be a JSON object. */
export function foreignLine(line: Uint8Array): MinerFault {
  return new MinerFault(isTls(line) ? TRIES_TLS : "not-json", notStratum(line));
}

/**
 * Whether honest firmware may cause this violation, so that it does not count against the address:
 * bfgminer tries TLS at every connect, and twenty of them that reconnect together would get the
 * address of the whole farm marked.
 */
export function isHonestTry({ code }: ProtocolViolation): boolean {
  return code === TRIES_TLS;
}
