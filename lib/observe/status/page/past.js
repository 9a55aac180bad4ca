/**
 * The history that is looked at: asked for when another is wanted, and again when it is old.
 */

/** @import { Agent } from "./agent.js" */
/** @import { HistoryAnswer } from "./history_data.js" */

/** How old an answer may be, in milliseconds: what it has is of steps of ten minutes and more. */
const REFRESH_MS = 60_000;

export class Past {
  /** @type {Agent} */
  #agent;
  /** @type {() => void} */
  #changed;
  #path = "";
  #askedAt = -Infinity;

  /** The last answer to what is wanted; `undefined` until it is there. @type {HistoryAnswer | undefined} */
  answer;
  /** Why there is none; empty if there is, or will be. */
  problem = "";

  /** @param {Agent} agent @param {() => void} changed called when there is another answer */
  constructor(agent, changed) {
    this.#agent = agent;
    this.#changed = changed;
  }

  /**
   * Asks for it, unless it is there and new.
   *
   * @param {string} path of the history that is wanted
   */
  want(path) {
    if (path !== this.#path) {
      this.#path = path;
      this.answer = undefined;
      this.problem = "";
      this.#askedAt = -Infinity;
    }
    if (performance.now() - this.#askedAt >= REFRESH_MS) void this.#ask(path);
  }

  /** @param {string} path */
  async #ask(path) {
    this.#askedAt = performance.now();
    try {
      const answer = await this.#agent.get(path);
      if (path !== this.#path) return;
      this.answer = answer;
      this.problem = "";
    } catch (error) {
      if (path !== this.#path) return;
      this.problem = error instanceof Error ? error.message : String(error);
    }
    this.#changed();
  }
}
