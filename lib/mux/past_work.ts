/**
 * The work of miners without a place: the last job of their connection is told again, because
 * firmware gives up a silent server.
 */

import type { News } from "./downstream.ts";
import type { MinerSeat } from "./seat.ts";
import type { Slot } from "./slot.ts";
import type { Views } from "./views.ts";
import { Work } from "./work.ts";

/**
 * The most numbers remembered of jobs told again: with one each 35 s, those of the last ten
 * minutes.
 */
const MAX_NUMBERS = 18;

/** The last job of lost connections. Times are monotonic, in milliseconds. */
export class PastWork {
  readonly #work = new Work();
  /** The first number of the job that is told again, and the first numbers by later number. */
  #number = -1;
  readonly #firstNumbers = new Map<number, number>();
  /** How the miners see it, and the version bits that they may roll. */
  #views: Views | undefined;
  #versionMask = 0;

  /** The sequence of a miner that has just lost its place: it has been told everything. */
  get sequence(): number {
    return this.#work.sequence;
  }

  /**
   * The miners of a connection are about to lose their places.
   *
   * @param isAlone whether no other miners use the work held here.
   */
  inherit({ work, views, versionMask }: Slot<MinerSeat>, isAlone: boolean): void {
    this.#work.inherit(work, isAlone);
    if (work.job !== undefined) this.#number = work.number;
    this.#views = views;
    this.#versionMask = versionMask;
  }

  /** The first number of the job that is told again. */
  get number(): number {
    return this.#number;
  }

  /** The number of times that it was told again. */
  get again(): number {
    return this.#work.again;
  }

  /** The first number of the job with this number, as on its connection. */
  firstNumberOf(number: number): number {
    return this.#firstNumbers.get(number) ?? number;
  }

  /** The news for a waiting miner; `undefined` for nothing. */
  takeNews(seat: MinerSeat): News | undefined {
    if (!seat.isAdmitted || !this.#work.isNewsTo(seat.told)) return undefined;
    const { layout, sessionId } = seat.miner;
    const view = this.#views?.of(layout, sessionId);
    if (view === undefined) return undefined;
    const job = this.#work.lineFor(seat.told, view);
    seat.told = this.#work.sequence;
    return { versionMask: this.#versionMask, difficulty: undefined, job };
  }

  /** Whether it is time to tell it again, because miners were told nothing for a while. */
  isOld(time: number): boolean {
    return this.#work.isOld(time);
  }

  /** Tells it again under this number. @returns whether there is news for the miners. */
  tellAgain(number: number, time: number): boolean {
    this.#work.setAgain(number, false);
    this.#firstNumbers.set(number, this.#number);
    if (this.#firstNumbers.size > MAX_NUMBERS) {
      this.#firstNumbers.delete(this.#firstNumbers.keys().next().value!);
    }
    return this.#work.announce(time);
  }
}
