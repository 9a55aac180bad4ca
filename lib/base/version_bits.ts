/**
 * The bits of a block's version that miners may roll.
 */

/** All of them, as BIP 320 reserves them. */
export const ROLLABLE_BITS = 0x1fffe000;
