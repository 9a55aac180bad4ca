/**
 * What the fields of a pool may contain, for the schema of the file and for the command line; pure.
 */

/** The most pools in a list. */
export const MAX_POOLS = 64;

/** The longest `user`: an address of 62 characters and a worker name, with room to spare. */
export const MAX_USER_LENGTH = 128;

/** The longest password, in UTF-16 units. */
export const MAX_PASSWORD_LENGTH = 256;

/** What a user has to look like, in words. */
export const WANTED_USER = `a name without spaces, at most ${MAX_USER_LENGTH} characters`;

/** What a password has to look like, in words. */
export const WANTED_PASSWORD = `one line of at most ${MAX_PASSWORD_LENGTH} characters`;

/** No blanks and no invisible characters: the pool would read them as part of the name. */
export const NAME_PATTERN: RegExp =
  // deno-lint-ignore no-control-regex -- they are among what must not be in a name
  /^[^\s\u0000-\u001f\u007f-\u009f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]*$/;

/** One line of text, which may have blanks. */
export const PASSWORD_PATTERN: RegExp =
  // deno-lint-ignore no-control-regex -- they are what must not be in a password
  /^[^\u0000-\u001f\u007f-\u009f]*$/;

/** Whether `text` can be the name of an account or a user; it may be empty. */
export function isUser(text: string): boolean {
  return text.length <= MAX_USER_LENGTH && NAME_PATTERN.test(text);
}

/** Whether `text` can be a password; it may be empty. */
export function isPassword(text: string): boolean {
  return text.length <= MAX_PASSWORD_LENGTH && PASSWORD_PATTERN.test(text);
}
