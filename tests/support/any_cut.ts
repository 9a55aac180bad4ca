/**
 * One stream, cut into chunks in every way a network might.
 *
 * A decoder is fed through {@linkcode feed}, which overwrites each chunk once the decoder has read
 * it, as a socket does with its buffer. So code that keeps a view into a chunk fails.
 */

/** A stream as the chunks it arrives in. */
export interface Cutting {
  /** How the stream was cut, for the message of a failed test, such as `cut at byte 5`. */
  readonly name: string;
  /** Together they are the stream. */
  readonly chunks: readonly Uint8Array[];
}

/** What {@linkcode feed} needs of a decoder whose pieces are `T`. */
export interface Decoder<T> {
  /** Takes the next chunk. */
  push(chunk: Uint8Array): void;
  /** The next piece, valid until the next call, or `undefined` for none yet. */
  next(): T | undefined;
}

/** Cuts `stream` in front of each of the bytes numbered in `points`. */
export function cutAt(stream: Uint8Array, points: readonly number[]): Uint8Array[] {
  const bounds = [0, ...[...points].sort((a, b) => a - b), stream.length];
  return bounds.slice(1).map((end, i) => stream.slice(bounds[i], end));
}

/** The stream whole, cut in two at each byte, and byte by byte. */
export function* everyCut(stream: Uint8Array): Generator<Cutting> {
  yield { name: "whole", chunks: [stream.slice()] };
  for (let at = 1; at < stream.length; at++) {
    yield { name: `cut at byte ${at}`, chunks: cutAt(stream, [at]) };
  }
  yield { name: "byte by byte", chunks: Array.from(stream, (byte) => Uint8Array.of(byte)) };
}

/** Feeds all chunks to a decoder and returns what `copy` makes of each piece. */
export function feed<T, U>(
  decoder: Decoder<T>,
  chunks: readonly Uint8Array[],
  copy: (piece: T) => U,
): U[] {
  const seen: U[] = [];
  for (const chunk of chunks) {
    const readBuffer = chunk.slice();
    decoder.push(readBuffer);
    for (let piece = decoder.next(); piece !== undefined; piece = decoder.next()) {
      seen.push(copy(piece));
    }
    readBuffer.fill(0xee);
  }
  return seen;
}
