/**
 * Copies of pieces of text, for pieces that outlive the whole text.
 */

/**
 * The same text with memory of its own. A piece cut out by `slice` shares the memory of the whole
 * text: keeping a name would keep the whole line it came in.
 */
export function ownText(piece: string): string {
  return JSON.parse(JSON.stringify(piece));
}
