/**
 * The difficulties of an account's miners on connections where they are our business: each miner
 * keeps what was found out about it, wherever it works.
 */

import { exponentAtMost } from "./powers_of_two.ts";
import type { RememberedDifficulties } from "./remembered_difficulties.ts";
import { type MinerSeat, NO_PLACE } from "./seat.ts";
import type { Slot } from "./slot.ts";
import { Vardiff } from "./vardiff.ts";
import type { VardiffRules } from "./vardiff_rules.ts";

/** The difficulties of an account's miners while they are ours. Times are monotonic, in ms. */
export class LocalDifficulty {
  readonly #vardiff: Vardiff;
  readonly #remembered: RememberedDifficulties;
  readonly #rules: () => VardiffRules;

  /** Nobody is here; `remembered` is shared with other accounts, `rules` are those of the moment. */
  constructor(remembered: RememberedDifficulties, rules: () => VardiffRules) {
    this.#remembered = remembered;
    this.#vardiff = new Vardiff(remembered);
    this.#rules = rules;
  }

  /** The difficulty of a miner that sits down here. */
  start(seat: MinerSeat, slot: Slot<MinerSeat>, time: number): number {
    const { miner } = seat;
    if (seat.localPlace === NO_PLACE) {
      const name = wholeName(seat);
      // At its last pool it had a difficulty that suited it.
      if (seat.difficulty !== undefined) {
        this.#remembered.add(name, exponentAtMost(seat.difficulty), time);
      }
      const { clientAgent } = miner.worker;
      const { suggestedDifficulty: suggestion } = miner;
      seat.localPlace = this.#vardiff.take({ name, clientAgent, suggestion }, time);
    } else if (!seat.isLocal) {
      this.#vardiff.restart(seat.localPlace, time);
    }
    seat.isLocal = true;
    const { ceiling, brake } = slot;
    return this.#vardiff.atJob(seat.localPlace, time, ceiling, this.#rules(), brake?.level);
  }

  /** A job comes: each miner here gets the difficulty it is to have for it. */
  atJob(slot: Slot<MinerSeat>, time: number): void {
    const { seats, difficulties, ceiling, brake } = slot;
    const rules = this.#rules();
    for (const { place, localPlace } of seats.values()) {
      const difficulty = this.#vardiff.atJob(localPlace, time, ceiling, rules, brake?.level);
      difficulties.set(place, difficulty);
    }
  }

  /** A miner found a share that it is credited for. */
  found(seat: MinerSeat, difficulty: number, time: number): void {
    if (seat.localPlace === NO_PLACE) return;
    this.#vardiff.share(seat.localPlace, difficulty, time, this.#rules());
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
    this.#vardiff.give(seat.localPlace, wholeName(seat), time);
    seat.localPlace = NO_PLACE;
  }
}

function wholeName({ miner: { worker: { account, name } } }: MinerSeat): string {
  return account === "" ? name : `${account}.${name}`;
}
