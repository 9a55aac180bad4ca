/**
 * Writes `mining.submit` lines without making garbage, several to a buffer.
 */

import type { SummedShare } from "../../lib/sim/share_checksum.ts";
import { ACCOUNT, workerNameOf } from "./marks.ts";

const BUFFER_BYTES = 64 * 1024;
const HEX = ascii("0123456789abcdef");
const ID = ascii('{"id":');
const METHOD = ascii(',"method":"mining.submit","params":["');
const BETWEEN = ascii('","');
const END = ascii('"]}\n');

function ascii(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Writes the lines of shares into one reused buffer. */
export class ShareWriter {
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  /** By miner: its user name. */
  readonly #users: Uint8Array[] = [];
  #at = 0;

  /** Appends a share of `miner`. */
  add(id: number, miner: number, jobId: Uint8Array, share: SummedShare): void {
    this.#text(ID);
    this.#decimal(id);
    this.#text(METHOD);
    this.#text(this.#users[miner] ??= ascii(`${ACCOUNT}.${workerNameOf(miner)}`));
    this.#text(BETWEEN);
    this.#text(jobId);
    this.#word(share.extranonce2);
    this.#word(share.ntime);
    this.#word(share.nonce);
    if (share.versionBits !== 0) this.#word(share.versionBits);
    this.#text(END);
  }

  /** Returns what was appended since the last call; valid until the next share. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return bytes;
  }

  #text(text: Uint8Array): void {
    for (let i = 0; i < text.length; i++) this.#bytes[this.#at++] = text[i]!;
  }

  #word(value: number): void {
    this.#text(BETWEEN);
    for (let shift = 28; shift >= 0; shift -= 4) {
      this.#bytes[this.#at++] = HEX[value >>> shift & 0xf]!;
    }
  }

  #decimal(value: number): void {
    let scale = 1;
    while (scale * 10 <= value) scale *= 10;
    for (; scale >= 1; scale /= 10) {
      this.#bytes[this.#at++] = 0x30 + Math.floor(value / scale) % 10;
    }
  }
}
