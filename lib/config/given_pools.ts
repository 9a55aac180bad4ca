/**
 * A configuration without a file: pools from the command line, and the default of every other key.
 */

import { printable } from "../base/printable.ts";
import type { ConfigFile } from "./file.ts";
import { readPasswordFiles } from "./password_file.ts";
import { formatProblems } from "./problem.ts";
import { readConfig } from "./read.ts";

/** Pools of the command line. */
export interface GivenPools {
  /** Their addresses, the best first; at least one, each as `parsePoolUrl` reads it. */
  readonly urls: readonly string[];
  /** The name to mine as at each of them. */
  readonly user: string;
  /** Their password, which is visible on the command line; `undefined` for the default. */
  readonly password: string | undefined;
  /** The file it is in; `undefined` for none. */
  readonly passwordFile: string | undefined;
}

/** The configuration for `given`; reads its password file. */
export async function configOfPools(given: GivenPools): Promise<ConfigFile> {
  const { urls, user, password, passwordFile } = given;
  const passwords = await readPasswordFiles(passwordFile === undefined ? [] : [passwordFile]);
  const read = passwordFile === undefined ? undefined : passwords.get(passwordFile);
  if (read?.ok === false) {
    const found = `${printable(passwordFile ?? "")}: ${read.trouble}`;
    const message = `cannot use --password-file: found ${found}, wanted a readable file with the ` +
      "password in one line";
    return { ok: false, message, problems: [] };
  }
  const pools = urls.map((url) => ({ url, user, password, password_file: passwordFile }));
  const path = `--pool ${urls[0]}`;
  const result = readConfig(JSON.stringify({ pools }), passwords);
  if (!result.ok) {
    return { ok: false, message: formatProblems(path, result.problems), problems: [] };
  }
  // No remarks: they would name places in a file that does not exist.
  return { ok: true, path, base: "", config: result.config, remarks: [] };
}
