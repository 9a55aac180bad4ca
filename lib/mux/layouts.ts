/**
 * Which layout a miner gets for the life of its connection: the widest that fits every pool it may
 * come to work for, and that its firmware can work with.
 */

import { type ExtranonceLayout, WIDEST_LAYOUT } from "./terms.ts";

/** The size of a pool of which nothing is known yet. */
const USUAL_SIZE = 8;

/** Firmware that knows only sizes of 2, 4 and 8 bytes, whatever it is told. */
const EVEN_SIZES_ONLY = /^(nerdminer|han_solo)/i;

/** What the operator wants of it. */
export interface LayoutSettings {
  /** The numbers of the pools in the list. */
  readonly poolIds: readonly number[];
  /** Bytes of extranonce2 for every miner, 2 to 4; `undefined` for as many as the pools leave. */
  readonly extranonce2Bytes: number | undefined;
}

/** What is known of the pools' extranonce2 sizes, and what follows for miners. */
export class Layouts {
  #settings: LayoutSettings;
  readonly #sizes = new Map<number, number>();
  #isHeld = false;

  /** Nothing is known of any pool. */
  constructor(settings: LayoutSettings) {
    this.#settings = settings;
  }

  /** Takes other settings. Miners that are connected keep what they have. */
  reconfigure(settings: LayoutSettings): void {
    this.#settings = settings;
  }

  /** The pool with this number gives this extranonce2 size. */
  learn(poolId: number, bytes: number): void {
    this.#sizes.set(poolId, bytes);
  }

  /** Sizes are being asked for: until {@linkcode Layouts.release} nobody is given a layout. */
  hold(): void {
    this.#isHeld = true;
  }

  /** What is known now has to do. */
  release(): void {
    this.#isHeld = false;
  }

  /** Whether miners have to wait for theirs. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** What is known of the size of the pool with this number. */
  sizeOf(poolId: number): number | undefined {
    return this.#sizes.get(poolId);
  }

  /** The size of the narrowest pool in the list, 4 to 8, as far as it is known. */
  get narrowest(): number {
    const sizes = this.#settings.poolIds.map((poolId) => this.#sizes.get(poolId) ?? USUAL_SIZE);
    return Math.max(4, Math.min(USUAL_SIZE, ...sizes));
  }

  /** What a miner that subscribes now, with this software, is given; also while it is held. */
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
