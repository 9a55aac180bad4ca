/**
 * Holds the lines that a miner sends while its authorize, or a subscribe that must wait, is not
 * answered yet. They are answered later, in the order of the requests.
 */

import type { RequestId } from "../protocol/stratum/request_id.ts";
import { MinerFault } from "../base/violation.ts";

/** The most requests that a miner may send ahead. */
const MAX_HELD_LINES = 64;

/** The held lines of one miner. Only a waiting miner has them. */
export class HeldLines {
  /** The authorize request to answer first; `undefined` for none. */
  readonly authorizeId: RequestId | undefined;
  readonly #lines: Uint8Array[] = [];
  #bytes = 0;

  /** Holds lines that come after the request `authorizeId`. */
  constructor(authorizeId: RequestId | undefined) {
    this.authorizeId = authorizeId;
  }

  /** In order of arrival. */
  get lines(): readonly Uint8Array[] {
    return this.#lines;
  }

  /**
   * Keeps a copy of a line.
   *
   * @throws MinerFault, code `too-much-ahead`, above 64 lines or `maxBytes` bytes in all.
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
