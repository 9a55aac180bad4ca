/**
 * Files that contain only a pool's password, so that it is neither in a configuration nor on a
 * command line.
 */

import { fileTrouble } from "../base/file_trouble.ts";
import { readTextFile } from "../base/text_file.ts";
import { MAX_PASSWORD_LENGTH, PASSWORD_PATTERN } from "./pool_fields.ts";

/** The longest file that is read, in bytes: room for a long password and its line end. */
const MAX_FILE_BYTES = 4096;

/** A password, or the reason why there is none, which never shows the contents of the file. */
export type PasswordResult =
  | { readonly ok: true; readonly password: string }
  | { readonly ok: false; readonly trouble: string };

/** Passwords by the paths of their files. */
export type Passwords = ReadonlyMap<string, PasswordResult>;

/**
 * Reads the password in the file at `path`, without the line end after it. It may have at most
 * `maxLength` UTF-16 units.
 */
export async function readPasswordFile(
  path: string,
  maxLength: number = MAX_PASSWORD_LENGTH,
): Promise<PasswordResult> {
  let text: string;
  try {
    text = await readTextFile(path, MAX_FILE_BYTES);
  } catch (error) {
    return { ok: false, trouble: fileTrouble(error) };
  }
  const password = text.replace(/^\uFEFF/, "").replace(/\r?\n$/, "");
  if (password === "") return { ok: false, trouble: "it is empty" };
  if (!PASSWORD_PATTERN.test(password)) {
    return { ok: false, trouble: "it has more than one line, or control characters" };
  }
  if (password.length > maxLength) {
    const trouble = `its line has ${password.length} characters, at most ${maxLength}`;
    return { ok: false, trouble: `${trouble} are possible` };
  }
  return { ok: true, password };
}

/** Reads each of the files at `paths`. */
export async function readPasswordFiles(paths: readonly string[]): Promise<Passwords> {
  const distinct = [...new Set(paths)];
  const results = await Promise.all(distinct.map((path) => readPasswordFile(path)));
  return new Map(distinct.map((path, i) => [path, results[i]!]));
}
