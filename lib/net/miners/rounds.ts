/**
 * Who is told of news next: crowds of peers, one peer after the other.
 *
 * What a peer is told is asked for when its turn comes, so news that comes during a round needs no
 * message of its own: whose turn is still to come is told the newest, and one more round reaches
 * the others. However often news comes, there is one round of a crowd at most, and none of it is
 * told twice.
 */

import type { Now } from "../../base/clock.ts";
import type { Crowd } from "./engine.ts";

/** How many urgent rounds may go before one that is not: it must not wait forever. */
const MOST_OVERTAKINGS = 2;

/**
 * Each round starts with another peer, so that nobody is always among the last: steps of this part
 * of a round come back to no place soon and leave no place out.
 */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** One crowd that is told of news. */
interface Round {
  readonly crowd: Crowd;
  /** Whom; `undefined` until the first is asked for. */
  handles: readonly number[] | undefined;
  /** The place in `handles` of whose turn it is. */
  next: number;
  /** How many have not had their turn. */
  left: number;
  /** Since when there is news. */
  since: number;
  /** Since when there is news that those who had their turn do not know; `undefined` for none. */
  againSince: number | undefined;
  overtaken: number;
}

/** The rounds of one engine. */
export class Rounds {
  readonly #now: Now;
  readonly #ended: (ms: number) => void;
  readonly #waiting: Round[] = [];
  #started = 0;

  /** `ended` hears how long each round took. */
  constructor(now: Now, ended: (ms: number) => void) {
    this.#now = now;
    this.#ended = ended;
  }

  /** Whether nobody is to be told of anything. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** There is news for a crowd. */
  add(crowd: Crowd): void {
    const at = this.#waiting.findIndex((round) => round.crowd === crowd);
    if (at < 0) return this.#place(newRound(crowd, this.#now()));
    const round = this.#waiting[at]!;
    if (round.handles !== undefined) round.againSince ??= this.#now();
    if (at === 0 || !crowd.isUrgent) return;
    this.#waiting.splice(at, 1);
    this.#place(round);
  }

  /** The peer whose turn it is; `undefined` when all have had theirs. */
  next(): number | undefined {
    for (let round = this.#waiting[0]; round !== undefined; round = this.#waiting[0]) {
      const handles = round.handles ??= this.#start(round);
      if (round.left > 0) {
        round.left--;
        const at = round.next;
        round.next = at + 1 === handles.length ? 0 : at + 1;
        return handles[at];
      }
      this.#waiting.shift();
      this.#ended(this.#now() - round.since);
      if (round.againSince !== undefined) this.#place(newRound(round.crowd, round.againSince));
    }
    return undefined;
  }

  /** Leaves undone what is not done. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #start(round: Round): readonly number[] {
    const handles = round.crowd.handles();
    round.next = Math.floor(++this.#started * GOLDEN_RATIO % 1 * handles.length);
    round.left = handles.length;
    return handles;
  }

  /** Puts a round behind all others, or before those that have time. */
  #place(round: Round): void {
    let at = this.#waiting.length;
    if (round.crowd.isUrgent) {
      while (at > 0 && mayWait(this.#waiting[at - 1]!)) this.#waiting[--at]!.overtaken++;
    }
    this.#waiting.splice(at, 0, round);
  }
}

function newRound(crowd: Crowd, since: number): Round {
  return {
    crowd,
    handles: undefined,
    next: 0,
    left: 0,
    since,
    againSince: undefined,
    overtaken: 0,
  };
}

function mayWait({ crowd, overtaken }: Round): boolean {
  return !crowd.isUrgent && overtaken < MOST_OVERTAKINGS;
}
