/**
 * How a talk with a pool ended that only finds something out: it is closed at its end, whatever
 * happens.
 */

import { PoolFault } from "../base/violation.ts";
import type { Connection } from "../net/pools/connection.ts";
import { isClose } from "./end_reason.ts";

/** How a talk ended. */
export interface TalkEnd {
  /**
   * `done`: enough is known; `closed`: by the pool; `broken`: the connection failed; `timeout`: the
   * time ran out; `fault`: the pool sent what cannot be used.
   */
  readonly end: "done" | "closed" | "broken" | "timeout" | "fault";
  /** What the fault was. */
  readonly fault: { readonly code: string; readonly message: string } | undefined;
}

/**
 * Runs a talk over `connection` until it ends or `signal` aborts, then closes the connection.
 * `talk` is given a function that closes it earlier, for when enough is known during a read; what
 * then fails is `done` if `isDone` says so.
 */
export async function endOf(
  connection: Pick<Connection, "close">,
  signal: AbortSignal,
  talk: (close: () => void) => Promise<"done" | "closed">,
  isDone: () => boolean = () => false,
): Promise<TalkEnd> {
  let isClosed = false;
  // Closing the connection also ends a pending read.
  const close = () => {
    if (!isClosed) connection.close();
    isClosed = true;
  };
  signal.addEventListener("abort", close, { once: true });
  try {
    return { end: signal.aborted ? "timeout" : await talk(close), fault: undefined };
  } catch (error) {
    if (error instanceof PoolFault) {
      return { end: "fault", fault: { code: error.code, message: error.message } };
    }
    if (isDone()) return { end: "done", fault: undefined };
    if (signal.aborted) return { end: "timeout", fault: undefined };
    return { end: isClose(error) ? "closed" : "broken", fault: undefined };
  } finally {
    signal.removeEventListener("abort", close);
    close();
  }
}
