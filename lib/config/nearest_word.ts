/** Finds the word that was meant by a mistyped one. */

/**
 * The word of `known` that takes the fewest changed, added, dropped or swapped
 * letters to get from `word`, ignoring case; `undefined` if even that one needs
 * more than a third of its letters changed.
 */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  let nearest: string | undefined;
  let fewest = Infinity;
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(candidate.length / 3));
    // A word of very different length cannot be near: skip it without counting edits.
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const edits = countEdits(word.toLowerCase(), candidate.toLowerCase());
    if (edits <= limit && edits < fewest) [nearest, fewest] = [candidate, edits];
  }
  return nearest;
}

/** Optimal string alignment distance, row by row. */
function countEdits(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const change = from[i - 1] === to[j - 1] ? 0 : 1;
      let edits = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + change);
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        edits = Math.min(edits, beforeLast[j - 2]! + 1);
      }
      row.push(edits);
    }
    [beforeLast, last] = [last, row];
  }
  return last[to.length]!;
}
