/**
 * A slow, obvious codec of the agent protocol for the fast one to agree with.
 *
 * It works on plain arrays of numbers and on whole streams, looks every layout up in one table and
 * shares no code with lib.
 */

/** A field of a frame's body and its bytes, least significant first. */
type Field = readonly [name: string, bytes: number];

/** The body of each command whose frames have one length only. */
const BODY: Readonly<Record<number, readonly Field[]>> = {
  0x02: [["jobId", 1], ["sessionId", 2], ["extranonce2", 4], ["nonce", 4]],
  0x03: [["jobId", 1], ["sessionId", 2], ["extranonce2", 4], ["nonce", 4], ["ntime", 4]],
  0x04: [["sessionId", 2]],
  0x10: [["index", 2], ["status", 4]],
  0x12: [["jobId", 1], ["sessionId", 2], ["extranonce2", 4], ["nonce", 4], ["versionBits", 4]],
  0x13: [
    ["jobId", 1],
    ["sessionId", 2],
    ["extranonce2", 4],
    ["nonce", 4],
    ["ntime", 4],
    ["versionBits", 4],
  ],
};

/** Numbers by the names of their fields. */
export type Fields = Readonly<Record<string, number>>;

/** The bytes of a whole number, least significant first. */
export function littleEndian(value: number, bytes: number): number[] {
  return Array.from({ length: bytes }, (_, i) => Math.floor(value / 256 ** i) % 256);
}

function fromLittleEndian(bytes: readonly number[]): number {
  return bytes.reduce((sum, byte, i) => sum + byte * 256 ** i, 0);
}

/** A frame: header and body. */
export function frame(command: number, body: readonly number[]): number[] {
  return [0x7f, command, ...littleEndian(body.length + 4, 2), ...body];
}

/** A frame of a command that has one length only. */
export function encodeFields(command: number, fields: Fields): number[] {
  return frame(
    command,
    BODY[command]!.flatMap(([name, bytes]) => littleEndian(fields[name]!, bytes)),
  );
}

/** The fields of such a frame, or `undefined` if its length is another. */
export function decodeFields(bytes: readonly number[]): Fields | undefined {
  const fields: Record<string, number> = {};
  let at = 4;
  for (const [name, size] of BODY[bytes[1]!] ?? []) {
    fields[name] = fromLittleEndian(bytes.slice(at, at + size));
    at += size;
  }
  return at === bytes.length ? fields : undefined;
}

/** A register frame. */
export function encodeRegistration(sessionId: number, agent: string, worker: string): number[] {
  const codes = (text: string) => Array.from(text, (char) => char.charCodeAt(0));
  return frame(0x01, [...littleEndian(sessionId, 2), ...codes(agent), 0, ...codes(worker), 0]);
}

/** A set-difficulty frame. */
export function encodeDifficulties(exponent: number, sessionIds: readonly number[]): number[] {
  const ids = sessionIds.flatMap((id) => littleEndian(id, 2));
  return frame(0x05, [exponent, ...littleEndian(sessionIds.length, 2), ...ids]);
}

/** A piece of a stream as plain numbers. */
export interface PlainPiece {
  /** Which of the two it is. */
  readonly kind: "frame" | "line";
  /** A whole frame, or a line without its end. */
  readonly bytes: readonly number[];
}

/** The whole frames and non-empty lines of a stream; `fault` where it cannot be read on. */
export interface SplitStream {
  /** What could be read. */
  readonly pieces: readonly PlainPiece[];
  /** The code of the violation behind them, if there is one. */
  readonly fault: string | undefined;
}

/** Splits a whole stream between agent and pool. */
export function splitStream(stream: readonly number[], maxLineBytes: number): SplitStream {
  const pieces: PlainPiece[] = [];
  for (let rest = stream; rest.length > 0;) {
    if (rest[0] === 0x7f) {
      if (rest.length < 4) break;
      const length = fromLittleEndian(rest.slice(2, 4));
      if (length < 4) return { pieces, fault: "frame-too-short" };
      if (rest.length < length) break;
      pieces.push({ kind: "frame", bytes: rest.slice(0, length) });
      rest = rest.slice(length);
    } else {
      const { line, isOver, next } = firstLine(rest, maxLineBytes);
      if (isOver) return { pieces, fault: "line-too-long" };
      if (line === undefined) break;
      if (line.length > 0) pieces.push({ kind: "line", bytes: line });
      rest = next;
    }
  }
  return { pieces, fault: undefined };
}

/** Splits a whole stream from a miner into its lines. */
export function splitLines(stream: readonly number[], maxLineBytes: number): SplitStream {
  const pieces: PlainPiece[] = [];
  for (let rest = stream; rest.length > 0;) {
    const { line, isOver, next } = firstLine(rest, maxLineBytes);
    if (isOver) return { pieces, fault: "line-too-long" };
    if (line === undefined) break;
    pieces.push({ kind: "line", bytes: line });
    rest = next;
  }
  return { pieces, fault: undefined };
}

function firstLine(
  bytes: readonly number[],
  maxLineBytes: number,
): { line: readonly number[] | undefined; isOver: boolean; next: readonly number[] } {
  const end = bytes.indexOf(0x0a);
  const whole = end < 0 ? bytes : bytes.slice(0, end);
  // A CR at the end of what has come may be the first half of the line's end.
  const line = whole.at(-1) === 0x0d ? whole.slice(0, -1) : whole;
  return {
    line: end < 0 ? undefined : line,
    isOver: line.length > maxLineBytes,
    next: bytes.slice(end + 1),
  };
}
