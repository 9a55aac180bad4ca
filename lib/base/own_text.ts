/**
 * Pieces of long texts that are kept for long.
 */

/**
 * The same text with memory of its own. What `slice` cuts out of a longer one shares that one's
 * memory: as long as a name is kept, so is the whole line it came in.
 */
export function ownText(piece: string): string {
  return JSON.parse(JSON.stringify(piece));
}
