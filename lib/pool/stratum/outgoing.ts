/**
 * What goes to an ordinary Stratum pool on one connection: submits at a bounded rate, possible
 * blocks before all others.
 *
 * Pools close the connection on floods (NOMP on 10,240 bytes at once). So after a stall the backlog
 * is sent in small parts, and each part only after the pool has sent something. While held, no
 * submit is sent at all.
 */

import { Allowance } from "../../base/allowance.ts";
import type { Now } from "../../base/clock.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { Outbox } from "../../net/pools/outbox.ts";
import { encodeLine } from "../../protocol/stratum/message.ts";

/** The rate of submits: one per this time in the long run, and a number at once after a pause. */
const SUBMIT_EVERY_MS = 10;
const SUBMIT_BURST = 50;

/** How many submits may wait; if there are more, the oldest are given up. */
export const MAX_QUEUED = 1_000;

/** The most bytes of submits in one write, and since the pool last sent something. */
const MAX_WRITE_BYTES = 4 * 1024;
const MAX_UNHEARD_BYTES = 8_000;

/**
 * A pool with more unread bytes than this is given up: only answers to its questions can add up to
 * that.
 */
const MAX_WAITING_BYTES = 64 * 1024;

/** What happens to it. Nothing is reported after {@linkcode Outgoing.stop}. */
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
  readonly line: Uint8Array;
}

const decoder = new TextDecoder();

/** The text that was encoded as `line`. */
function decodeLine(line: Uint8Array): string {
  return decoder.decode(line.subarray(0, -1));
}

/** Everything that one connection sends, except the opening. */
export class Outgoing {
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
  #isHeld = false;
  #unheardBytes = 0;
  #messages = 0;
  #isStopped = false;

  /** The dial has written the `opening`; `now` is monotonic, in milliseconds. */
  constructor(
    connection: Pick<Connection, "write">,
    opening: { readonly bytes: number; readonly messages: number },
    now: Now,
    events: OutgoingEvents,
  ) {
    this.#events = events;
    this.#opening = opening;
    this.#now = now;
    this.#outbox = new Outbox(connection, {
      written: () => this.#fill(),
      failed: (error) => {
        if (!this.#isStopped) events.failed(error);
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

  /** Writes a line that is no submit. */
  sendLine(line: string): void {
    this.#append(encodeLine(line));
  }

  /** Writes a line that can wait, if no submit does. @returns whether it was written. */
  request(text: string): boolean {
    const line = encodeLine(text);
    this.#fill();
    if (this.queued > 0 || !this.#takeTurn(line)) return false;
    this.#appendCounted(line);
    return true;
  }

  /** Sends no submits until {@linkcode Outgoing.resume}. */
  hold(): void {
    this.#isHeld = true;
  }

  /** Sends submits again. */
  resume(): void {
    this.#isHeld = false;
    for (const { line } of this.#heldBlocks.splice(0)) this.#append(line);
    this.#fill();
  }

  /** Changes the text of submits that have not been sent yet. */
  rename(change: (text: string) => string): void {
    const renamed = ({ serial, line }: Queued): Queued => ({
      serial,
      line: encodeLine(change(decodeLine(line))),
    });
    this.#queue = this.#queue.slice(this.#first).map(renamed);
    this.#first = 0;
    this.#heldBlocks = this.#heldBlocks.map(renamed);
  }

  /**
   * Submits a share. A possible block is sent at once, or first as soon as submits may be sent.
   *
   * @returns whether it was sent or is a possible block: then it cannot be withdrawn.
   */
  submit(serial: number, text: string, isBlock: boolean): boolean {
    const line = encodeLine(text);
    this.#fill();
    if (isBlock) {
      this.#submitBlock({ serial, line });
      return true;
    }
    if (this.queued === 0 && this.#takeTurn(line)) {
      this.#appendCounted(line);
      return true;
    }
    if (this.queued >= MAX_QUEUED) this.#events.abandoned(this.#shift().serial);
    this.#queue.push({ serial, line });
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

  /** The connection is over. */
  stop(): void {
    this.#isStopped = true;
  }

  #submitBlock(block: Queued): void {
    if (!this.#isHeld) return this.#append(block.line);
    if (this.#heldBlocks.length >= MAX_QUEUED) {
      this.#events.abandoned(this.#heldBlocks.shift()!.serial);
    }
    this.#heldBlocks.push(block);
  }

  /** Sends as much of the queue as is allowed now. */
  #fill(): void {
    while (this.queued > 0 && !this.#isStopped) {
      const { serial, line } = this.#queue[this.#first]!;
      if (!this.#takeTurn(line)) return;
      this.#shift();
      this.#appendCounted(line);
      this.#events.sent(serial);
    }
  }

  #takeTurn({ length }: Uint8Array): boolean {
    return !this.#isHeld && this.#outbox.gatheredBytes + length <= MAX_WRITE_BYTES &&
      this.#unheardBytes + length <= MAX_UNHEARD_BYTES && this.#rate.take(this.#now());
  }

  #appendCounted(line: Uint8Array): void {
    this.#unheardBytes += line.length;
    this.#append(line);
  }

  #shift(): Queued {
    const oldest = this.#queue[this.#first++]!;
    if (this.#first === this.#queue.length || this.#first > MAX_QUEUED) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return oldest;
  }

  #append(line: Uint8Array): void {
    if (this.#isStopped) return;
    this.#messages++;
    this.#outbox.append(line);
    this.#outbox.flush();
    if (this.#outbox.waitingBytes <= MAX_WAITING_BYTES) return;
    // Not now: the caller is still going through its miners.
    queueMicrotask(() => {
      if (!this.#isStopped) this.#events.stalled(this.#outbox.waitingBytes);
    });
  }
}
