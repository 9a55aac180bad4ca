/**
 * The difficulties of an account's miners on connections where we set them: a miner keeps its
 * difficulty when it moves to another connection.
 */

import type { PeerAddress } from "../base/peer_address.ts";
import { exponentAtMost } from "./powers_of_two.ts";
import type { RememberedDifficulties } from "./remembered_difficulties.ts";
import { type MinerSeat, NO_PLACE } from "./seat.ts";
import type { Slot } from "./slot.ts";
import { Vardiff } from "./vardiff.ts";
import type { VardiffRules } from "./vardiff_rules.ts";

/** A pool may send many jobs a second; setting ten thousand difficulties takes a millisecond. */
const SET_EVERY_MS = 1_000;

/** The difficulties of an account's miners where we set them. Times are monotonic, in ms. */
export class LocalDifficulty {
  readonly #vardiff: Vardiff;
  readonly #remembered: RememberedDifficulties;
  readonly #rules: (port: PeerAddress) => VardiffRules;
  /** Miners whose shares come so fast that they must get their next job out of turn. */
  readonly #flooding = new Set<MinerSeat>();
  /** When the difficulties of a connection's miners were last set, and the conditions then. */
  readonly #set = new WeakMap<
    Slot<MinerSeat>,
    { readonly at: number; readonly ceiling: number; readonly level: number | undefined }
  >();

  /**
   * No miner yet; `remembered` is shared with other accounts, `rules` returns the current rules.
   */
  constructor(
    remembered: RememberedDifficulties,
    rules: (port: PeerAddress) => VardiffRules,
  ) {
    this.#remembered = remembered;
    this.#vardiff = new Vardiff(remembered);
    this.#rules = rules;
  }

  /** The difficulty of a miner that sits down here. */
  start(seat: MinerSeat, slot: Slot<MinerSeat>, time: number): number {
    const { miner } = seat;
    if (seat.localPlace === NO_PLACE) {
      const name = wholeName(seat);
      // Its difficulty at its last pool suited it.
      if (seat.difficulty !== undefined) {
        this.#remembered.add(name, exponentAtMost(seat.difficulty), time);
      }
      const { clientAgent } = miner.worker;
      const { suggestedDifficulty: suggestion } = miner;
      seat.localPlace = this.#vardiff.take({ name, clientAgent, suggestion }, time);
    } else if (!seat.isLocal) {
      this.#vardiff.restart(seat.localPlace, time);
    }
    this.#flooding.delete(seat);
    return this.#next(slot, seat.localPlace, time, this.#rules(miner.port));
  }

  /**
   * A job comes. In a flood of jobs the difficulties are set only now and then, unless something
   * else changes.
   */
  atNextJob(slot: Slot<MinerSeat>, time: number): void {
    const set = this.#set.get(slot);
    const isSame = set?.ceiling === slot.ceiling && set.level === slot.brake?.level;
    if (!isSame || time - set.at >= SET_EVERY_MS) this.atJob(slot, time);
  }

  /** Gives each miner of a connection its difficulty for the next job. */
  atJob(slot: Slot<MinerSeat>, time: number): void {
    const { seats, difficulties, ceiling, brake } = slot;
    this.#set.set(slot, { at: time, ceiling, level: brake?.level });
    for (const { place, localPlace, miner } of seats.values()) {
      difficulties.set(place, this.#next(slot, localPlace, time, this.#rules(miner.port)));
    }
  }

  /** A miner's difficulty for the next job of a connection. */
  #next(slot: Slot<MinerSeat>, localPlace: number, time: number, rules: VardiffRules): number {
    const { ceiling, brake, difficulties, isOfOneWorker } = slot;
    if (!isOfOneWorker) {
      return this.#vardiff.atJob(localPlace, time, ceiling, rules, brake?.level);
    }
    // Its own difficulty is still tracked: its shares are counted at the difficulty it is told.
    const passed = difficulties.next(0);
    this.#vardiff.atJob(localPlace, time, ceiling, rules, exponentAtMost(passed));
    return passed;
  }

  /** Notes a share that its miner is credited for. */
  found(seat: MinerSeat, difficulty: number, time: number): void {
    if (seat.localPlace === NO_PLACE) return;
    const rules = this.#rules(seat.miner.port);
    const isFlood = this.#vardiff.share(seat.localPlace, difficulty, time, rules);
    if (isFlood && seat.isLocal && seat.slot?.isOfOneWorker !== true) this.#flooding.add(seat);
  }

  /** Whether miners of a connection need a job out of turn. */
  isFlooding(slot: Slot<MinerSeat>): boolean {
    return this.#flooding.values().some((seat) => seat.slot === slot && seat.isLocal);
  }

  /** Returns those miners once, each with its difficulty for that job set. */
  raiseFlooding(slot: Slot<MinerSeat>, time: number): MinerSeat[] {
    const { difficulties, ceiling, brake } = slot;
    const raised: MinerSeat[] = [];
    for (const seat of this.#flooding) {
      if (seat.slot !== slot || !seat.isLocal) continue;
      this.#flooding.delete(seat);
      const rules = this.#rules(seat.miner.port);
      const before = difficulties.next(seat.place);
      const after = this.#vardiff.atJob(seat.localPlace, time, ceiling, rules, brake?.level);
      // A job meanwhile may have brought it already.
      if (after === before) continue;
      difficulties.set(seat.place, after);
      raised.push(seat);
    }
    return raised;
  }

  /** A miner suggests a difficulty. */
  suggested(seat: MinerSeat): void {
    const { miner: { worker, suggestedDifficulty }, localPlace } = seat;
    if (localPlace === NO_PLACE || suggestedDifficulty === undefined) return;
    this.#vardiff.suggest(localPlace, worker.clientAgent, suggestedDifficulty);
  }

  /** A miner leaves. */
  leave(seat: MinerSeat, time: number): void {
    if (seat.localPlace === NO_PLACE) return;
    this.#flooding.delete(seat);
    this.#vardiff.give(seat.localPlace, wholeName(seat), time);
    seat.localPlace = NO_PLACE;
  }
}

function wholeName({ miner: { worker: { account, name } } }: MinerSeat): string {
  return account === "" ? name : `${account}.${name}`;
}
