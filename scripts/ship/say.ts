/**
 * Output of a build: results to stdout, problems to stderr.
 */

/** Prints what was built. */
export function say(text: string): void {
  // deno-lint-ignore no-console -- a script speaks on the terminal
  console.log(text);
}

/** Prints what was not built, and what to do. */
export function complain(text: string): void {
  // deno-lint-ignore no-console -- a script speaks on the terminal
  console.error(text);
}
