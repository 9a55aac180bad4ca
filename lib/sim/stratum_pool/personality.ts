/**
 * What a simulated Stratum pool asks of the server it plays: one server for all, one session for
 * each connection. No sockets here.
 */

import type { PoolClient } from "./client.ts";
import type { BlockTemplate } from "./template.ts";

/** One connection's side of the conversation. */
export interface PoolSession {
  /** Whom it speaks to. */
  readonly client: PoolClient;
  /** One line came, without its LF. */
  receive(line: string): void;
  /** All whole lines of one read have been taken. */
  readEnded(): void;
  /** The pool has another template. */
  announce(): void;
  /** It is time for a job, but the node behind the pool is gone. */
  nodeGone(): void;
  /** A test wants this difficulty, said as this server says one. */
  setDifficulty(difficulty: number): void;
  /** Looks at the time: something waited for may be overdue. */
  tick(): void;
  /** The connection is over. */
  closed(): void;
}

/** What all sessions of a pool share. */
export interface PoolBackground {
  /** Whether connections of this address are taken. */
  admits(address: string): boolean;
  /** There is another template; the sessions are told after. */
  templateChanged(template: BlockTemplate): void;
}

/** A personality. */
export interface PoolServer {
  /** What its sessions share. */
  readonly background: PoolBackground;
  /** A connection came. */
  open(client: PoolClient): PoolSession;
}
