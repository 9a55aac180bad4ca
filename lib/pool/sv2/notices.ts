/**
 * What a pool sends without effect on one connection: unknown messages, jobs that cannot be used,
 * verdicts on no share. It is counted, and logged at a bounded rate.
 */

import { Allowance } from "../../base/allowance.ts";
import type { Now } from "../../base/clock.ts";
import { printable } from "../../base/printable.ts";
import { areaLog } from "../../observe/log.ts";

/** Log lines about each sort: one a minute in the long run, and this number at once. */
const LOG_EVERY_MS = 60_000;
const LOG_BURST = 3;

/** The longest reason that is logged, in characters. */
const MAX_WORDS = 300;

/**
 * `message`: an unknown one, or one that does not fit the moment; `work`: about jobs; `verdict`: on
 * no share that waits.
 */
export type NoticeSort = "message" | "work" | "verdict";

const log = areaLog("pool");

/** Counts and logs them for one connection. */
export class Notices {
  readonly #name: string;
  readonly #now: Now;
  readonly #counts: Record<NoticeSort, number> = { message: 0, work: 0, verdict: 0 };
  readonly #logs: Readonly<Record<NoticeSort, Allowance>> = {
    message: new Allowance(LOG_EVERY_MS, LOG_BURST),
    work: new Allowance(LOG_EVERY_MS, LOG_BURST),
    verdict: new Allowance(LOG_EVERY_MS, LOG_BURST),
  };

  /** `name` is the connection's; `now` is monotonic. */
  constructor(name: string, now: Now) {
    this.#name = name;
    this.#now = now;
  }

  /** How many came, of all sorts. */
  get count(): number {
    const { message, work, verdict } = this.#counts;
    return message + work + verdict;
  }

  /** One came; `why` says what is wrong with it. */
  add(sort: NoticeSort, why: string): void {
    const count = ++this.#counts[sort];
    if (!this.#logs[sort].take(this.#now())) return;
    log.warn("Pool {pool} sent something without effect: {why} ({count} so far)", {
      pool: this.#name,
      why: printable(why.slice(0, MAX_WORDS)),
      count,
    });
  }
}
