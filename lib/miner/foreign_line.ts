/**
 * What ends a miner that sends no Stratum.
 */

import { isTls, notStratum } from "../base/foreign_speech.ts";
import { MinerFault, type ProtocolViolation } from "../base/violation.ts";

const TRIES_TLS = "tries-tls";

/** The fault of a line that is no JSON object, or of the beginning of one that cannot become one. */
export function foreignLine(line: Uint8Array): MinerFault {
  return new MinerFault(isTls(line) ? TRIES_TLS : "not-json", notStratum(line));
}

/**
 * Whether what ended a miner may be the way of honest firmware, so that its address is not to be
 * marked for it: bfgminer tries TLS at every connect, and twenty of them behind one address that
 * come back together would have the whole farm behind it marked.
 */
export function isHonestTry({ code }: ProtocolViolation): boolean {
  return code === TRIES_TLS;
}
