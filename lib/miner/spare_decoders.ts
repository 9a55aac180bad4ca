/**
 * Lends line decoders that are between two lines. Nearly every chunk holds whole lines, so a miner
 * needs its own decoder only in the middle of a line.
 */

import { LineDecoder } from "../protocol/stratum/lines.ts";
import { MinerFault } from "../base/violation.ts";

/** Spares kept: one is in use at a time, besides those of miners in the middle of a line. */
const MOST_SPARES = 4;

/** Lends line decoders and takes them back. */
export class SpareDecoders {
  /** The longest line accepted, in bytes. */
  readonly maxLineBytes: number;
  readonly #spares: LineDecoder[] = [];

  /** For lines of at most `maxLineBytes` bytes. */
  constructor(maxLineBytes: number) {
    this.maxLineBytes = maxLineBytes;
  }

  /** A decoder that is between two lines. */
  take(): LineDecoder {
    return this.#spares.pop() ?? new LineDecoder(this.maxLineBytes, MinerFault);
  }

  /** Takes back a decoder that is between two lines; it may have an earlier limit. */
  give(decoder: LineDecoder): void {
    const isOfUse = decoder.maxLineBytes === this.maxLineBytes;
    if (isOfUse && this.#spares.length < MOST_SPARES) this.#spares.push(decoder);
  }
}
