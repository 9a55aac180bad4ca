/**
 * Handles messages of a pool that have nothing to do with work, at any stage: answers questions,
 * logs texts, and counts messages without a meaning. Each at a bounded rate.
 */

import { Allowance } from "../../base/allowance.ts";
import type { Now } from "../../base/clock.ts";
import { printable } from "../../base/printable.ts";
import { PoolFault } from "../../base/violation.ts";
import { areaLog } from "../../observe/log.ts";
import { ERROR_CODE } from "../../protocol/stratum/error_code.ts";
import { formatErrorReply, quote } from "../../protocol/stratum/message.ts";
import type { PoolMessage } from "../../protocol/stratum/pool_message.ts";
import { pingAnswer, versionAnswer } from "../../protocol/stratum/pool_request.ts";
import type { RequestId } from "../../protocol/stratum/request_id.ts";

/** We answer one question of a pool a second in the long run, and this number at once. */
const ANSWER_EVERY_MS = 1_000;
const ANSWER_BURST = 30;

/** Lines without a meaning: a server that sends more is not a pool. */
const NONSENSE_EVERY_MS = 1_000;
const NONSENSE_BURST = 100;

/** Log lines about each: one a minute in the long run, and this number at once. */
const LOG_EVERY_MS = 60_000;
const LOG_BURST = 3;

/** The longest text of a pool that is logged, in characters. */
const MAX_SHOWN_CHARS = 200;

/** A question with a longer id gets no answer, in characters. */
const MAX_ID_CHARS = 64;

/** What {@linkcode Courtesies} works with. */
export interface CourtesyParts {
  /** The connection's name, for the log. */
  readonly name: string;
  /** The version of btcagent. */
  readonly version: string;
  /** Monotonic, in milliseconds. */
  readonly now: Now;
  /** Writes a line. */
  readonly send: (line: string) => void;
}

const log = areaLog("pool");

/** Handles such messages on one connection. */
export class Courtesies {
  readonly #parts: CourtesyParts;
  readonly #answers = new Allowance(ANSWER_EVERY_MS, ANSWER_BURST);
  readonly #nonsense = new Allowance(NONSENSE_EVERY_MS, NONSENSE_BURST);
  readonly #nonsenseLog = new Allowance(LOG_EVERY_MS, LOG_BURST);
  readonly #messageLog = new Allowance(LOG_EVERY_MS, LOG_BURST);
  /** Messages without a meaning: not JSON, or with an impossible difficulty or mask. */
  #ignored = 0;

  /** Starts with full rates and no counts. */
  constructor(parts: CourtesyParts) {
    this.#parts = parts;
  }

  /**
   * Handles a message, if it is one of these.
   *
   * @returns whether it was.
   * @throws PoolFault `nonsense` when too many have no meaning.
   */
  take(message: PoolMessage): boolean {
    const { name, version } = this.#parts;
    switch (message.kind) {
      case "ping":
        this.#answer(message.id, (id) => pingAnswer(id));
        return true;
      case "getVersion":
        this.#answer(message.id, (id) => versionAnswer(id, version));
        return true;
      case "unknown":
        log.debug("Pool {pool} sent {method}, ignored", {
          pool: name,
          method: quote(message.method),
        });
        this.#answer(message.id, (id) => formatErrorReply(id, ERROR_CODE.unknown));
        return true;
      case "showMessage":
        if (this.#messageLog.take(this.#parts.now())) {
          const text = printable(message.text.slice(0, MAX_SHOWN_CHARS));
          log.info("Pool {pool} says: {text}", { pool: name, text });
        }
        return true;
      case "nonsense":
        this.ignore(message.why);
        return true;
      default:
        return false;
    }
  }

  /** Counts a message without a meaning. @throws PoolFault `nonsense` when there are too many. */
  ignore(why: string): void {
    this.#ignored++;
    const time = this.#parts.now();
    if (!this.#nonsense.take(time)) {
      throw new PoolFault(
        "nonsense",
        `Cannot understand this pool: ${this.#ignored} of its messages have no meaning, the ` +
          `last: ${why}; check that this is the address of a Stratum pool`,
      );
    }
    if (!this.#nonsenseLog.take(time)) return;
    log.warn("Pool {pool} sent a message without a meaning, ignored: {why}", {
      pool: this.#parts.name,
      why,
    });
  }

  /** Answers a question; a message without an id gets no answer. */
  #answer(id: RequestId, line: (id: RequestId) => string): void {
    if (id === null || String(id).length > MAX_ID_CHARS) return;
    if (this.#answers.take(this.#parts.now())) this.#parts.send(line(id));
  }
}
