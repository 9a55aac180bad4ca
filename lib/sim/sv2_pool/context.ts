/**
 * What the parts of a simulated Stratum V2 pool give its connections.
 */

import type { KnownPoolMessage } from "../../protocol/sv2/pool_message.ts";
import type { BlockTemplate } from "../stratum_pool/template.ts";
import type { Sv2Authority } from "./authority.ts";
import type { Sv2PoolFaults } from "./faults.ts";
import type { Sv2PoolLedger } from "./ledger.ts";
import type { Sv2PoolSettings } from "./settings.ts";

/** What all connections of a pool share. */
export interface Sv2PoolContext {
  /** How the pool is to behave. */
  readonly settings: Sv2PoolSettings;
  /** Where everything is counted. */
  readonly ledger: Sv2PoolLedger;
  /** The pool's keys and certificate. */
  readonly authority: Sv2Authority;
  /** The current fault switches. */
  faults(): Sv2PoolFaults;
  /** The template now, and the one of the next block if future jobs of it were sent. */
  templates(): { readonly current: BlockTemplate; readonly next: BlockTemplate | undefined };
  /** Returns the id of the next job. */
  newJobId(): number;
  /** Returns the number of the next channel in the pool, and its prefix. */
  newChannel(): { readonly serial: number; readonly prefix: Uint8Array };
}

/** The way to send to a client. */
export interface SessionLink {
  /** Sends a message. */
  send(message: KnownPoolMessage): void;
  /** Closes with FIN. */
  close(): void;
}
