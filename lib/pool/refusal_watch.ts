/**
 * Whether most shares of a connection are refused for one reason, and what the likely cause is;
 * pure.
 *
 * Verdicts are judged in windows of time: at a new block, a large farm has hundreds of stale shares
 * at once, which is normal.
 */

import type { RejectReason } from "../base/share_reasons.ts";
import type { Rejected, Verdict } from "../mux/verdict.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import { refusalKind } from "./half_dead.ts";

/** A window is at least this long, in milliseconds, and has at least these many verdicts. */
const WINDOW_MS = 60_000;
const MIN_VERDICTS = 20;

/** The same warning about a pool is repeated only after this long, in milliseconds. */
export const SAY_AGAIN_MS = 1_800_000;

/** Most shares of a window were refused for one reason. */
export interface RefusalRun {
  /** The kind, in a word. */
  readonly kind: string;
  /** The reason they are counted under. */
  readonly reason: RejectReason;
  /** The pool's code of the last of them. */
  readonly status: number;
  /** The words that go with it. */
  readonly text: string;
  /** How many were refused. */
  readonly refused: number;
  /** How many were judged. */
  readonly judged: number;
  /** The length of the window, in milliseconds. */
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

  /**
   * The refusals of a window, once it has ended and most of its shares were refused for one reason.
   */
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

/** When each warning was last logged, so that none is logged too often. */
export class SaidOfPools {
  readonly #saidAt = new Map<string, number>();

  /**
   * Whether to log now that this pool refuses most shares for this reason; then it counts as
   * logged.
   */
  maySay(poolId: number, kind: string, time: number): boolean {
    const key = `${poolId} ${kind}`;
    const saidAt = this.#saidAt.get(key);
    if (saidAt !== undefined && time - saidAt < SAY_AGAIN_MS) return false;
    // The pool chooses the codes, so their number must be bounded.
    if (saidAt === undefined && this.#saidAt.size >= MAX_SAID) return false;
    this.#saidAt.set(key, time);
    return true;
  }
}

const MAX_SAID = 1_000;

/**
 * The likely cause of refusals like this, in words, and what to do.
 *
 * @param areChecked whether btcagent checks each share itself and sends only good ones.
 */
export function likelyCause(
  { reason, status, isOfSeveral }: RefusalRun,
  areChecked: boolean = false,
): string {
  // No miner is at fault for such shares, even if all are from one miner.
  if (areChecked && reason === "lowDifficulty") return HIDDEN_MINIMUM;
  if (areChecked && reason === "versionMask") return NARROWER_MASK;
  const cause = reason === "other"
    ? CAUSES_BY_CODE[status] ?? "nothing is known of this code; ask your pool what it means"
    : CAUSES[reason];
  return isOfSeveral ? cause : `all are from one miner, so check that miner first; otherwise ` +
    `${cause}`;
}

const HIDDEN_MINIMUM = "btcagent checked these shares and they are good: the pool demands a " +
  "higher difficulty than it says, such as a hidden minimum, or computes another target; ask " +
  "your pool, or use another one. No miner is at fault";

const NARROWER_MASK = "the shares use only version bits that the pool says it allows: ask your " +
  "pool, or use another one. No miner is at fault";

const CAUSES: Readonly<Record<Exclude<RejectReason, "other">, string>> = {
  stale: "the pool's jobs reach the miners too late or not at all, or the pool is stuck on an " +
    "old block; check the uplink, or try another address of the pool",
  lowDifficulty: "the pool demands a higher difficulty than it tells agents, as with its option " +
    "nicehash.forced; ask your pool for an address without it, or connect those miners to the " +
    "pool directly",
  duplicate:
    "miners send the same work again, as some firmware does when it gets a job twice; update " +
    "their firmware, or restart them",
  versionMask:
    "miners roll version bits that the pool does not allow; update their firmware, or use a pool " +
    "that allows 1fffe000",
  timeTooOld:
    "miners send block times older than the job, as firmware with a wrong clock does; set " +
    "their clocks, or update their firmware",
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
  30: "the pool has an internal error; try another of its addresses, or ask your pool",
};
