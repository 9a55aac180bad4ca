/**
 * Which version bits a simulated miner rolls and which it sends, from what it asked for and the
 * masks it was sent: much firmware cannot be narrowed once it has started.
 */

import type { Firmware } from "./firmware.ts";

/** All bits that any firmware rolls. */
const ROLLING = 0x1fffe000;
/** The bits from which Avalon builds its table. */
const TABLE = 0x1fff8000;
/** With fewer bits, entries of the old table remain. */
const LEAST_TABLE_BITS = 6;

/** The masks for one job. */
export interface MaskInUse {
  /** Bits the server allows. */
  readonly allowed: number;
  /** Bits the miner's chips roll, allowed or not. */
  readonly rolled: number;
  /** Whether a submit has a sixth parameter. */
  readonly isSent: boolean;
}

/** The version bits of one connection. */
export class ToldMask {
  readonly #firmware: Pick<Firmware, "laterMask" | "alwaysSendsVersion" | "withoutRolling">;
  /** The bits asked for in configure; 0 for no version rolling. */
  asked = 0;
  #allowed = 0;
  #rolled = 0;
  /** Whether it was refused and still rolls, until it is sent a mask. */
  #isUnasked = false;

  /** Follows the rules of a firmware. */
  constructor(firmware: Pick<Firmware, "laterMask" | "alwaysSendsVersion" | "withoutRolling">) {
    this.#firmware = firmware;
  }

  /** The bits the server allowed last. */
  get allowed(): number {
    return this.#allowed;
  }

  /** Notes the mask in the answer to configure; 0 for no rolling. */
  configured(mask: number): void {
    this.#allowed = mask;
    this.#isUnasked = mask === 0 && this.#firmware.withoutRolling === "rollsAllTheSame";
    this.#rolled = this.#isUnasked || this.#firmware.laterMask === "ignored"
      ? ROLLING
      : (mask & ROLLING) >>> 0;
  }

  /** Notes `mining.set_version_mask`: it is obeyed with the next job, or not. */
  told(mask: number): void {
    this.#allowed = mask;
    this.#isUnasked = false;
  }

  /** Notes a job and returns its masks. */
  begin(): MaskInUse {
    if (this.asked === 0) return { allowed: 0, rolled: 0, isSent: false };
    this.#rolled = this.#rolledFrom(this.#allowed);
    const isSent = this.#firmware.alwaysSendsVersion || this.#allowed !== 0 ||
      this.#firmware.laterMask === "ignored";
    return { allowed: this.#allowed, rolled: this.#rolled, isSent };
  }

  #rolledFrom(mask: number): number {
    switch (this.#firmware.laterMask) {
      case "ignored":
        return this.#rolled;
      case "obeyed":
        return this.#isUnasked ? this.#rolled : (mask & ROLLING) >>> 0;
      case "tabled":
        if (mask === 0) return this.#rolled;
        return bitsOf(mask & TABLE) < LEAST_TABLE_BITS
          ? (this.#rolled | mask & ROLLING) >>> 0
          : (mask & ROLLING) >>> 0;
    }
  }
}

function bitsOf(mask: number): number {
  let count = 0;
  for (let rest = mask >>> 0; rest !== 0; rest = (rest & rest - 1) >>> 0) count++;
  return count;
}
