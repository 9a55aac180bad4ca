/**
 * Chooses the layout that a miner keeps for the life of its connection: the widest that fits every
 * pool that it may work for and that its firmware supports.
 */

import { type ExtranonceLayout, WIDEST_LAYOUT } from "./terms.ts";

/** The assumed size of a pool that is not known yet. */
const USUAL_SIZE = 8;

/** Firmware that supports only sizes of 2, 4 and 8 bytes. */
const EVEN_SIZES_ONLY = /^(nerdminer|han_solo)/i;

/** The operator's settings. */
export interface LayoutSettings {
  /** The numbers of the pools in the list. */
  readonly poolIds: readonly number[];
  /** Bytes of extranonce2 for every miner, 2 to 4; `undefined` for as many as the pools allow. */
  readonly extranonce2Bytes: number | undefined;
}

/** The known extranonce2 sizes of the pools, and the layouts that follow from them. */
export class Layouts {
  #settings: LayoutSettings;
  readonly #sizes = new Map<number, number>();
  #isHeld = false;

  /** No pool's size is known yet. */
  constructor(settings: LayoutSettings) {
    this.#settings = settings;
  }

  /** Changes the settings. Connected miners keep their layouts. */
  reconfigure(settings: LayoutSettings): void {
    this.#settings = settings;
  }

  /** Notes the extranonce2 size of the pool with this number. */
  learn(poolId: number, bytes: number): void {
    this.#sizes.set(poolId, bytes);
  }

  /**
   * Pools are being asked for their sizes: until {@linkcode Layouts.release} no miner gets a
   * layout.
   */
  hold(): void {
    this.#isHeld = true;
  }

  /** Ends the hold: layouts are given by the sizes known now. */
  release(): void {
    this.#isHeld = false;
  }

  /** Whether miners must wait for their layouts. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** The size of the pool with this number, if known. */
  sizeOf(poolId: number): number | undefined {
    return this.#sizes.get(poolId);
  }

  /** The size of the narrowest known pool in the list, 4 to 8. */
  get narrowest(): number {
    const sizes = this.#settings.poolIds.map((poolId) => this.#sizes.get(poolId) ?? USUAL_SIZE);
    return Math.max(4, Math.min(USUAL_SIZE, ...sizes));
  }

  /**
   * The layout for a miner with this software that subscribes now; also available during a hold.
   */
  layoutFor(clientAgent: string): ExtranonceLayout {
    const size = this.narrowest;
    const wanted = this.#settings.extranonce2Bytes ?? (size <= 5 ? 3 : 4);
    const most = Math.min(wanted, size === 4 ? 3 : size - 2);
    const extranonce2Bytes = most === 3 && EVEN_SIZES_ONLY.test(clientAgent) ? 2 : most;
    if (size === 4 && extranonce2Bytes === 3) return { extranonce1Bytes: 1, extranonce2Bytes };
    const isWidest = size === USUAL_SIZE && extranonce2Bytes === 4;
    return isWidest ? WIDEST_LAYOUT : { extranonce1Bytes: 2, extranonce2Bytes };
  }
}
