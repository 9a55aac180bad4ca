/**
 * Bytes that a client has sent and that are not read yet, in one small buffer.
 */

import { BadRequest, headEnd, MAX_HEAD_BYTES } from "./head.ts";

/** All this needs of a socket to read it; a `Deno.Conn` already fits. */
export interface Readable {
  /** Reads some bytes; gives null at the end. */
  read(into: Uint8Array): Promise<number | null>;
}

const FIRST_BYTES = 2048;

/** Decodes each byte to one character, as heads are read. */
const latin1 = new TextDecoder("latin1");

/** The bytes of one connection, in the order in which they arrived. */
export class ByteSource {
  readonly #from: Readable;
  #buffer = new Uint8Array(FIRST_BYTES);
  #start = 0;
  #end = 0;

  /** Remembers `from` and reads nothing yet. */
  constructor(from: Readable) {
    this.#from = from;
  }

  /** Whether there are unread bytes. */
  get hasBytes(): boolean {
    return this.#end > this.#start;
  }

  /**
   * Returns the text of the next head with its empty line; `undefined` at the end of the stream.
   *
   * @param started is called when its first byte has arrived.
   * @throws BadRequest when the head is too long or breaks off.
   */
  async head(started: () => void): Promise<string | undefined> {
    let isStarted = false;
    for (;;) {
      this.#skipEmptyLines();
      if (this.hasBytes && !isStarted) {
        isStarted = true;
        started();
      }
      const end = headEnd(this.#buffer, this.#start, this.#end);
      if (end >= 0) {
        const text = latin1.decode(this.#buffer.subarray(this.#start, end));
        this.#start = end;
        return text;
      }
      if (this.#end - this.#start >= MAX_HEAD_BYTES) {
        throw new BadRequest(
          431,
          `The request's head is too long, wanted at most ${MAX_HEAD_BYTES} bytes`,
        );
      }
      if (!await this.#more()) {
        if (!this.hasBytes) return undefined;
        throw new BadRequest(400, "Cannot read the request to its end");
      }
    }
  }

  /**
   * Returns a line of at most `most` bytes, without its end. @throws BadRequest when there is none.
   */
  async line(most: number): Promise<string> {
    for (;;) {
      const end = this.#buffer.indexOf(LF, this.#start);
      if (end >= 0 && end < this.#end) {
        const text = latin1.decode(this.#buffer.subarray(this.#start, end)).replace(/\r$/, "");
        this.#start = end + 1;
        if (text.length <= most) return text;
      }
      if (end >= 0 && end < this.#end || this.#end - this.#start > most) {
        throw new BadRequest(400, "Cannot read the body, wanted shorter lines");
      }
      if (!await this.#more()) throw new BadRequest(400, "Cannot read the body to its end");
    }
  }

  /**
   * Returns some bytes, at most `most`; empty at the end. They are valid until the next call of any
   * method.
   */
  async some(most: number): Promise<Uint8Array> {
    if (!this.hasBytes) await this.#more();
    const bytes = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + most));
    this.#start += bytes.length;
    return bytes;
  }

  /** Clients may send an empty line after a body. */
  #skipEmptyLines(): void {
    while (
      this.hasBytes && (this.#buffer[this.#start] === LF || this.#buffer[this.#start] === CR)
    ) {
      this.#start++;
    }
  }

  /** Reads more after the unread bytes, which are fewer than a head may have. */
  async #more(): Promise<boolean> {
    if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
      this.#end -= this.#start;
      this.#start = 0;
    }
    if (this.#end === this.#buffer.length) {
      const longer = new Uint8Array(Math.min(this.#buffer.length * 2, MAX_HEAD_BYTES));
      longer.set(this.#buffer);
      this.#buffer = longer;
    }
    const count = await this.#from.read(this.#buffer.subarray(this.#end));
    this.#end += count ?? 0;
    return count !== null && count > 0;
  }
}

const LF = 10;
const CR = 13;
