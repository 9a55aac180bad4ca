/**
 * Secrets that are not in the configuration itself, but in the environment or in files: addresses
 * and tokens of channels, and tokens of the status server.
 */

import { type PasswordResult, type Passwords, readPasswordFile } from "./password_file.ts";

/** The longest secret: an address with a key in it, or a token. */
export const MAX_SECRET_LENGTH = 2048;

/** What a variable of the environment with a secret is called: one of those btcagent may read. */
export const VARIABLE_PATTERN: RegExp = /^BTCAGENT_[A-Z0-9_]{1,64}$/;

/** Where to look for secrets. */
export interface SecretPlaces {
  /** Paths of files. */
  readonly files: readonly string[];
  /** Names of variables of the environment. */
  readonly variables: readonly string[];
}

/** What was found there, or why nothing was. */
export interface FoundSecrets {
  /** By the path of the file. */
  readonly files: Passwords;
  /** By the name of the variable. */
  readonly variables: Passwords;
}

/** Nothing. */
export const NO_SECRETS: FoundSecrets = { files: new Map(), variables: new Map() };

/**
 * Reads all of them. With `mayLack`, variables that are not set are left out: those of a service are
 * not set where a person works.
 */
export async function readSecrets(
  { files, variables }: SecretPlaces,
  mayLack: boolean,
): Promise<FoundSecrets> {
  const paths = [...new Set(files)];
  const results = await Promise.all(
    paths.map((path) => readPasswordFile(path, MAX_SECRET_LENGTH)),
  );
  return {
    files: new Map(paths.map((path, i) => [path, results[i]!])),
    variables: new Map(
      variables.map((name) => [name, readVariable(name)] as const)
        .filter(([, { ok }]) => ok || !mayLack),
    ),
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
