/**
 * public-pool as a client sees it: every connection has jobs of its own, paid to the address it
 * authorized as, and a difficulty counts at once for all of them.
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

  /** Extranonce1s come out of the seed. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
    this.#random = seededRandom(SEED);
  }

  /** The template of now. */
  get template(): BlockTemplate | undefined {
    return this.#template;
  }

  /** Whether jobs on it are said to be clean: not those of the first, which replaces nothing. */
  get isClean(): boolean {
    return this.#template?.isNewBlock === true && this.#templates > 1;
  }

  /** All addresses are welcome. */
  admits(): boolean {
    return true;
  }

  /** The extranonce1 of the next connection, which keeps it. */
  nextExtranonce1(): string {
    const made = formatHex32(randomBelow(this.#random, 2 ** 32));
    return this.#settings.rewrite.extranonce1?.(made) ?? made;
  }

  /** The number of the next job, of whatever connection. */
  nextJob(): number {
    return ++this.#jobs;
  }

  /** A new template. */
  templateChanged(template: BlockTemplate): void {
    this.#template = template;
    this.#templates++;
  }
}
