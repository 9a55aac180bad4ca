/**
 * What real Stratum pools and btcagent said to each other while really hashing simulated miners mined
 * through it: one connection with each server, from its first line on.
 */

import data from "./stratum_sessions_with_us.json" with { type: "json" };

/** What came or went in one read of the wire. */
export interface WireEvent {
  /** Milliseconds since the connection was made. */
  readonly atMs: number;
  /** Whether we sent it. */
  readonly isOurs: boolean;
  readonly lines: readonly string[];
}

/** What the server itself wrote into its books of this connection. */
export interface ServerBooks {
  readonly accepted: number;
  readonly rejected: number;
  /** Sum of the difficulties it credited. */
  readonly credited: number;
  /** What it credited for each accepted share, by the id of its submit. */
  readonly paid: (id: number) => number;
  /** Those that its node took into its chain. */
  readonly blocks: number;
}

/** One connection. */
export interface SessionWithUs {
  readonly server: string;
  /** The name we authorized as. */
  readonly user: string;
  readonly books: ServerBooks;
  readonly events: readonly WireEvent[];
}

/** One with each server. */
export const SESSIONS_WITH_US: readonly SessionWithUs[] = data.sessions.map((
  { server, user, books, lines },
) => ({
  server,
  user,
  books: { ...books, paid: (id) => paidIn(books.paid, id) },
  events: lines.map(([at, way, text]) => ({
    atMs: Number(at) * 1000,
    isOurs: way === ">",
    lines: String(text).split("\n"),
  })),
}));

/** Runs of ids that were paid alike: first, last, difficulty. */
function paidIn(runs: readonly (readonly number[])[], id: number): number {
  return runs.find(([first, last]) => id >= first! && id <= last!)![2]!;
}
