/**
 * What a bearer token of the status server looks like, and whether there is one; pure.
 */

/** What a token looks like; empty for none. */
export const TOKEN_PATTERN: RegExp = /^[\x21-\x7e]*$/;

/** The greatest length of a token. */
export const MAX_TOKEN_LENGTH = 256;

/** What a token has to look like, in words. */
export const WANTED_TOKEN = `at most ${MAX_TOKEN_LENGTH} ASCII characters without spaces`;

/** Whether `text` can be a token. */
export function isToken(text: string): boolean {
  return text.length <= MAX_TOKEN_LENGTH && TOKEN_PATTERN.test(text);
}

/** The keys of `status`, unchecked. */
export type UncheckedStatus = Readonly<Record<string, unknown>>;

/** Whether one of the tokens is given: in the configuration, in a file, or in the environment. */
export function hasTokenOf(status: UncheckedStatus, kind: "token" | "read_token"): boolean {
  return isGiven(status[kind]) || isGiven(status[`${kind}_file`]) ||
    isGiven(status[`${kind}_env`]);
}

/** Whether a key has a text. */
export function isGiven(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
