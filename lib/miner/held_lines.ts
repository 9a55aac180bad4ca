/**
 * What a miner sends ahead of the answer to its authorize, or to a subscribe that has to wait, to be
 * answered in its turn: answers come in the order of the requests.
 */

import type { RequestId } from "../protocol/stratum/request_id.ts";
import { MinerFault } from "../base/violation.ts";

/** A miner may be so many requests ahead. */
const MAX_HELD_LINES = 64;

/** The lines of one miner. Only a miner that waits has them. */
export class HeldLines {
  /** The authorize request that is answered first; `undefined` for none. */
  readonly authorizeId: RequestId | undefined;
  readonly #lines: Uint8Array[] = [];
  #bytes = 0;

  /** Behind `authorizeId`. */
  constructor(authorizeId: RequestId | undefined) {
    this.authorizeId = authorizeId;
  }

  /** In the order they came. */
  get lines(): readonly Uint8Array[] {
    return this.#lines;
  }

  /**
   * Keeps a copy of a line.
   *
   * @throws MinerFault, code `too-much-ahead`, past 64 lines or `maxBytes` together.
   */
  add(line: Uint8Array, maxBytes: number): void {
    const count = this.#lines.length + 1;
    this.#bytes += line.length;
    if (count > MAX_HELD_LINES || this.#bytes > maxBytes) {
      throw new MinerFault(
        "too-much-ahead",
        "Cannot keep more lines that came before the login was answered: " +
          `found ${count} with ${this.#bytes} bytes, must be at most ${MAX_HELD_LINES} with ` +
          `${maxBytes} bytes`,
      );
    }
    this.#lines.push(line.slice());
  }
}
