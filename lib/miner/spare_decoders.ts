/**
 * Line decoders that stand between two lines. Nearly every chunk holds whole lines, so a miner has
 * one of its own only while it is in the middle of a line.
 */

import { LineDecoder } from "../protocol/stratum/lines.ts";
import { MinerFault } from "../base/violation.ts";

/** One is in use at a time, but for those of miners in the middle of a line. */
const MOST_SPARES = 4;

/** See the head of this file. */
export class SpareDecoders {
  /** Longest line taken, in bytes. */
  readonly maxLineBytes: number;
  readonly #spares: LineDecoder[] = [];

  /** For lines of at most so many bytes. */
  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /** One that stands between two lines. */
  take(): LineDecoder {
    return this.#spares.pop() ?? new LineDecoder(this.maxLineBytes, MinerFault);
  }

  /** Takes back one that stands between two lines; it may be from before the limit was changed. */
  give(decoder: LineDecoder): void {
    const isOfUse = decoder.maxLineBytes === this.maxLineBytes;
    if (isOfUse && this.#spares.length < MOST_SPARES) this.#spares.push(decoder);
  }
}
