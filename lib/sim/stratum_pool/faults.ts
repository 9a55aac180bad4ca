/**
 * Faults of a simulated Stratum pool: switches for tests.
 */

import type { SocketFaults } from "../pool_socket.ts";

/** The switches. */
export interface StratumPoolFaults extends SocketFaults {
  /** Nothing listens on the port; connections that exist stay. */
  readonly refuseConnections: boolean;
  /** Authorize is refused, whatever the name. */
  readonly refuseAuthorize: boolean;
  /** Authorize is refused for every name but the first of a connection. */
  readonly refuseLaterNames: boolean;
  /** The node behind the pool is gone: no job comes; ckpool pings instead. */
  readonly isNodeGone: boolean;
  /** Extranonce2 bytes of subscribe answers from now on; `undefined` for the pool's own. */
  readonly extranonce2Size: number | undefined;
  /** Every share is refused as too weak, whatever it is. */
  readonly refuseShares: boolean;
  /** Answers to shares come this much later, in milliseconds; Infinity for never. */
  readonly lateByMs: number;
}

/** A pool without faults. */
export const NO_STRATUM_FAULTS: StratumPoolFaults = {
  isSilent: false,
  dribbleMs: 0,
  stopReading: false,
  refuseConnections: false,
  refuseAuthorize: false,
  refuseLaterNames: false,
  isNodeGone: false,
  extranonce2Size: undefined,
  refuseShares: false,
  lateByMs: 0,
};
