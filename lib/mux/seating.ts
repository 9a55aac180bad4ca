/**
 * Which miner of an account sits where: miners that wait get a place, and miners that must move go
 * to another one.
 *
 * Invariants: a miner sits at one connection at a time or waits; many are seated in turns; a miner
 * that moves works on where it is until it is its turn.
 */

import type { Now, Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { AccountWork } from "./account_work.ts";
import type { Farewells } from "./farewells.ts";
import type { LocalDifficulty } from "./local_difficulty.ts";
import { evenShares } from "./placement.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import { hasFullMask, isLocal, placeFor, type Slots } from "./slots.ts";
import type { Telling } from "./telling.ts";
import { placesOn } from "./terms.ts";
import type { WaitingMiners } from "./waiting_miners.ts";

/**
 * Miners seated in one turn when many wait, about 10 ms of work: a farm that moves delays neither
 * its own shares nor those of others.
 */
const SEATS_PER_TURN = 256;

/** The pause between such turns, in milliseconds. */
const TURN_PAUSE_MS = 1;

/** The parts that {@linkcode Seating} needs. */
export interface SeatingParts {
  /** The connections. */
  readonly slots: Slots;
  /** The miners without a place. */
  readonly waiting: WaitingMiners;
  /** Sends miners away. */
  readonly farewells: Farewells;
  /** Tells miners their news. */
  readonly telling: Telling;
  /** Foresees floods of miners that come. */
  readonly work: Pick<AccountWork, "foresee">;
  /** The difficulties that we set. */
  readonly local: Pick<LocalDifficulty, "start">;
  /** Monotonic time. */
  readonly now: Now;
  /** For seating in turns. */
  readonly timers: Timers;
}

/** Seats the miners of one account. */
export class Seating {
  readonly #slots: Slots;
  readonly #waiting: WaitingMiners;
  readonly #farewells: Farewells;
  readonly #telling: Telling;
  readonly #work: Pick<AccountWork, "foresee">;
  readonly #local: Pick<LocalDifficulty, "start">;
  readonly #now: Now;
  readonly #turns: InTurns;
  /** Miners that must move, but go on where they are until it is their turn. */
  readonly #moving = new Set<MinerSeat>();
  /** Miners that will move to their worker's own connection. */
  readonly #homing = new Set<MinerSeat>();
  #moves = 0;
  #roomless = 0;

  /** Nobody has come yet. */
  constructor(parts: SeatingParts) {
    const { slots, waiting, farewells, telling, work, local, now, timers } = parts;
    this.#slots = slots;
    this.#waiting = waiting;
    this.#farewells = farewells;
    this.#telling = telling;
    this.#work = work;
    this.#local = local;
    this.#now = now;
    this.#turns = new InTurns(timers, SEATS_PER_TURN, TURN_PAUSE_MS);
  }

  /** How often a miner moved to another connection. */
  get moves(): number {
    return this.#moves;
  }

  /** How many miners could not be seated lately because no connection had room. */
  get roomless(): number {
    return this.#roomless;
  }

  /** A miner comes: it is seated now if it can be, else it waits. */
  join(seat: MinerSeat): void {
    const slot = this.#slots.ownPlaceOf(seat, this.#now()) ??
      placeFor(seat, this.#slots.inService(), this.#now());
    if (slot?.upstream.takesWorkers) this.#seat(seat, slot);
    else this.#seatLater([seat]);
  }

  /** A miner leaves. */
  leave(seat: MinerSeat): void {
    if (seat.slot !== undefined) this.#unseat(seat);
    else this.#waiting.delete(seat);
  }

  /** Moves a miner to a place with the full mask: {@linkcode Seat.needFullMask}. */
  moveForMask(seat: MinerSeat): boolean {
    if (seat.slot === undefined || hasFullMask(seat.slot)) return false;
    const place = placeFor(seat, this.#slots.inService(), this.#now());
    if (place === undefined || !hasFullMask(place)) return false;
    this.#unseat(seat);
    this.#seatLater([seat]);
    return true;
  }

  /** A connection serves from now on. */
  serves(slot: Slot<MinerSeat>): void {
    this.#waiting.outageEnds();
    // A connection opened because of missing room is for miners without a place.
    const isForMore = placesOn(slot.upstream.terms) < Infinity;
    if (!isForMore) this.#moveLater(this.#surplus(slot, this.#waiting.size));
    else this.#seatLater([]);
  }

  /** A connection serves no longer: its miners move. */
  rests(slot: Slot<MinerSeat>): void {
    this.#telling.inherit(slot);
    this.#moveLater(slot.seats.values());
  }

  /** A worker has got a connection of its own: its miners move there. */
  given(workerName: string): void {
    for (const seat of this.seats()) {
      if (seat.miner.worker.name === workerName) this.#homing.add(seat);
    }
    this.#seatLater([]);
  }

  /** A connection is gone: its miners wait for another place. */
  lost(slot: Slot<MinerSeat>): void {
    const seats = [...slot.seats.values()];
    this.#telling.inherit(slot);
    for (const seat of seats) this.#standUp(seat);
    this.#seatLater(seats);
  }

  /** Every miner, including waiting ones. */
  *seats(): Generator<MinerSeat> {
    yield* this.#slots.seats();
    yield* this.#waiting.seats();
  }

  /** Goes on with those that wait or must move, unless it is at it. */
  run(): void {
    this.#turns.run(() => this.#seatWaiting());
  }

  /**
   * Starts to seat these and all other waiting miners; without any connection they go on waiting.
   */
  #seatLater(seats: Iterable<MinerSeat>): void {
    for (const seat of seats) this.#waiting.add(seat);
    if (this.#slots.serving.size === 0) this.#waiting.outageBegins();
    this.run();
  }

  /** Starts to move these miners to other places. */
  #moveLater(seats: Iterable<MinerSeat>): void {
    for (const seat of seats) this.#moving.add(seat);
    this.#seatLater([]);
  }

  /**
   * Seats waiting miners, one before each `yield`, while there is a connection for them: those that
   * worked before, then newcomers. Then moves miners that must sit elsewhere, and finally those
   * that go to their workers' own connections, where no other miner is in their way.
   */
  *#seatWaiting(): Generator<void> {
    let roomless = 0;
    for (const worked of [true, false]) {
      for (const seat of this.#waiting.seats()) {
        if (seat.isAdmitted !== worked) continue;
        // Of equals the newest, which has no older shares of others.
        const slots = this.#slots.inService().reverse();
        const own = this.#slots.ownPlaceOf(seat, this.#now());
        if (slots.length === 0 && own === undefined) {
          if (!this.#slots.hasOwn) break;
          yield;
          continue;
        }
        const slot = own ?? placeFor(seat, slots, this.#now());
        if (slot === undefined) {
          if (!this.#farewells.ifOutgrown(seat, slots)) roomless++;
          yield;
          continue;
        }
        if (!slot.upstream.takesWorkers) return;
        this.#waiting.delete(seat);
        this.#seat(seat, slot);
        this.#telling.tell(slot);
        yield;
      }
    }
    for (const seat of this.#moving) {
      const from = seat.slot!;
      const others = this.#slots.inService().filter((slot) => slot !== from).reverse();
      const slot = placeFor(seat, others, this.#now());
      if (slot?.upstream.takesWorkers === false) return;
      // It works on where it is until there is room elsewhere, unless it cannot sit anywhere else.
      if (slot === undefined && others.some((other) => other.suits(seat.miner))) {
        roomless++;
        yield;
        continue;
      }
      // Other miners may have left meanwhile.
      const stays = this.#slots.serving.has(from) &&
        (slot === undefined || slot.miners >= from.miners);
      // It works on where it is until the pool has raised its difficulty for the miners before it.
      const isLater = !stays && slot?.brake !== undefined && !slot.portions.take(this.#now());
      if (isLater) break;
      this.#moving.delete(seat);
      if (stays) continue;
      this.#unseat(seat);
      if (slot === undefined) {
        this.#waiting.add(seat);
        this.#farewells.ifOutgrown(seat, others);
      } else {
        this.#seat(seat, slot);
        this.#telling.tell(slot);
      }
      yield;
    }
    this.#roomless = roomless;
    for (const seat of this.#homing) {
      this.#homing.delete(seat);
      const own = this.#slots.ownPlaceOf(seat, this.#now());
      // A miner without a place has got it already, or will get it because it waits.
      if (own === undefined || seat.slot === undefined || own === seat.slot) continue;
      this.#unseat(seat);
      this.#seat(seat, own);
      this.#telling.tell(own);
      yield;
    }
  }

  /** Seats a miner: registers and admits it. Everything else comes as news. */
  #seat(seat: MinerSeat, slot: Slot<MinerSeat>): void {
    if (seat.isAdmitted) {
      this.#moves++;
      // Firmware ignores a job it knows, and repeats work for a header it had before.
      if (slot.isJobKnownElsewhere) this.#telling.giveAgain(slot);
    }
    seat.slot = slot;
    this.#work.foresee(slot, 1);
    const difficulty = isLocal(slot) ? this.#local.start(seat, slot, this.#now()) : undefined;
    seat.isLocal = difficulty !== undefined;
    seat.place = slot.difficulties.take(slot.jobs.tables(), difficulty);
    this.#telling.satDown(seat, slot);
    slot.seat(seat);
    if (seat.isAdmitted) return;
    seat.isAdmitted = true;
    seat.miner.admit();
  }

  /** The miners that other active places have too many of, now that there is one more place. */
  #surplus(newcomer: Slot<MinerSeat>, extra: number): MinerSeat[] {
    const active = this.#slots.inService();
    const wanted = evenShares(active, extra);
    return active.flatMap((slot, i) =>
      slot === newcomer ? [] : [...slot.seats.values()].slice(wanted[i]!)
    );
  }

  /** Takes a miner off a connection that stays. */
  #unseat(seat: MinerSeat): void {
    const { slot, miner } = seat;
    slot!.dismiss(miner.sessionId, this.#now());
    if (seat.told === slot!.work.sequence && !seat.isGone) slot!.movedAway();
    this.#standUp(seat);
  }

  /** Leaves a miner without a place; it goes on with the work it was told. */
  #standUp(seat: MinerSeat): void {
    seat.slot = undefined;
    this.#telling.stoodUp(seat);
    this.#moving.delete(seat);
    this.#homing.delete(seat);
  }
}
