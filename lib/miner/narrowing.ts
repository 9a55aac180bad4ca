/**
 * Detects miners that cannot narrow the version bits they roll: told that a pool allows fewer bits,
 * they keep rolling all of them, and every share is refused (NerdQAxe, Avalon Nano 3S, Braiins OS
 * of 2020), either for its bits or, if the miner leaves them out of the share, for too little work.
 * Pure.
 */

/**
 * This many shares in a row with bits that are not allowed, and no good one between them, are
 * proof.
 */
export const PROVEN_OUTSIDE = 20;

/**
 * How many shares in a row had bits that are not allowed; never changes again at
 * {@linkcode PROVEN_OUTSIDE}.
 */
export type OutsideStreak = number;

/**
 * The streak after a share for a job that came after the miner was told the mask. One share in
 * eight of a Nano 3S is good by chance, but soon there are 20 bad ones in a row.
 */
export function noteBits(streak: OutsideStreak, isOutside: boolean): OutsideStreak {
  if (cannotNarrow(streak)) return streak;
  return isOutside ? streak + 1 : 0;
}

/** Whether the miner is proven not to narrow the bits it rolls. */
export function cannotNarrow(streak: OutsideStreak): boolean {
  return streak >= PROVEN_OUTSIDE;
}
