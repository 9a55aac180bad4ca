/**
 * Bytes on their way into one connection: appended in order, written one write at a time.
 *
 * The owner decides when to flush; bytes appended during a write go out with the next one. Two
 * buffers swap places, so nothing is allocated for a message.
 */

import type { Connection } from "./connection.ts";

const INITIAL_BYTES = 4096;
/** A buffer that grew beyond this is not kept. */
const KEPT_BYTES = 64 * 1024;

/** Events of an outbox. */
export interface OutboxEvents {
  /** All bytes up to `position` (see {@linkcode Outbox.position}) were accepted by the kernel. */
  written(position: number): void;
  /** A write failed; nothing more will be written. */
  failed(error: unknown): void;
}

/** The outgoing side of one connection. */
export class Outbox {
  readonly #connection: Pick<Connection, "write">;
  readonly #events: OutboxEvents;
  #buffer = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #length = 0;
  /** The other buffer; the kernel reads it while `#isWriting`. */
  #spare = new Uint8Array(INITIAL_BYTES);
  #inFlight = 0;
  #isWriting = false;
  #wantsFlush = false;
  #isDead = false;
  #position = 0;

  /** Writes nothing before the first flush. */
  constructor(connection: Pick<Connection, "write">, events: OutboxEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  /** How many bytes were appended in all. */
  get position(): number {
    return this.#position;
  }

  /** Bytes appended since the last write began. */
  get gatheredBytes(): number {
    return this.#length;
  }

  /** All bytes that the kernel has not accepted. */
  get waitingBytes(): number {
    return this.#length + this.#inFlight;
  }

  /**
   * A view to write into, at the offsets that {@linkcode Outbox.reserve} returns; get it again each
   * time.
   */
  get view(): DataView {
    return this.#view;
  }

  /** Makes room for `length` bytes at the end and returns their offset in `view`. */
  reserve(length: number): number {
    const at = this.#length;
    if (at + length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(at + length, this.#buffer.length * 2));
      grown.set(this.#buffer.subarray(0, at));
      this.#use(grown);
    }
    this.#length += length;
    this.#position += length;
    return at;
  }

  /** Gives back the last `length` bytes reserved: they were not needed. */
  giveBack(length: number): void {
    this.#length -= length;
    this.#position -= length;
  }

  /** Copies `bytes` to the end. */
  append(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Writes everything appended so far, at once or after the write under way. */
  flush(): void {
    if (this.#isWriting) {
      this.#wantsFlush = true;
    } else if (this.#length > 0 && !this.#isDead) {
      const bytes = this.#buffer.subarray(0, this.#length);
      this.#use(this.#spare);
      this.#spare = bytes.buffer.byteLength > KEPT_BYTES
        ? new Uint8Array(INITIAL_BYTES)
        : new Uint8Array(bytes.buffer);
      this.#length = 0;
      this.#wantsFlush = false;
      this.#isWriting = true;
      this.#write(bytes, this.#position);
    }
  }

  #use(buffer: Uint8Array<ArrayBuffer>): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer);
  }

  #write(bytes: Uint8Array, position: number): void {
    this.#inFlight = bytes.length;
    this.#connection.write(bytes).then(
      (count) => {
        if (count < bytes.length) return this.#write(bytes.subarray(count), position);
        this.#inFlight = 0;
        this.#isWriting = false;
        this.#events.written(position);
        if (this.#wantsFlush) this.flush();
      },
      (error) => {
        this.#isDead = true;
        this.#isWriting = false;
        this.#events.failed(error);
      },
    );
  }
}
