/**
 * The body of an HTTP/1.1 request as a stream: of a known length, or in chunks.
 *
 * It is read on demand. The code that answers the request bounds its length and its time.
 */

import type { ByteSource } from "./byte_source.ts";
import { BadRequest, type RequestHead } from "./head.ts";

/** The longest line of a chunk's size or of a trailer, and the greatest number of trailers. */
const MAX_LINE_BYTES = 1024;
const MAX_TRAILERS = 16;

/** Bytes delivered at a time. */
const PIECE_BYTES = 16 * 1024;

/** A request's body and how far it has been read. */
export class RequestBody {
  /** The stream; null if there is no body. */
  readonly stream: ReadableStream<Uint8Array> | null;
  readonly #source: ByteSource;
  readonly #isChunked: boolean;
  /** Bytes still to come, of the whole body or of this chunk. */
  #left: number;
  #isWhole: boolean;

  /**
   * Prepares the stream and reads nothing yet.
   *
   * @param started is called before the first byte is read.
   */
  constructor(head: RequestHead, source: ByteSource, started: () => Promise<void>) {
    this.#source = source;
    this.#isChunked = head.bodyLength < 0;
    this.#left = Math.max(0, head.bodyLength);
    this.#isWhole = head.bodyLength === 0;
    let isStarted = false;
    this.stream = this.#isWhole ? null : new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        if (!isStarted) await started();
        isStarted = true;
        const bytes = await this.#next();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
    }, { highWaterMark: 0 });
  }

  /**
   * Whether the whole body was read, so that the next bytes of the connection are another request.
   */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  async #next(): Promise<Uint8Array | undefined> {
    if (this.#isWhole) return undefined;
    if (this.#left === 0) {
      // Only before a chunk: a body of known length is read completely by then.
      const line = await this.#source.line(MAX_LINE_BYTES);
      const [, size] = /^([\da-fA-F]{1,8})[ \t]*(?:;.*)?$/.exec(line) ?? [];
      if (size === undefined) {
        throw new BadRequest(400, "Cannot read the body, wanted the size of a chunk");
      }
      this.#left = parseInt(size, 16);
      if (this.#left === 0) {
        await this.#skipTrailers();
        this.#isWhole = true;
        return undefined;
      }
    }
    const bytes = (await this.#source.some(Math.min(this.#left, PIECE_BYTES))).slice();
    if (bytes.length === 0) throw new BadRequest(400, "Cannot read the body to its end");
    this.#left -= bytes.length;
    if (this.#left === 0 && this.#isChunked && await this.#source.line(MAX_LINE_BYTES) !== "") {
      throw new BadRequest(400, "Cannot read the body, wanted the end of a chunk");
    }
    if (this.#left === 0 && !this.#isChunked) this.#isWhole = true;
    return bytes;
  }

  async #skipTrailers(): Promise<void> {
    for (let count = 0; await this.#source.line(MAX_LINE_BYTES) !== ""; count++) {
      if (count >= MAX_TRAILERS) throw new BadRequest(400, "Found too many trailers");
    }
  }
}
