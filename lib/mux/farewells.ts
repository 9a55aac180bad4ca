/**
 * Which miners of an account are sent away, and in which words: those that have waited too long for
 * a place, those whose extranonces fit no serving pool, and those whose sub-account the pools
 * refuse.
 *
 * Invariant: while there is room for a miner, or may be soon, it stays.
 */

import type { Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import { ERROR_CODE, stratumError } from "../protocol/stratum/error_code.ts";
import type { Downstream } from "./downstream.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import type { WaitingMiners } from "./waiting_miners.ts";

/** Miners disconnected in one turn. */
const FAREWELLS_PER_TURN = 64;

/** The pause between such turns, in milliseconds. */
const TURN_PAUSE_MS = 1;

/** The parts that {@linkcode Farewells} needs. */
export interface FarewellParts {
  /** The miners without a place. */
  readonly waiting: WaitingMiners;
  /** Whether there is a place for a miner now. */
  readonly isRoomFor: (seat: MinerSeat) => boolean;
  /** For farewells in turns. */
  readonly timers: Timers;
}

/** Sends miners of one account away. */
export class Farewells {
  readonly #waiting: WaitingMiners;
  readonly #isRoomFor: (seat: MinerSeat) => boolean;
  readonly #turns: InTurns;
  /** Whether every pool refuses the account's name. */
  #isRefused = false;
  #outgrown = 0;

  /** No pool has refused the account yet. */
  constructor({ waiting, isRoomFor, timers }: FarewellParts) {
    this.#waiting = waiting;
    this.#isRoomFor = isRoomFor;
    this.#turns = new InTurns(timers, FAREWELLS_PER_TURN, TURN_PAUSE_MS);
  }

  /** How often a miner was disconnected because no serving pool had room for its extranonces. */
  get outgrown(): number {
    return this.#outgrown;
  }

  /** Every pool refuses the account's name: turns its waiting miners away. */
  refuse(): void {
    this.#isRefused = true;
    this.#turns.run(() => this.#turnWaitingAway());
  }

  /** A pool takes the account's name. */
  accept(): void {
    this.#isRefused = false;
  }

  /** Turns a newcomer away if the pools refuse the account. @returns whether it did. */
  turnedAway(miner: Downstream): boolean {
    if (this.#isRefused) turnAway(miner);
    return this.#isRefused;
  }

  /** Goes on with those that must go. Call it several times a second. */
  tick(): void {
    if (this.#isRefused) this.#turns.run(() => this.#turnWaitingAway());
    if (this.#waiting.areOverdue) this.#turns.run(() => this.#disconnectOverdue());
  }

  /**
   * Disconnects a miner whose extranonces fit no serving place, so that it reconnects with shorter
   * ones.
   *
   * @returns whether it was disconnected for that.
   */
  ifOutgrown({ miner }: MinerSeat, serving: readonly Slot<MinerSeat>[]): boolean {
    if (serving.length === 0 || serving.some((slot) => slot.suits(miner))) return false;
    this.#outgrown++;
    miner.disconnect(
      "the pool leaves too few bytes for its extranonces: it gets fewer when it reconnects",
    );
    return true;
  }

  /** Disconnects miners that have waited longer than the grace, one before each `yield`. */
  *#disconnectOverdue(): Generator<void> {
    const reason = this.#waiting.overdueReason;
    for (const seat of this.#waiting.overdue()) {
      // A miner for which there is room only waits for its turn on a slow line.
      if (!this.#isRoomFor(seat)) seat.miner.disconnect(reason);
      yield;
    }
  }

  /** Turns away waiting miners, which may try another account, one before each `yield`. */
  *#turnWaitingAway(): Generator<void> {
    for (const seat of this.#waiting.seats()) {
      if (!this.#isRefused) return;
      if (seat.isAdmitted) continue;
      this.#waiting.delete(seat);
      // It keeps its session id, because it may still authorize under another name.
      seat.isGone = true;
      turnAway(seat.miner);
      yield;
    }
  }
}

function turnAway(miner: Downstream): void {
  const answer = stratumError(ERROR_CODE.invalidUsername);
  miner.turnAway(answer, "the pool refuses its sub-account");
}
