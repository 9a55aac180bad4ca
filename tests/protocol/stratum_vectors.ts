/**
 * What real Stratum pools were seen to say: recorded sessions, and shares with their headers.
 */

import data from "./stratum_upstream_vectors.json" with { type: "json" };

/** A line of a session: what was sent (`>`), what came (`<`), or how it ended (`closed`, `!`). */
export interface RecordedLine {
  /** Seconds since the connection was made. */
  readonly at: number;
  readonly way: string;
  readonly text: string;
}

/** One connection to a real server. */
export interface RecordedSession {
  readonly server: string;
  readonly name: string;
  readonly lines: readonly RecordedLine[];
  /** The same, with lines that went out in one write as one text. */
  readonly writes: readonly RecordedLine[];
}

/** All of them. */
export const SESSIONS: readonly RecordedSession[] = data.sessions.map(
  ({ server, name, lines }) => {
    const writes = lines.map(([at, way, text]) => ({
      at: Number(at),
      way: String(way),
      text: String(text ?? ""),
    }));
    return {
      server,
      name,
      lines: writes.flatMap((write) => write.text.split("\n").map((text) => ({ ...write, text }))),
      writes,
    };
  },
);

/** What a line may hold. */
export interface RecordedMessage {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
}

/** What a line says; `undefined` for one that is no JSON. */
export function messageOf(line: string): RecordedMessage | undefined {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What came, as text lines. */
export function received({ lines }: RecordedSession): readonly string[] {
  return lines.filter(({ way }) => way === "<").map(({ text }) => text);
}

/** A share of true work, and what a real server said of it. */
export interface RecordedShare {
  readonly server: string;
  readonly name: string;
  readonly pool_difficulty: number;
  readonly job: {
    readonly id: string;
    readonly previous_hash: string;
    readonly coinbase1: string;
    readonly coinbase2: string;
    readonly branches: readonly string[];
    readonly version: string;
    readonly bits: string;
    readonly time: string;
    readonly clean: boolean;
  };
  /** The pool's. */
  readonly extranonce1: string;
  readonly extranonce2: string;
  readonly time: string;
  readonly nonce: string;
  readonly version_bits: string | null;
  /** What went to the server as parameters; the header is of it only if it is as it was found. */
  readonly submitted: readonly unknown[];
  readonly submitted_as_found: boolean;
  /** The 80 bytes as they were hashed. */
  readonly header: string;
}

/** All of them. */
export const SHARES: readonly RecordedShare[] = data.shares as readonly RecordedShare[];

/** The line that gave a share's job. */
export function notifyOf({ job }: RecordedShare): string {
  const { id, previous_hash, coinbase1, coinbase2, branches, version, bits, time, clean } = job;
  const params = [id, previous_hash, coinbase1, coinbase2, branches, version, bits, time, clean];
  return JSON.stringify({ id: null, method: "mining.notify", params });
}
