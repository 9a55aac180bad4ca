/**
 * The shares of one channel by their sequence numbers: which share a verdict is for; pure.
 *
 * A pool refuses shares one by one, and accepts all others up to a number at once. How many it says
 * it accepted is only compared with ours: a count that does not fit moves no verdict to another
 * share. A pool that accepts one by one may refuse late, as it writes refusals down first: a count of
 * 1 is for the share with this number alone.
 */

const INITIAL_CAPACITY = 64;

/**
 * The most shares that are remembered, judged or not: eleven minutes of the highest rate. A pool
 * that is further behind judges none of the oldest any more.
 */
const MAX_CAPACITY = 0x10000;

/** Sequence numbers are of 32 bits, and each is used once on a connection. */
const MAX_SEQUENCE = 0xffff_ffff;

/** Stands where no share was sent. */
const NO_SERIAL = -1;

/** What became of a share. */
const WAITS = 0;
const ACCEPTED = 1;
const REFUSED = 2;

/** What a message says about shares. */
export interface OutstandingEvents {
  /** The pool accepted the shares with these serials. */
  accepted(first: number, last: number): void;
  /** The share with this serial can have no verdict any more: too many came after it. */
  forgotten(serial: number): void;
}

/** All shares sent on one channel. */
export class Outstanding {
  readonly #events: OutstandingEvents;
  /** By sequence number modulo their length: serials, and what became of each. */
  #serials = new Float64Array(INITIAL_CAPACITY);
  #fates = new Uint8Array(INITIAL_CAPACITY);
  /** Sequence numbers of the oldest share that waits, if any does, and of the next one. */
  #oldest = 0;
  #next = 0;
  #accepted = 0;

  /** No share was sent. */
  constructor(events: OutstandingEvents) {
    this.#events = events;
  }

  /** How many shares the pool accepted, without those that it refused later. */
  get acceptedCount(): number {
    return this.#accepted;
  }

  /** Whether all sequence numbers are used. */
  get isUsedUp(): boolean {
    return this.#next > MAX_SEQUENCE;
  }

  /** A share is sent. @returns its sequence number. */
  sent(serial: number): number {
    const capacity = this.#serials.length;
    if (this.#next - this.#oldest === capacity) {
      if (capacity < MAX_CAPACITY) this.#grow();
      else this.#forgetOldest();
    }
    const sequence = this.#next++;
    const at = sequence % this.#serials.length;
    this.#serials[at] = serial;
    this.#fates[at] = WAITS;
    return sequence;
  }

  /**
   * The pool refuses a share.
   *
   * @returns its serial, and whether it was judged before; `undefined` if it is not known.
   */
  refused(sequence: number): { readonly serial: number; readonly isRepeated: boolean } | undefined {
    if (!this.#isKnown(sequence)) return undefined;
    const at = sequence % this.#serials.length;
    const fate = this.#fates[at]!;
    const isRepeated = fate !== WAITS || sequence < this.#oldest;
    // From now on the pool counts it as not accepted.
    if (fate === ACCEPTED) this.#accepted--;
    this.#fates[at] = REFUSED;
    this.#moveOn();
    return { serial: this.#serials[at]!, isRepeated };
  }

  /**
   * The pool accepts all shares up to `last` that it has not judged, or only that one if it accepts
   * one.
   *
   * @param count how many, as the pool says; older pools count from the first share on.
   * @returns by how much that differs from ours; `undefined` if `last` is not known, and then
   * nothing is accepted.
   */
  acceptedUpTo(last: number, count: number): number | undefined {
    if (!this.#isKnown(last)) return undefined;
    if (count === 1 && this.#waits(last)) return this.#acceptOne(last);
    let accepted = 0;
    let first = -1;
    let previous = -1;
    for (; this.#oldest <= last; this.#oldest++) {
      const at = this.#oldest % this.#serials.length;
      if (this.#fates[at] !== WAITS) continue;
      this.#fates[at] = ACCEPTED;
      accepted++;
      const serial = this.#serials[at]!;
      if (serial === previous + 1 && first >= 0) {
        previous = serial;
        continue;
      }
      if (first >= 0) this.#events.accepted(first, previous);
      first = previous = serial;
    }
    this.#moveOn();
    this.#accepted += accepted;
    if (first >= 0) this.#events.accepted(first, previous);
    if (count === accepted || count === this.#accepted) return 0;
    return Math.abs(count - accepted);
  }

  #isKnown(sequence: number): boolean {
    return sequence < this.#next && sequence >= this.#next - this.#serials.length &&
      this.#serials[sequence % this.#serials.length]! >= 0;
  }

  #waits(sequence: number): boolean {
    return sequence >= this.#oldest && this.#fates[sequence % this.#fates.length] === WAITS;
  }

  #acceptOne(sequence: number): 0 {
    const at = sequence % this.#serials.length;
    const serial = this.#serials[at]!;
    this.#fates[at] = ACCEPTED;
    this.#accepted++;
    this.#moveOn();
    this.#events.accepted(serial, serial);
    return 0;
  }

  /** Skips what is judged. */
  #moveOn(): void {
    while (
      this.#oldest < this.#next && this.#fates[this.#oldest % this.#fates.length] !== WAITS
    ) this.#oldest++;
  }

  #forgetOldest(): void {
    const at = this.#oldest % this.#serials.length;
    this.#fates[at] = REFUSED;
    const serial = this.#serials[at]!;
    this.#oldest++;
    this.#moveOn();
    this.#events.forgotten(serial);
  }

  #grow(): void {
    const before = this.#serials.length;
    const serials = new Float64Array(2 * before).fill(NO_SERIAL);
    const fates = new Uint8Array(2 * before).fill(REFUSED);
    for (let sequence = this.#next - before; sequence < this.#next; sequence++) {
      const [from, to] = [sequence % before, sequence % serials.length];
      serials[to] = this.#serials[from]!;
      fates[to] = this.#fates[from]!;
    }
    this.#serials = serials;
    this.#fates = fates;
  }
}
