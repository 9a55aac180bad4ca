/**
 * Decides which peer is told of news next: crowds of peers, one peer after the other.
 *
 * The news for a peer is fetched when its turn comes, so news that comes during a round needs no
 * message of its own: peers whose turn is still to come get the newest, and one more round reaches
 * the others. However often news comes, a crowd has at most one round, and no peer is told the same
 * news twice.
 */

import type { Now } from "../../base/clock.ts";
import type { Crowd } from "./engine.ts";

/** How many urgent rounds may overtake one that is not urgent: it must not wait forever. */
const MOST_OVERTAKINGS = 2;

/**
 * Each round starts with another peer, so that no peer is always among the last: steps of this
 * fraction of a round return to no place soon and leave no place out.
 */
const GOLDEN_RATIO = (Math.sqrt(5) - 1) / 2;

/** One crowd and its round. */
interface Round {
  readonly crowd: Crowd;
  /** Its peers; `undefined` until the first one is asked for. */
  handles: readonly number[] | undefined;
  /** The index in `handles` of the peer whose turn it is. */
  next: number;
  /** How many peers have not had their turn. */
  left: number;
  /** When the news came. */
  since: number;
  /** When news came that the peers already told do not know; `undefined` for none. */
  againSince: number | undefined;
  overtaken: number;
}

/** The rounds of one engine. */
export class Rounds {
  readonly #now: Now;
  readonly #ended: (ms: number) => void;
  readonly #waiting: Round[] = [];
  #started = 0;

  /** `ended` is called with the duration of each round. */
  constructor(now: Now, ended: (ms: number) => void) {
    this.#now = now;
    this.#ended = ended;
  }

  /** Whether there is no news for any peer. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Adds news for a crowd. */
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

  /** Drops all rounds. */
  clear(): void {
    this.#waiting.length = 0;
  }

  #start(round: Round): readonly number[] {
    const handles = round.crowd.handles();
    round.next = Math.floor(++this.#started * GOLDEN_RATIO % 1 * handles.length);
    round.left = handles.length;
    return handles;
  }

  /** Puts a round after all others, or an urgent one before those that are not urgent. */
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
