/**
 * The seat of a miner whose sub-account is not open yet; later it passes everything on to the seat
 * in its account.
 */

import type { Share } from "../protocol/stratum/share.ts";
import type { Downstream, FirstReceipt, News, Seat } from "./downstream.ts";
import { REFUSED } from "./verdict.ts";

/** Keeps the seats of miners that wait. */
export interface WaitingRoom {
  /** The miner of this seat left before its account was opened. */
  left(seat: WaitingSeat): void;
  /** A miner sent a share although it cannot have any work yet. */
  refused(seat: WaitingSeat): void;
}

/** The seat of a miner that waits for its account. */
export class WaitingSeat implements Seat {
  /** The miner. */
  readonly miner: Downstream;
  /** When the wait started, in milliseconds. */
  readonly since: number;
  readonly #room: WaitingRoom;
  #seat: Seat | undefined;
  #isWaiting = true;
  #isGone = false;

  /** `miner` waits in `room`. */
  constructor(room: WaitingRoom, miner: Downstream, since: number) {
    this.#room = room;
    this.miner = miner;
    this.since = since;
  }

  get versionMask(): number | undefined {
    return this.#seat?.versionMask;
  }

  get upstreamName(): string | undefined {
    return this.#seat?.upstreamName;
  }

  get difficulty(): number | undefined {
    return this.#seat?.difficulty;
  }

  /** Ends the wait: `join` gives the miner its seat or turns it away. */
  end(join: () => Seat | undefined): void {
    this.#isWaiting = false;
    this.#seat = join();
    // Messages sent while it joined may have been too much for it.
    if (this.#isGone) this.#seat?.leave();
  }

  takeNews(): News | undefined {
    return this.#seat?.takeNews();
  }

  askAgain(): boolean {
    return this.#seat?.askAgain() ?? false;
  }

  submit(share: Share): FirstReceipt {
    if (this.#seat !== undefined) return this.#seat.submit(share);
    this.#room.refused(this);
    return REFUSED.noPool;
  }

  isCurrent(number: number): boolean {
    return this.#seat?.isCurrent(number) ?? false;
  }

  needFullMask(): boolean {
    return this.#seat?.needFullMask() ?? false;
  }

  suggested(): void {
    this.#seat?.suggested();
  }

  leave(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    if (this.#isWaiting) this.#room.left(this);
    else this.#seat?.leave();
  }
}
