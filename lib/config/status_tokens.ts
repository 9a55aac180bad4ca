/**
 * The tokens of the status server: each is in the configuration or in a file that it names; pure.
 *
 * Like the checks of `cross_checks.ts`, these read unchecked values.
 */

import { isGiven, isToken, type UncheckedStatus, WANTED_TOKEN } from "./bearer_token.ts";
import type { Finding, RawConfig } from "./cross_checks.ts";
import type { Passwords } from "./password_file.ts";
import { quote } from "./problem.ts";
import type { Config } from "./schema.ts";

/** Each token with the key of its file. */
const TOKENS = [["token", "token_file"], ["read_token", "read_token_file"]] as const;

/** The paths of all token files. */
export function tokenFilesOf(raw: RawConfig): string[] {
  const status = statusOf(raw);
  return TOKENS.flatMap(([, key]) => {
    const path = status[key];
    return isGiven(path) && path.length <= 4096 ? [path] : [];
  });
}

/**
 * A token must be given once, and its file must be readable. `files` has the results of reading
 * them; those that are not in it are not reported.
 */
export function wrongTokens(raw: RawConfig, files: Passwords): Finding[] {
  const status = statusOf(raw);
  const findings: Finding[] = [];
  for (const [key, fileKey] of TOKENS) {
    const file = status[fileKey];
    if (!isGiven(file)) continue;
    const path = ["status", fileKey];
    if (isGiven(status[key])) {
      findings.push({ path, found: "a second token", wanted: `${key} or ${fileKey}, not both` });
      continue;
    }
    const trouble = troubleOf(files, file);
    if (trouble === undefined) continue;
    const found = `${quote(file)}: ${trouble}`;
    findings.push({ path, found, wanted: "a readable file with the token in one line" });
  }
  const [all, reading] = TOKENS.map(([key, fileKey]) => tokenIn(status, key, fileKey, files));
  if (isGiven(reading) && reading === all) {
    const key = isGiven(status["read_token"]) ? "read_token" : "read_token_file";
    const wanted = "another token than status.token, which may also change things";
    findings.push({ path: ["status", key], found: "the same token", wanted });
  }
  return findings;
}

/** `status` with the tokens that are in files. */
export function withTokens(status: Config["status"], files: Passwords): Config["status"] {
  return {
    ...status,
    token: tokenIn(status, "token", "token_file", files) ?? "",
    read_token: tokenIn(status, "read_token", "read_token_file", files) ?? "",
  };
}

function tokenIn(
  status: UncheckedStatus,
  key: string,
  fileKey: string,
  files: Passwords,
): string | undefined {
  const [written, file] = [status[key], status[fileKey]];
  if (isGiven(written)) return written;
  const result = isGiven(file) ? files.get(file) : undefined;
  return result?.ok === true ? result.password : undefined;
}

function troubleOf(files: Passwords, file: string): string | undefined {
  const result = files.get(file);
  if (result === undefined) return undefined;
  if (!result.ok) return result.trouble;
  return isToken(result.password) ? undefined : `its line is no token, which has ${WANTED_TOKEN}`;
}

function statusOf({ status }: RawConfig): UncheckedStatus {
  return typeof status === "object" && status !== null ? status as UncheckedStatus : {};
}
