/**
 * Checks of the entries of `pools` that need more than one field or more than a pattern. They read
 * unchecked values, like those of `cross_checks.ts`.
 */

import type { Finding, RawConfig } from "./cross_checks.ts";
import type { Passwords } from "./password_file.ts";
import { MAX_POOL_URL_LENGTH, parsePoolUrl, WANTED_AUTHORITY_KEY } from "./pool_url.ts";
import { type Path, quote } from "./problem.ts";

/** The fields of an entry that is an object, unchecked. */
interface RawPool {
  readonly url?: unknown;
  readonly user?: unknown;
  readonly password?: unknown;
  readonly password_file?: unknown;
  readonly workers?: unknown;
  readonly insecure?: unknown;
}

/** Every entry that is an object, with its place in the list. */
function rawPools(raw: RawConfig): { readonly place: number; readonly pool: RawPool }[] {
  if (!Array.isArray(raw.pools)) return [];
  return raw.pools.flatMap((pool: unknown, place) =>
    typeof pool === "object" && pool !== null && !Array.isArray(pool) ? [{ place, pool }] : []
  );
}

/** The paths of all password files. */
export function passwordFilesOf(raw: RawConfig): string[] {
  return rawPools(raw).flatMap(({ pool: { password_file: path } }) =>
    typeof path === "string" && path !== "" && path.length <= 4096 ? [path] : []
  );
}

/** In single-user mode every pool needs a sub-account or a user. */
export function missingAccounts(raw: RawConfig): Finding[] {
  const isSingleUser = raw.multi_user_mode === undefined || raw.multi_user_mode === false;
  if (!isSingleUser || !Array.isArray(raw.pools)) return [];
  const hint = "it may be left out only in multi-user mode";
  const tuples = raw.pools.flatMap((pool: unknown, i): Finding[] => {
    // Other checks report a pool without a host and port.
    if (!Array.isArray(pool) || pool.length < 2 || (pool[2] ?? "") !== "") return [];
    return [{ path: ["pools", i, 2], wanted: "the name of your sub-account at this pool", hint }];
  });
  const objects = rawPools(raw).flatMap(({ place, pool }): Finding[] => {
    if ((pool.user ?? "") !== "") return [];
    return [{ path: ["pools", place, "user"], wanted: "the name to mine as at this pool", hint }];
  });
  return [...tuples, ...objects];
}

/**
 * Every `url` must be an address, with nothing before or after it. That of a Stratum V2 pool must
 * have the pool's key, unless the operator wants no proof.
 */
export function wrongUrls(raw: RawConfig): Finding[] {
  return rawPools(raw).flatMap(({ place, pool: { url, insecure } }): Finding[] => {
    // Other checks report values that are not a text or too long.
    if (typeof url !== "string" || url.length > MAX_POOL_URL_LENGTH) return [];
    const result = parsePoolUrl(url);
    const path: Path = ["pools", place, "url"];
    if (!result.ok) {
      const { ok: _, ...finding } = result;
      return [{ path, ...finding }];
    }
    const { kind, authorityKey } = result.url;
    if (kind !== "sv2" || authorityKey !== undefined || insecure === true) return [];
    return [{ path, wanted: WANTED_AUTHORITY_KEY, hint: WITHOUT_KEY }];
  });
}

const WITHOUT_KEY =
  "the pool publishes it; without it nothing proves that this is the pool. For a " +
  'pool on your own machine or network, "insecure": true connects without proof';

/** A Stratum V2 pool sees every worker on one connection. */
export function wrongWorkers(raw: RawConfig): Finding[] {
  return rawPools(raw).flatMap(({ place, pool: { url, workers } }): Finding[] => {
    if (workers !== "connection" || typeof url !== "string") return [];
    const result = parsePoolUrl(url.slice(0, MAX_POOL_URL_LENGTH));
    if (!result.ok || result.url.kind !== "sv2") return [];
    const wanted = '"one" or "each" at a Stratum V2 pool';
    const hint = "all miners share one connection there, also where the pool sees each worker";
    return [{ path: ["pools", place, "workers"], wanted, hint }];
  });
}

/**
 * A pool must have at most one password, and its password file must be readable. `passwords` has
 * the results of reading the files; files that are not in it are not reported.
 */
export function wrongPasswords(raw: RawConfig, passwords: Passwords): Finding[] {
  return rawPools(raw).flatMap(({ place, pool }): Finding[] => {
    const { password, password_file: file } = pool;
    if (typeof file !== "string" || file === "") return [];
    const path: Path = ["pools", place, "password_file"];
    if (password !== undefined) {
      return [{ path, found: "a second password", wanted: "password or password_file, not both" }];
    }
    const result = passwords.get(file);
    if (result === undefined || result.ok) return [];
    const found = `${quote(file)}: ${result.trouble}`;
    return [{ path, found, wanted: "a readable file with the password in one line" }];
  });
}
