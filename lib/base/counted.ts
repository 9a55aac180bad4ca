/** Numbers of things in words. */

/** As in `1 byte` and `4 bytes`; `noun` is the word for one. */
export function counted(count: number | string, noun: string): string {
  return `${count} ${noun}${String(count) === "1" ? "" : "s"}`;
}
