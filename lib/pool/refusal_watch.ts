/**
 * Whether most shares of a connection are refused for one reason, and what the likely cause is;
 * pure.
 *
 * Verdicts are looked at in windows: at a new block a large farm has hundreds of stale shares at
 * once, which mean nothing.
 */

import type { RejectReason } from "../base/share_reasons.ts";
import type { Rejected, Verdict } from "../mux/verdict.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import { refusalKind } from "./half_dead.ts";

/** A window is at least this long, in milliseconds, and has at least these many verdicts. */
const WINDOW_MS = 60_000;
const MIN_VERDICTS = 20;

/** The same is said of a pool again only after this long, in milliseconds. */
export const SAY_AGAIN_MS = 1_800_000;

/** Most shares of a window were refused for one reason. */
export interface RefusalRun {
  /** The kind, in a word. */
  readonly kind: string;
  /** What they are counted as. */
  readonly reason: RejectReason;
  /** The pool's code of the last of them. */
  readonly status: number;
  /** The words that go with it. */
  readonly text: string;
  /** How many. */
  readonly refused: number;
  /** Of how many. */
  readonly judged: number;
  /** In how long, in milliseconds. */
  readonly ms: number;
  /** Whether they are of more than one miner. */
  readonly isOfSeveral: boolean;
}

interface Tally {
  count: number;
  last: Rejected;
  readonly sessionId: number;
  isOfSeveral: boolean;
}

/** Watches the verdicts of one connection. */
export class RefusalWatch {
  #since: number | undefined;
  #judged = 0;
  readonly #refused = new Map<string, Tally>();

  /** A share of the miner with this session id was judged. */
  judged(sessionId: number, verdict: Verdict, time: number): void {
    this.#since ??= time;
    this.#judged++;
    if (verdict.kind === "accepted") return;
    const kind = refusalKind(verdict);
    const tally = this.#refused.get(kind);
    if (tally !== undefined) {
      tally.count++;
      tally.last = verdict;
      if (tally.sessionId !== sessionId) tally.isOfSeveral = true;
    } else if (this.#refused.size < MIN_VERDICTS) {
      this.#refused.set(kind, { count: 1, last: verdict, sessionId, isOfSeveral: false });
    }
  }

  /** What the window was, once it is over and most of it was refused for one reason. */
  take(time: number): RefusalRun | undefined {
    if (this.#since === undefined || this.#judged < MIN_VERDICTS) return undefined;
    const ms = time - this.#since;
    if (ms < WINDOW_MS) return undefined;
    const judged = this.#judged;
    const found = this.#refused.entries().find(([, { count }]) => 2 * count > judged);
    this.#since = undefined;
    this.#judged = 0;
    this.#refused.clear();
    if (found === undefined) return undefined;
    const [kind, { count, last, isOfSeveral }] = found;
    const { reason, poolCode: status, poolText: text } = last;
    return { kind, reason, status, text, refused: count, judged, ms, isOfSeveral };
  }
}

/** When what was last said, so that it is not said too often. */
export class SaidOfPools {
  readonly #saidAt = new Map<string, number>();

  /** Whether to say now that this pool refuses most shares for this reason; then it counts as said. */
  maySay(poolId: number, kind: string, time: number): boolean {
    const key = `${poolId} ${kind}`;
    const saidAt = this.#saidAt.get(key);
    if (saidAt !== undefined && time - saidAt < SAY_AGAIN_MS) return false;
    // Codes are the pool's to choose.
    if (saidAt === undefined && this.#saidAt.size >= MAX_SAID) return false;
    this.#saidAt.set(key, time);
    return true;
  }
}

const MAX_SAID = 1_000;

/**
 * The likely cause of refusals like this, in words, and what to do.
 *
 * @param areChecked whether only shares go to the pool that are good by our own arithmetic.
 */
export function likelyCause(
  { reason, status, isOfSeveral }: RefusalRun,
  areChecked: boolean = false,
): string {
  // Such shares are the fault of no miner, not even if all are of one.
  if (areChecked && reason === "lowDifficulty") return HIDDEN_MINIMUM;
  if (areChecked && reason === "versionMask") return NARROWER_MASK;
  const cause = reason === "other"
    ? CAUSES_BY_CODE[status] ?? "nothing is known of this code; ask your pool what it means"
    : CAUSES[reason];
  return isOfSeveral ? cause : `all are of one miner, so look at that miner first; else ${cause}`;
}

const HIDDEN_MINIMUM = "the shares are good by our own arithmetic: the pool demands a higher " +
  "difficulty than it tells, as one with a hidden minimum does, or works out another target; ask " +
  "your pool, or use another one. No miner is to blame";

const NARROWER_MASK = "the shares have no version bits but those that the pool allows by its own " +
  "words: ask your pool, or use another one. No miner is to blame";

const CAUSES: Readonly<Record<Exclude<RejectReason, "other">, string>> = {
  stale: "the pool's jobs reach the miners too late or not at all, or the pool is stuck on an " +
    "old block; check the uplink, or try another address of the pool",
  lowDifficulty:
    "the pool demands a higher difficulty than it tells agents, as with its option nicehash.forced; " +
    "ask your pool for an address without it, or let those miners connect to the pool directly",
  duplicate:
    "miners send the same work again, as firmware does that restarts a job it was given twice; " +
    "update their firmware, or restart them",
  versionMask:
    "miners roll version bits that the pool does not allow; update their firmware, or use a pool " +
    "that allows 1fffe000",
  timeTooOld:
    "miners send block times from before the job, as firmware with a wrong clock does; set their " +
    "clocks, or update their firmware",
  timeTooNew:
    "miners roll the block time too far, or the pool's clock is behind; update their firmware, or " +
    "ask your pool",
};

const UNKNOWN_NAME = "the pool does not know the sub-account or the worker; check the names";

const CAUSES_BY_CODE: Readonly<Record<number, string>> = {
  [ERROR_CODE.unauthorized]: UNKNOWN_NAME,
  [ERROR_CODE.notSubscribed]: UNKNOWN_NAME,
  [ERROR_CODE.invalidUsername]: UNKNOWN_NAME,
  28: "the pool has banned this address; ask your pool",
  30: "the pool has trouble of its own; try another address of it, or ask your pool",
};
