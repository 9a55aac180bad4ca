/**
 * Text of a configuration file → a `Config`, or everything that is wrong with it.
 *
 * Pure, and never throws. It finds all problems in one pass, so that a file has to be corrected
 * only once: the schema, unknown and repeated keys, and the checks across keys are done separately,
 * and their problems are sorted in the order of the file.
 */

import * as v from "valibot";
import {
  type Finding,
  type RawConfig,
  wrongHistory,
  wrongListen,
  wrongNetworks,
  wrongProxies,
  wrongStatus,
  wrongVardiff,
} from "./cross_checks.ts";
import { type Located, plainValue, readDocument } from "./document.ts";
import { foreignFile, hintForForeignKey } from "./foreign_files.ts";
import { hintFor } from "./hints.ts";
import type { Position } from "./line_map.ts";
import { nearestWord } from "./nearest_word.ts";
import { readOldSpellings, type SpellingNotice } from "./old_spellings.ts";
import { channelSecretsOf, withChannelSecrets, wrongChannels } from "./notify_checks.ts";
import { CONFIG_OUTLINE, type Outline, outlineAt } from "./outline.ts";
import type { Passwords } from "./password_file.ts";
import {
  missingAccounts,
  passwordFilesOf,
  wrongPasswords,
  wrongUrls,
  wrongWorkers,
} from "./pool_checks.ts";
import {
  formatPath,
  MAX_PRINTED_PROBLEMS,
  type Path,
  type Problem,
  quote,
  type Remark,
} from "./problem.ts";
import { observe } from "./remarks.ts";
import { type Config, ConfigSchema } from "./schema.ts";
import { type FoundSecrets, NO_SECRETS, type SecretPlaces } from "./secrets.ts";
import { tokenFilesOf, tokenVariablesOf, withTokens, wrongTokens } from "./status_tokens.ts";
import { isBareWord } from "./tokens.ts";

/** The longest file that is read, in UTF-16 units. */
export const MAX_CONFIG_LENGTH = 1024 * 1024;

/** A usable configuration with its remarks, or all problems. */
export type ReadResult =
  | { readonly ok: true; readonly config: Config; readonly remarks: readonly Remark[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** A problem and its place in the order of the file. */
type Placed = Problem & { readonly offset: number };

/**
 * Reads the text of a configuration file: JSON, with comments and trailing commas allowed.
 *
 * @param passwords The contents of the files of {@linkcode passwordFilesIn}; pools whose file is
 * not among them have no password.
 * @param secrets What was found at the places of {@linkcode secretPlacesIn}.
 */
export function readConfig(
  text: string,
  passwords: Passwords = new Map(),
  secrets: FoundSecrets = NO_SECRETS,
): ReadResult {
  if (text.length > MAX_CONFIG_LENGTH) {
    const found = `${text.length} characters`;
    const wanted = `a configuration file of at most ${MAX_CONFIG_LENGTH}`;
    return { ok: false, problems: [{ line: 1, column: 1, path: "", found, wanted }] };
  }
  const document = readDocument(text);
  if (!document.ok) return { ok: false, problems: [document.problem] };

  const foreign = foreignFile(document.root);
  if (foreign !== undefined) return { ok: false, problems: [foreign] };
  const spellings: SpellingNotice[] = [];
  const root = readOldSpellings(document.root, CONFIG_OUTLINE, (notice) => spellings.push(notice));
  if (root.kind !== "object") {
    const { line, column } = root.at;
    const problem = {
      line,
      column,
      path: "",
      found: describe(root, []),
      wanted: "an object in { }",
    };
    return { ok: false, problems: [problem] };
  }
  const raw = plainValue(root) as RawConfig;
  const checked = v.safeParse(ConfigSchema, raw, { abortPipeEarly: true });
  const findings = [
    ...schemaFindings(checked.issues ?? []),
    ...missingAccounts(raw),
    ...wrongUrls(raw),
    ...wrongWorkers(raw),
    ...wrongPasswords(raw, passwords),
    ...wrongListen(raw),
    ...wrongProxies(raw),
    ...wrongNetworks(raw),
    ...wrongStatus(raw),
    ...wrongTokens(raw, { files: passwords, variables: secrets.variables }),
    ...wrongVardiff(raw),
    ...wrongHistory(raw),
    ...wrongChannels(raw, secrets),
  ];
  const placed = [
    ...keyProblems(root, CONFIG_OUTLINE, []),
    ...findings.map((finding) => placeFinding(root, finding)),
  ];
  if (placed.length === 0 && checked.success) {
    const config = withSecrets(checked.output, passwords, secrets);
    return { ok: true, config, remarks: remarksOn(config, root, spellings) };
  }
  placed.sort((a, b) => a.offset - b.offset);
  return { ok: false, problems: placed.map(({ offset: _, ...problem }) => problem) };
}

/** The files of passwords and tokens that the configuration in `text` names; none if unreadable. */
export function passwordFilesIn(text: string): string[] {
  const raw = rawConfigIn(text);
  return [...passwordFilesOf(raw), ...tokenFilesOf(raw)];
}

/** The places of other secrets that the configuration in `text` names. */
export function secretPlacesIn(text: string): SecretPlaces {
  const raw = rawConfigIn(text);
  const { files, variables } = channelSecretsOf(raw);
  return { files, variables: [...variables, ...tokenVariablesOf(raw)] };
}

/** The unchecked values in `text`; none if it cannot be read. */
function rawConfigIn(text: string): RawConfig {
  const document = text.length > MAX_CONFIG_LENGTH ? undefined : readDocument(text);
  if (document?.ok !== true) return {};
  const root = readOldSpellings(document.root, CONFIG_OUTLINE, () => {});
  return root.kind === "object" ? plainValue(root) as RawConfig : {};
}

function withSecrets(config: Config, passwords: Passwords, secrets: FoundSecrets): Config {
  const pools = config.pools.map((pool) => {
    if (Array.isArray(pool) || pool.password_file === undefined) return pool;
    const result = passwords.get(pool.password_file);
    return result?.ok === true ? { ...pool, password: result.password } : pool;
  });
  const { variables } = secrets;
  const status = withTokens(config.status, { files: passwords, variables });
  return withChannelSecrets({ ...config, pools, status }, secrets);
}

/** Unknown and repeated keys in this object or list and everything inside it. */
function keyProblems(located: Located, outline: Outline, path: Path): Placed[] {
  if (located.kind === "list") {
    if (outline.keys !== undefined && outline.item(0) === undefined) {
      // For valibot, a list is also an object.
      const here = { ...located.at, path: formatPath(path) };
      return [{ ...here, found: describe(located, path), wanted: outline.wanted }];
    }
    return located.items.flatMap((item, i) => {
      const known = outline.item(i);
      return known === undefined ? [] : keyProblems(item, known, [...path, i]);
    });
  }
  if (outline.keys === undefined || located.kind !== "object") return [];
  const problems: Placed[] = [];
  const seen = new Map<string, Position>();
  for (const { name, at, content } of located.members) {
    const here = { ...at, path: formatPath([...path, name]) };
    const known = outline.keys.get(name);
    const first = seen.get(name);
    if (known === undefined) {
      // Finding a hint takes a while: skip it for problems that are not printed.
      const hint = problems.length < MAX_PRINTED_PROBLEMS ? hintForKey(name, outline) : {};
      const wanted = path.length === 0 ? "a known key" : `a known key of ${formatPath(path)}`;
      problems.push({ ...here, found: `the unknown key ${quote(name)}`, wanted, ...hint });
    } else if (first !== undefined) {
      const column = first.line === at.line ? `, column ${first.column}` : "";
      const wanted = `each key once; it is already set in line ${first.line}${column}`;
      problems.push({ ...here, found: "the same key again", wanted });
    } else {
      seen.set(name, at);
    }
    if (known) problems.push(...keyProblems(content, known, [...path, name]));
  }
  return problems;
}

/** The key that was meant: one of this object, or one that belongs elsewhere. */
function hintForKey(name: string, outline: Outline): { hint?: string } {
  const foreign = hintForForeignKey(name);
  if (foreign !== undefined) return { hint: foreign };
  const nearest = nearestWord(name, outline.keys?.keys() ?? []);
  if (nearest !== undefined) return { hint: `did you mean "${nearest}"?` };
  const top = CONFIG_OUTLINE.keys ?? new Map<string, Outline>();
  if (top.has(name)) return { hint: "it belongs at the top of the file" };
  for (const [group, { keys }] of top) {
    const key = nearestWord(name, keys?.keys() ?? []);
    if (key !== undefined) return { hint: `did you mean "${key}" in "${group}": { }?` };
  }
  return {};
}

/**
 * The problems that the schema finds, except unknown keys, since it names only the first of them.
 */
function schemaFindings(issues: readonly v.InferIssue<typeof ConfigSchema>[]): Finding[] {
  return issues.flatMap((issue): Finding[] => {
    const path = (issue.path ?? []).map((step) => step.key as string | number);
    const outline = outlineAt(path);
    if (outline) return [{ path, wanted: outline.wanted }];
    if (issue.type === "strict_object") return [];
    return [{ path, wanted: "nothing more; a pool is [host, port, sub-account]" }];
  });
}

/** Finds the value at a finding's path or, if there is none, the object that lacks it. */
function placeFinding(root: Located, { path, found, wanted, hint }: Finding): Placed {
  let place = root;
  for (const [depth, step] of path.entries()) {
    const next = childOf(place, step);
    if (next === undefined) {
      const missing = path.slice(0, depth + 1);
      return { ...place.at, path: formatPath(missing), found: "nothing", wanted, ...maybe(hint) };
    }
    place = next;
  }
  return {
    ...place.at,
    path: formatPath(path),
    found: found ?? describe(place, path),
    wanted,
    ...maybe(hint ?? hintFor(path, place, wanted)),
  };
}

/** The child at a step; if a key repeats, the last one counts, as for the values. */
function childOf(located: Located, step: string | number): Located | undefined {
  if (located.kind === "list" && typeof step === "number") return located.items[step];
  if (located.kind !== "object") return undefined;
  return located.members.findLast(({ name }) => name === step)?.content;
}

/** The fields of a channel that must not be shown. */
const SECRETS_OF_CHANNELS = ["url", "headers", "token", "chat", "api"];

/** A value in words for a report; values that may be secrets are not shown. */
function describe(located: Located, path: Path): string {
  if (located.kind === "object") return "an object";
  if (located.kind === "list") return `a list of ${located.items.length}`;
  const isSecret = path[2] === "password" || located.source.includes("@") && path[2] === "url" ||
    path[0] === "notify" && SECRETS_OF_CHANNELS.includes(String(path[3]));
  const isToken = path[1] === "token" || path[1] === "read_token";
  // A secret may have been written where the name of a variable belongs.
  const isLikeSecret = String(path.at(-1)).endsWith("_env") &&
    !/^[A-Z_]{1,64}$/.test(String(located.value));
  switch (typeof located.value) {
    case "string":
      if (path[0] === "proxy" || isToken || isSecret || isLikeSecret) return "a string";
      return isBareWord(located.source)
        ? `${quote(located.value)} (a word without quotes)`
        : `${quote(located.value)} (a string)`;
    case "number":
      if (isSecret) return "a number";
      return located.source.length > 30 ? `${located.source.slice(0, 27)}...` : located.source;
    default:
      return located.source;
  }
}

function remarksOn(
  config: Config,
  root: Located,
  spellings: readonly SpellingNotice[],
): Remark[] {
  const isWritten = (path: Path) =>
    path.reduce<Located | undefined>((place, step) => place && childOf(place, step), root) !==
      undefined;
  const placed = observe(config, isWritten).map(({ kind, text, path }) => {
    const { line, column, offset } = placeFinding(root, { path, wanted: "" });
    return { kind, text, path: formatPath(path), line, column, offset };
  });
  const notices = spellings.map(({ at, path, text }) => ({
    kind: "notice" as const,
    text,
    path: formatPath(path),
    ...at,
  }));
  const all = [...placed, ...notices].sort((a, b) => a.offset - b.offset);
  return all.map(({ offset: _, ...remark }) => remark);
}

function maybe(hint: string | undefined): { hint?: string } {
  return hint === undefined ? {} : { hint };
}
