/**
 * The few values that a benchmark's miner must read from a line, whichever agent wrote it: other
 * agents order and space their JSON in their own ways.
 */

import { STAMP_AT } from "./marks.ts";

const QUOTE = 0x22;
const NINE = 0x39;
const ZERO = 0x30;
const ID = ascii('"id":');
const PARAMS = ascii('"params":');
const NOTIFY = ascii("mining.notify");
const TRUE = ascii("true");
const RESULT = ascii('"result"');

/** How far into a line its method starts at the latest. */
const HEAD_BYTES = 64;

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The places of the id and the stamp in a job's line. */
export interface FoundJob {
  /** Start of the id, without quotes. */
  readonly idStart: number;
  /** End of the id. */
  readonly idEnd: number;
  /** Start of the stamp in coinbase part 1. */
  readonly stampStart: number;
}

/** Finds the answer to a request of ours; `undefined` if the line is none. */
export function findReply(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly id: number; readonly isTrue: boolean } | undefined {
  if (find(bytes, RESULT, start, Math.min(end, start + HEAD_BYTES)) < 0) return undefined;
  let at = find(bytes, ID, start, end);
  if (at < 0) return undefined;
  at += ID.length;
  while (bytes[at] === 0x20) at++;
  let id = 0;
  for (; bytes[at]! >= ZERO && bytes[at]! <= NINE; at++) id = id * 10 + bytes[at]! - ZERO;
  return { id, isTrue: find(bytes, TRUE, start, end) >= 0 };
}

/** Finds the job in a line; `undefined` if it is not a `mining.notify`. */
export function findJob(bytes: Uint8Array, start: number, end: number): FoundJob | undefined {
  // Either the parameters come first, and are long, or the method does.
  const isNotify = find(bytes, NOTIFY, start, Math.min(end, start + HEAD_BYTES)) >= 0 ||
    find(bytes, NOTIFY, Math.max(start, end - HEAD_BYTES), end) >= 0;
  if (!isNotify) return undefined;
  const params = find(bytes, PARAMS, start, end);
  if (params < 0) return undefined;
  const idStart = bytes.indexOf(QUOTE, params + PARAMS.length) + 1;
  const idEnd = bytes.indexOf(QUOTE, idStart);
  const hashStart = bytes.indexOf(QUOTE, idEnd + 1) + 1;
  const hashEnd = bytes.indexOf(QUOTE, hashStart);
  const coinbaseStart = bytes.indexOf(QUOTE, hashEnd + 1) + 1;
  return { idStart, idEnd, stampStart: coinbaseStart + STAMP_AT };
}

function find(bytes: Uint8Array, text: Uint8Array, start: number, end: number): number {
  const last = end - text.length;
  const first = text[0];
  for (let at = start; at <= last; at++) {
    if (bytes[at] !== first) continue;
    let i = 1;
    while (i < text.length && bytes[at + i] === text[i]) i++;
    if (i === text.length) return at;
  }
  return -1;
}
