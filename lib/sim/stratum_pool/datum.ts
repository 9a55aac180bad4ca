/**
 * The DATUM gateway as a client sees it: extranonce1 is a slot that is reused, a difficulty is part
 * of the job, and messages are checked strictly.
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

  /** Plays the server of a pool with these settings. */
  constructor(settings: StratumPoolSettings) {
    this.#settings = settings;
  }

  /** The current template. */
  get template(): BlockTemplate | undefined {
    return this.#template;
  }

  /** The number of the first template of the current block. */
  get blockNumber(): number {
    return this.#blockNumber;
  }

  /** Admits all addresses. */
  admits(): boolean {
    return true;
  }

  /** Takes the lowest free slot, until it is given back. */
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

  /** Gives the slot back. */
  leave(slot: number): void {
    this.#slots.delete(slot);
  }

  /** Takes a new template. */
  templateChanged(template: BlockTemplate): void {
    this.#template = template;
    if (template.isNewBlock) this.#blockNumber = template.number;
  }
}
