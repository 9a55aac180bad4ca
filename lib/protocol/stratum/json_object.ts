/**
 * A line of JSON as an object; pure.
 */

/**
 * Lists nested directly in lists. 19,000 such levels, in 38 KB, take JSON.parse 20 ms or more; with
 * anything between the brackets fewer levels fit, and take a twentieth of the time.
 */
const NESTED_LISTS = "[".repeat(64);

/** A line up to this length is always parsed. */
const HARMLESS_LENGTH = 8192;

/** The levels of lists in lists that a long line may not have. */
export const TOO_DEEP: number = NESTED_LISTS.length;

/** Whether a line would take long to parse: for pools' lines, which are long. */
export function isTooDeep(text: string): boolean {
  return text.length > HARMLESS_LENGTH && text.includes(NESTED_LISTS);
}

/** Whether a value is an object, and no list. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What `text` says; `undefined` when it is not a JSON object. */
export function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
