/**
 * Long work in steps: a generator takes one step up to each `yield` and returns the result of all.
 * The caller decides what happens between two steps.
 */

/** This many items are left to the built-in sort, which cannot be interrupted. */
const RUN = 256;

/** Items moved in a step. */
const STEP = 256;

/** Takes all steps at once. */
export function finished<T>(steps: Generator<unknown, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/** `items` in the order of `compare`, as `toSorted` gives it, in steps. */
export function* sorted<T>(
  items: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += RUN) {
    runs.push(items.slice(start, start + RUN).sort(compare));
    yield;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let pair = 0; pair < runs.length; pair += 2) {
      const [one, other] = [runs[pair]!, runs[pair + 1]];
      merged.push(other === undefined ? one : yield* merge(one, other, compare));
    }
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(
  one: readonly T[],
  other: readonly T[],
  compare: (a: T, b: T) => number,
): Generator<void, T[]> {
  const all: T[] = [];
  let [i, j] = [0, 0];
  while (i < one.length && j < other.length) {
    // Equal items keep their order.
    all.push(compare(one[i]!, other[j]!) <= 0 ? one[i++]! : other[j++]!);
    if (all.length % STEP === 0) yield;
  }
  for (const [rest, from] of [[one, i], [other, j]] as const) {
    for (let at = from; at < rest.length; at++) all.push(rest[at]!);
  }
  return all;
}
