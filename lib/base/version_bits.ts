/**
 * The bits of a block's version that miners may roll.
 */

/** All bits that BIP 320 reserves for rolling. */
export const ROLLABLE_BITS = 0x1fffe000;
