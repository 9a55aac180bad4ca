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
}

/** All of them; requests that went out in one write are lines of their own. */
export const SESSIONS: readonly RecordedSession[] = data.sessions.map((
  { server, name, lines },
) => ({
  server,
  name,
  lines: lines.flatMap(([at, way, text]) =>
    String(text ?? "").split("\n").map((part) => ({
      at: Number(at),
      way: String(way),
      text: part,
    }))
  ),
}));

/** What came, as text lines. */
export function received({ lines }: RecordedSession): readonly string[] {
  return lines.filter(({ way }) => way === "<").map(({ text }) => text);
}
