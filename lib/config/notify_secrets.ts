/**
 * Addresses and tokens of channels that are not in the configuration itself, but in files or in the
 * environment.
 */

import { MAX_SECRET_LENGTH } from "./notify_schema.ts";
import { type PasswordResult, type Passwords, readPasswordFile } from "./password_file.ts";

/** Where to look for secrets. */
export interface SecretPlaces {
  /** Paths of files. */
  readonly files: readonly string[];
  /** Names of variables of the environment. */
  readonly variables: readonly string[];
}

/** What was found there, or why nothing was. */
export interface ChannelSecrets {
  /** By the path of the file. */
  readonly files: Passwords;
  /** By the name of the variable. */
  readonly variables: Passwords;
}

/** Nothing. */
export const NO_SECRETS: ChannelSecrets = { files: new Map(), variables: new Map() };

/** Reads all of them. */
export async function readChannelSecrets(
  { files, variables }: SecretPlaces,
): Promise<ChannelSecrets> {
  const paths = [...new Set(files)];
  const results = await Promise.all(
    paths.map((path) => readPasswordFile(path, MAX_SECRET_LENGTH)),
  );
  return {
    files: new Map(paths.map((path, i) => [path, results[i]!])),
    variables: new Map(variables.map((name) => [name, readVariable(name)])),
  };
}

function readVariable(name: string): PasswordResult {
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  if (state !== "granted") {
    return { ok: false, trouble: "Deno was given no permission for it (--allow-env=BTCAGENT_*)" };
  }
  const password = Deno.env.get(name)?.trim() ?? "";
  if (password === "") return { ok: false, trouble: "it is not set" };
  if (password.length > MAX_SECRET_LENGTH) {
    return { ok: false, trouble: `it has more than ${MAX_SECRET_LENGTH} characters` };
  }
  return { ok: true, password };
}
