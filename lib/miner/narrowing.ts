/**
 * Miners that cannot narrow what they roll: told that a pool allows fewer version bits they go on
 * with all of them, and every share is refused (NerdQAxe, Avalon Nano 3S, Braiins OS of 2020): for its
 * bits, or for too little work where the bits are left out. Pure.
 */

/** Shares in a row with bits that are not allowed, and none good between them, show it. */
export const PROVEN_OUTSIDE = 20;

/** How many shares in a row had bits that are not allowed; {@linkcode PROVEN_OUTSIDE} stays. */
export type OutsideStreak = number;

/**
 * The streak after a share for a job that came after the mask was told. One share in eight of a
 * Nano 3S is good by chance, but 20 others in a row come soon.
 */
export function noteBits(streak: OutsideStreak, isOutside: boolean): OutsideStreak {
  if (cannotNarrow(streak)) return streak;
  return isOutside ? streak + 1 : 0;
}

/** Whether the miner has shown that it cannot narrow what it rolls. */
export function cannotNarrow(streak: OutsideStreak): boolean {
  return streak >= PROVEN_OUTSIDE;
}
