/**
 * Why a connection to a pool ended: in words and as an {@linkcode EndCause}, from the thrown error.
 */

import { ProtocolViolation } from "../base/violation.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import type { EndCause } from "./connection.ts";

/** The code of the fault when a pool refuses the name that we authorize as. */
export const AUTHORIZE_REFUSED = "authorize-refused";

const log = areaLog("pool");

/**
 * Whether an error says that the pool closed the connection: RST is a normal close of theirs
 * (agent.md "Time-outs and closing"), and a write may find the connection closed before a read does.
 */
export function isClose(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.BrokenPipe;
}

/** The reason in words. A fault of our own is also reported. */
export function endReason(error: unknown): string {
  if (error instanceof ProtocolViolation) return error.message;
  if (isClose(error)) return "the pool closed the connection";
  if (error instanceof TypeError || error instanceof RangeError) reportFault(log, error);
  return error instanceof Error ? error.message : String(error);
}

/** The cause, by whose fault it is. */
export function causeOf(error: unknown): EndCause {
  if (isClose(error)) return "close";
  if (!(error instanceof ProtocolViolation)) return "connection";
  return error.code === AUTHORIZE_REFUSED ? "accountRefusal" : "refusal";
}
