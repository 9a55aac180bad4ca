/**
 * public-pool as a client sees it: every connection has its own jobs, paid to the address it
 * authorized as, and a new difficulty applies at once to all of them.
 */

import type { Random } from "../../base/clock.ts";
import { formatHex32 } from "../../base/hex.ts";
import { randomBelow, seededRandom } from "../seeded_random.ts";
import type { PoolBackground } from "./personality.ts";
import { SEED, type StratumPoolSettings } from "./settings.ts";
import type { BlockTemplate } from "./template.ts";

/** What all sessions share. */
export class PublicServer implements PoolBackground {
  readonly #settings: StratumPoolSettings;
  readonly #random: Random;
  #template: BlockTemplate | undefined;
  #templates = 0;
  #jobs = 0;

  /** Takes extranonce1s from the seed. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
    this.#random = seededRandom(SEED);
  }

  /** The current template. */
  get template(): BlockTemplate | undefined {
    return this.#template;
  }

  /** Whether its jobs are clean: those of the first template are not, since it replaces nothing. */
  get isClean(): boolean {
    return this.#template?.isNewBlock === true && this.#templates > 1;
  }

  /** Admits all addresses. */
  admits(): boolean {
    return true;
  }

  /** Returns the extranonce1 of the next connection, which never changes. */
  nextExtranonce1(): string {
    const made = formatHex32(randomBelow(this.#random, 2 ** 32));
    return this.#settings.rewrite.extranonce1?.(made) ?? made;
  }

  /** Returns the number of the next job, of any connection. */
  nextJob(): number {
    return ++this.#jobs;
  }

  /** Takes a new template. */
  templateChanged(template: BlockTemplate): void {
    this.#template = template;
    this.#templates++;
  }
}
