/**
 * Why a file cannot be used, in words for people: Deno's own words, except where its advice (to
 * allow the program everything) would be bad or useless.
 */

/** A clause that says why a file or folder could not be used. */
export function fileTrouble(error: unknown): string {
  if (isOfTheSystem(error)) return "Deno keeps programs out of /dev, /proc and /sys";
  return error instanceof Error ? error.message : String(error);
}

/** Whether `error` is about a path that Deno lets no program read or write. */
export function isOfTheSystem(error: unknown): boolean {
  return error instanceof Deno.errors.NotCapable && error.message.startsWith("Requires all access");
}
