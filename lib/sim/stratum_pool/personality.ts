/**
 * What a simulated Stratum pool needs of the server it plays: one server for all, one session for
 * each connection. No sockets here.
 */

import type { PoolClient } from "./client.ts";
import type { BlockTemplate } from "./template.ts";

/** One connection's side of the conversation. */
export interface PoolSession {
  /** The client it serves. */
  readonly client: PoolClient;
  /** Handles one line, without its LF. */
  receive(line: string): void;
  /** Called after all whole lines of one read were handled. */
  readEnded(): void;
  /** Called when the pool has a new template. */
  announce(): void;
  /** Called when a job is due but the node behind the pool is gone. */
  nodeGone(): void;
  /** Sets the difficulty that a test wants, sent in this server's way. */
  setDifficulty(difficulty: number): void;
  /** Checks the time: something may be overdue. */
  tick(): void;
  /** Called when the connection has ended. */
  closed(): void;
}

/** What all sessions of a pool share. */
export interface PoolBackground {
  /** Whether connections of this address are accepted. */
  admits(address: string): boolean;
  /** Takes a new template; the sessions announce it afterwards. */
  templateChanged(template: BlockTemplate): void;
}

/** A personality. */
export interface PoolServer {
  /** What its sessions share. */
  readonly background: PoolBackground;
  /** Opens a session for a connection. */
  open(client: PoolClient): PoolSession;
}
