/**
 * What goes on one connection to a pool whose shares are hashed here: submits at a bounded rate,
 * possible blocks before all others.
 *
 * After a stall the backlog is sent in small parts, and each part only after the pool has sent
 * something. While held, no submit is sent at all. How a message becomes bytes is decided when it
 * is written, in the order of the wire: a kind of pool may count and seal what it sends.
 */

import { Allowance } from "../base/allowance.ts";
import type { Now } from "../base/clock.ts";
import type { Connection } from "../net/pools/connection.ts";
import { Outbox } from "../net/pools/outbox.ts";

/** The rate of submits: one per this time in the long run, and a number at once after a pause. */
const SUBMIT_EVERY_MS = 10;
const SUBMIT_BURST = 50;

/** How many submits may wait; if there are more, the oldest are given up. */
export const MAX_QUEUED = 1_000;

/** The most bytes of submits in one write. */
const MAX_WRITE_BYTES = 4 * 1024;

/**
 * A pool with more unread bytes than this is given up: only messages that are no submits can add up
 * to that.
 */
const MAX_WAITING_BYTES = 64 * 1024;

/** How a kind of pool writes its messages. */
export interface Wire {
  /** The most bytes of submits that are sent before the pool sends something. */
  readonly maxUnheardBytes: number;
  /** How many bytes a message takes on the wire. */
  sizeOf(message: Uint8Array): number;
  /**
   * Appends a message to everything appended before.
   *
   * @param serial of a submit; `undefined` for any other message.
   */
  append(outbox: Outbox, message: Uint8Array, serial: number | undefined): void;
}

/** What happens to it. Nothing is reported after {@linkcode PacedOutgoing.stop}. */
export interface OutgoingEvents {
  /** The submit with this serial was sent. */
  sent(serial: number): void;
  /** The submit with this serial was given up before it was written. */
  abandoned(serial: number): void;
  /** A write failed; nothing will be written any more. */
  failed(error: unknown): void;
  /** The pool reads too slowly: this number of bytes waits. Called in a turn of its own. */
  stalled(waitingBytes: number): void;
}

interface Queued {
  readonly serial: number;
  readonly message: Uint8Array;
}

/** Everything that one connection sends, except the opening. */
export class PacedOutgoing {
  readonly #wire: Wire;
  readonly #events: OutgoingEvents;
  readonly #outbox: Outbox;
  readonly #now: Now;
  readonly #rate = new Allowance(SUBMIT_EVERY_MS, SUBMIT_BURST);
  readonly #opening: { readonly bytes: number; readonly messages: number };
  /** The oldest first, from `#first` on. */
  #queue: Queued[] = [];
  #first = 0;
  /** Possible blocks that came while it was held: they are sent before all others. */
  #heldBlocks: Queued[] = [];
  /** Called once everything is written. */
  #finished: (() => void) | undefined;
  #isHeld = false;
  #unheardBytes = 0;
  #messages = 0;
  #isStopped = false;

  /** The dial has written the `opening`; `now` is monotonic, in milliseconds. */
  constructor(
    wire: Wire,
    connection: Pick<Connection, "write">,
    opening: { readonly bytes: number; readonly messages: number },
    now: Now,
    events: OutgoingEvents,
  ) {
    this.#wire = wire;
    this.#events = events;
    this.#opening = opening;
    this.#now = now;
    this.#outbox = new Outbox(connection, {
      written: () => {
        this.#fill();
        this.#finishIfWritten();
      },
      failed: (error) => {
        if (!this.#isStopped) events.failed(error);
        this.#finished?.();
        this.#finished = undefined;
      },
    });
  }

  /** Bytes given to the kernel so far, those of the opening included. */
  get bytesWritten(): number {
    return this.#opening.bytes + this.#outbox.position - this.#outbox.waitingBytes;
  }

  /** Bytes that the kernel has not taken. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** Messages so far, those of the opening included. */
  get messages(): number {
    return this.#opening.messages + this.#messages;
  }

  /** Submits that wait for their turn. */
  get queued(): number {
    return this.#queue.length - this.#first;
  }

  /** Writes a message that is no submit. */
  send(message: Uint8Array): void {
    this.#append(message);
  }

  /** Writes a message that can wait, if no submit does. @returns whether it was written. */
  request(message: Uint8Array): boolean {
    this.#fill();
    if (this.queued > 0 || !this.#takeTurn(message)) return false;
    this.#appendCounted(message);
    return true;
  }

  /** Sends no submits until {@linkcode PacedOutgoing.resume}. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Sends submits again. */
  resume(): void {
    this.#isHeld = false;
    for (const { serial, message } of this.#heldBlocks.splice(0)) this.#append(message, serial);
    this.#fill();
  }

  /** Changes submits that have not been sent yet. */
  change(change: (message: Uint8Array) => Uint8Array): void {
    const changed = ({ serial, message }: Queued): Queued => ({ serial, message: change(message) });
    this.#queue = this.#queue.slice(this.#first).map(changed);
    this.#first = 0;
    this.#heldBlocks = this.#heldBlocks.map(changed);
  }

  /**
   * Submits a share. A possible block is sent at once, or first as soon as submits may be sent.
   *
   * @returns whether it was sent or is a possible block: then it cannot be withdrawn.
   */
  submit(serial: number, message: Uint8Array, isBlock: boolean): boolean {
    this.#fill();
    if (isBlock) {
      this.#submitBlock({ serial, message });
      return true;
    }
    if (this.queued === 0 && this.#takeTurn(message)) {
      this.#appendCounted(message, serial);
      return true;
    }
    if (this.queued >= MAX_QUEUED) this.#events.abandoned(this.#shift().serial);
    this.#queue.push({ serial, message });
    return false;
  }

  /** Removes waiting submits with these serials. */
  withdraw(serials: ReadonlySet<number>): void {
    this.#queue = this.#queue.slice(this.#first).filter(({ serial }) => !serials.has(serial));
    this.#first = 0;
  }

  /** The pool sent something, so it is alive and reads. */
  heard(): void {
    this.#unheardBytes = 0;
    this.#fill();
  }

  /** Call this several times a second. */
  tick(): void {
    this.#fill();
  }

  /** The connection ends with this message; `done` is called once it is written or cannot be. */
  finish(message: Uint8Array, done: () => void): void {
    this.#finished = done;
    this.#append(message);
    this.stop();
    this.#finishIfWritten();
  }

  #finishIfWritten(): void {
    if (this.#finished === undefined || this.#outbox.waitingBytes > 0) return;
    this.#finished();
    this.#finished = undefined;
  }

  /** The connection is over. */
  stop(): void {
    this.#isStopped = true;
  }

  #submitBlock(block: Queued): void {
    if (!this.#isHeld) return this.#append(block.message, block.serial);
    if (this.#heldBlocks.length >= MAX_QUEUED) {
      this.#events.abandoned(this.#heldBlocks.shift()!.serial);
    }
    this.#heldBlocks.push(block);
  }

  /** Sends as much of the queue as is allowed now. */
  #fill(): void {
    while (this.queued > 0 && !this.#isStopped) {
      const { serial, message } = this.#queue[this.#first]!;
      if (!this.#takeTurn(message)) return;
      this.#shift();
      this.#appendCounted(message, serial);
      this.#events.sent(serial);
    }
  }

  #takeTurn(message: Uint8Array): boolean {
    const bytes = this.#wire.sizeOf(message);
    return !this.#isHeld && this.#outbox.gatheredBytes + bytes <= MAX_WRITE_BYTES &&
      this.#unheardBytes + bytes <= this.#wire.maxUnheardBytes && this.#rate.take(this.#now());
  }

  #appendCounted(message: Uint8Array, serial?: number): void {
    this.#unheardBytes += this.#wire.sizeOf(message);
    this.#append(message, serial);
  }

  #shift(): Queued {
    const oldest = this.#queue[this.#first++]!;
    if (this.#first === this.#queue.length || this.#first > MAX_QUEUED) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return oldest;
  }

  #append(message: Uint8Array, serial?: number): void {
    if (this.#isStopped) return;
    this.#messages++;
    this.#wire.append(this.#outbox, message, serial);
    this.#outbox.flush();
    if (this.#outbox.waitingBytes <= MAX_WAITING_BYTES) return;
    // Not now: the caller is still going through its miners.
    queueMicrotask(() => {
      if (!this.#isStopped) this.#events.stalled(this.#outbox.waitingBytes);
    });
  }
}
