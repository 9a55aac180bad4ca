/**
 * What a bearer token looks like; pure.
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
