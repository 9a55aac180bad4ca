/** What a pool says of extranonces when we subscribe. */

/** The size in the result of a subscribe answer; `undefined` if there is none. */
export function sizeIn(result: unknown): number | undefined {
  const bytes: unknown = Array.isArray(result) ? result[2] : undefined;
  return Number.isSafeInteger(bytes) ? bytes as number : undefined;
}
