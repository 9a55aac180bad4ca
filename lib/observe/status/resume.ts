/**
 * Where a reader of `/api/v1/stream` is, and what it missed while it was away; pure.
 *
 * A position is how many lines of the log and samples of the charts a reader has had. It is the id
 * of each event that brings some, so that a reader that connects again can say where it was. What it
 * missed comes from what is kept anyway: the last lines of the log and an hour of samples.
 */

import type { EventShape } from "./shapes.ts";
import type { MissedShape } from "./stream_shapes.ts";

/** How far a reader has come. */
export interface Position {
  /** Which run of the program counts them. */
  readonly run: string;
  /** The number of the last line of the log. */
  readonly line: number;
  /** The number of the last sample. */
  readonly sample: number;
}

/** What a reader gets first. */
export interface Replay {
  /** Lines of the log, oldest first. */
  readonly lines: readonly EventShape[];
  /** The number of the last samples that it has not had. */
  readonly samples: number;
  /** Set if something is not kept any more. */
  readonly missed: MissedShape | undefined;
}

/** More lines than this many bytes are not replayed, so that a reader has room for the state. */
const MAX_REPLAY_BYTES = 128 * 1024;

/** The most bytes of a line beside its message. */
const LINE_BYTES = 160;

/** The id of an event after which a reader is at this position. */
export function formatPosition({ run, line, sample }: Position): string {
  return `${run}.${line}.${sample}`;
}

/** Reads an id; `undefined` for one that was never given out. */
export function parsePosition(id: string): Position | undefined {
  const [, run, line, sample] = /^([\da-z]{1,16})\.(\d{1,15})\.(\d{1,15})$/.exec(id) ?? [];
  return run === undefined ? undefined : { run, line: Number(line), sample: Number(sample) };
}

/**
 * What a reader that was at `id` has missed up to `now`.
 *
 * @param lines the lines that are kept, oldest first.
 * @param samples the number of samples that are kept.
 */
export function replayFor(
  id: string,
  now: Position,
  lines: readonly EventShape[],
  samples: number,
): Replay {
  const was = parsePosition(id);
  if (was === undefined || was.run !== now.run) {
    const missed = { reason: "restarted", events: null, samples: null } as const;
    return { lines: [], samples: 0, missed };
  }
  const [newLines, newSamples] = [now.line - was.line, now.sample - was.sample];
  const replayed = lastThatFit(
    lines.filter(({ number }) => number > was.line && number <= now.line),
  );
  const events = Math.max(0, newLines - replayed.length);
  const lost = Math.max(0, newSamples - samples);
  return {
    lines: replayed,
    samples: Math.max(0, Math.min(samples, newSamples)),
    missed: events + lost === 0 ? undefined : { reason: "away", events, samples: lost },
  };
}

/** The last of `lines` that are not too long together. */
function lastThatFit(lines: readonly EventShape[]): readonly EventShape[] {
  let bytes = 0;
  for (let place = lines.length - 1; place >= 0; place--) {
    // A UTF-16 unit takes at most three bytes.
    bytes += LINE_BYTES + 3 * lines[place]!.message.length;
    if (bytes > MAX_REPLAY_BYTES) return lines.slice(place + 1);
  }
  return lines;
}
