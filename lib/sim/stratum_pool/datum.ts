/**
 * The DATUM gateway as a client sees it: extranonce1 is a slot that comes back, a difficulty is part
 * of the job, and it is strict about what it is sent.
 */

import { formatHex32 } from "../../base/hex.ts";
import type { PoolBackground } from "./personality.ts";
import type { StratumPoolSettings } from "./settings.ts";
import type { BlockTemplate } from "./template.ts";

/** Slot 0. */
const FIRST_SLOT = 0xb10cf00f;

/** What all sessions share. */
export class DatumServer implements PoolBackground {
  readonly #settings: StratumPoolSettings;
  readonly #slots = new Set<number>();
  #template: BlockTemplate | undefined;
  #blockNumber = 0;

  /** Of a pool. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
  }

  /** The template of now. */
  get template(): BlockTemplate | undefined {
    return this.#template;
  }

  /** The number of the template the block of now began with. */
  get blockNumber(): number {
    return this.#blockNumber;
  }

  /** All addresses are welcome. */
  admits(): boolean {
    return true;
  }

  /** The lowest slot that is free: taken, until it is given back. */
  takeSlot(): number {
    let slot = 0;
    while (this.#slots.has(slot)) slot++;
    this.#slots.add(slot);
    return slot;
  }

  /** The extranonce1 of a slot. */
  extranonce1Of(slot: number): string {
    const made = formatHex32(FIRST_SLOT ^ slot);
    return this.#settings.rewrite.extranonce1?.(made) ?? made;
  }

  /** The slot is free again. */
  leave(slot: number): void {
    this.#slots.delete(slot);
  }

  /** A new template. */
  templateChanged(template: BlockTemplate): void {
    this.#template = template;
    if (template.isNewBlock) this.#blockNumber = template.number;
  }
}
