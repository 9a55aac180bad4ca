/** What a build says: results to stdout, trouble to stderr. */

/** Says what was built. */
export function say(text: string): void {
  // deno-lint-ignore no-console -- a script speaks on the terminal
  console.log(text);
}

/** Says what was not, and what to do. */
export function complain(text: string): void {
  // deno-lint-ignore no-console -- a script speaks on the terminal
  console.error(text);
}
