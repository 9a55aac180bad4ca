/**
 * The tokens of the status server: each is in the configuration, in a file or in a variable of the
 * environment; pure.
 *
 * Like the checks of `cross_checks.ts`, these read unchecked values.
 */

import { isGiven, isToken, type UncheckedStatus, WANTED_TOKEN } from "./bearer_token.ts";
import type { Finding, RawConfig } from "./cross_checks.ts";
import type { PasswordResult } from "./password_file.ts";
import { quote } from "./problem.ts";
import type { Config } from "./schema.ts";
import { type FoundSecrets, VARIABLE_PATTERN } from "./secrets.ts";

/** The tokens. Each may be given as `…`, `…_file` or `…_env`. */
const TOKENS = ["token", "read_token"] as const;

/** The paths of all token files. */
export function tokenFilesOf(raw: RawConfig): string[] {
  return givenOf(raw, "file").filter((path) => path.length <= 4096);
}

/** The names of all variables with a token. */
export function tokenVariablesOf(raw: RawConfig): string[] {
  return givenOf(raw, "env").filter((name) => VARIABLE_PATTERN.test(name));
}

/**
 * A token must be given once, and must be where it is said to be. `found` has the results of
 * reading the places; those that are not in it are not reported.
 */
export function wrongTokens(raw: RawConfig, found: FoundSecrets): Finding[] {
  const status = statusOf(raw);
  const findings: Finding[] = [];
  for (const token of TOKENS) {
    const keys = [token, `${token}_file`, `${token}_env`];
    const [key, second] = keys.filter((key) => isGiven(status[key]));
    if (second !== undefined) {
      const wanted = `only one of ${keys.join(", ")}`;
      findings.push({ path: ["status", second], found: "a second token", wanted });
      continue;
    }
    if (key === undefined || key === token) continue;
    const place = status[key] as string;
    const trouble = troubleOf(resultIn(key, place, found));
    if (trouble === undefined) continue;
    const what = key.endsWith("_file") ? "a readable file" : "a variable";
    findings.push({
      path: ["status", key],
      found: `${quote(place)}: ${trouble}`,
      wanted: `${what} with the token in one line`,
    });
  }
  const [all, reading] = TOKENS.map((token) => tokenIn(status, token, found));
  if (isGiven(reading) && reading === all) {
    const key = ["read_token", "read_token_file", "read_token_env"]
      .find((key) => isGiven(status[key]))!;
    const wanted = "another token than status.token, which may also change things";
    findings.push({ path: ["status", key], found: "the same token", wanted });
  }
  return findings;
}

/** `status` with the tokens that are in files and in the environment. */
export function withTokens(status: Config["status"], found: FoundSecrets): Config["status"] {
  return {
    ...status,
    token: tokenIn(status, "token", found) ?? "",
    read_token: tokenIn(status, "read_token", found) ?? "",
  };
}

function tokenIn(
  status: UncheckedStatus,
  token: typeof TOKENS[number],
  found: FoundSecrets,
): string | undefined {
  const written = status[token];
  if (isGiven(written)) return written;
  for (const key of [`${token}_file`, `${token}_env`]) {
    const place = status[key];
    const result = isGiven(place) ? resultIn(key, place, found) : undefined;
    if (result?.ok === true) return result.password;
  }
  return undefined;
}

function resultIn(
  key: string,
  place: string,
  { files, variables }: FoundSecrets,
): PasswordResult | undefined {
  return (key.endsWith("_file") ? files : variables).get(place);
}

function troubleOf(result: PasswordResult | undefined): string | undefined {
  if (result === undefined) return undefined;
  if (!result.ok) return result.trouble;
  return isToken(result.password) ? undefined : `its line is no token, which has ${WANTED_TOKEN}`;
}

function givenOf(raw: RawConfig, ending: "file" | "env"): string[] {
  const status = statusOf(raw);
  return TOKENS.map((token) => status[`${token}_${ending}`]).filter((value) => isGiven(value));
}

function statusOf({ status }: RawConfig): UncheckedStatus {
  return typeof status === "object" && status !== null ? status as UncheckedStatus : {};
}
