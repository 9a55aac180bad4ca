/**
 * Finds and reads the configuration file.
 */

import { fileTrouble } from "../base/file_trouble.ts";
import { NoFile, readTextFile } from "../base/text_file.ts";
import { DEFAULT_CONFIG_PATHS } from "./default_paths.ts";
import { readPasswordFiles } from "./password_file.ts";
import { formatProblems, type Problem, type Remark } from "./problem.ts";
import { MAX_CONFIG_LENGTH, passwordFilesIn, readConfig, secretPlacesIn } from "./read.ts";
import type { Config } from "./schema.ts";
import { readSecrets } from "./secrets.ts";

/** A usable configuration and where it was, or why there is none. */
export type ConfigFile =
  | {
    readonly ok: true;
    /** The file it comes from, or the options it was made from. */
    readonly path: string;
    /**
     * The folder for other relative paths of the same command line; empty for the working folder.
     */
    readonly base: string;
    readonly config: Config;
    readonly remarks: readonly Remark[];
  }
  | {
    readonly ok: false;
    /** What is wrong and what to do, perhaps in many lines; LF is the only control character. */
    readonly message: string;
    /** The problems in the file; empty if it could not be read. */
    readonly problems: readonly Problem[];
  };

/**
 * Reads the file at `path`, or without one the first of {@linkcode DEFAULT_CONFIG_PATHS} that
 * exists, and the secrets that it names.
 *
 * @param mayLackVariables Whether secrets may be missing whose variable is not set, as where a
 * person asks about a service.
 */
export async function readConfigFile(
  path: string | undefined,
  { mayLackVariables = false }: { readonly mayLackVariables?: boolean } = {},
): Promise<ConfigFile> {
  const found = path ?? await firstExisting(DEFAULT_CONFIG_PATHS);
  if (found === undefined) {
    return refusal(
      `no configuration found: looked for ${DEFAULT_CONFIG_PATHS.join(" and ")}; ` +
        "copy conf/agent.example.jsonc to conf/agent.jsonc and put your sub-account into it, " +
        "or name a file with -c",
    );
  }
  const base = path === undefined ? "" : await baseOf(path);
  const file = `${base}${found}`;
  let text: string;
  try {
    text = await readTextFile(file, MAX_CONFIG_LENGTH);
  } catch (error) {
    const reason = fileTrouble(error);
    const advice = error instanceof NoFile ? "name a file with -c" : "name a readable file with -c";
    return refusal(
      `cannot read the configuration ${found}: ${reason}; ${advice}${taskHint(found)}`,
    );
  }
  const result = readConfig(
    text,
    await readPasswordFiles(passwordFilesIn(text)),
    await readSecrets(secretPlacesIn(text), mayLackVariables),
  );
  if (!result.ok) {
    const { problems } = result;
    return { ok: false, message: formatProblems(file, problems), problems };
  }
  return { ok: true, path: file, base, config: result.config, remarks: result.remarks };
}

function refusal(message: string): ConfigFile {
  return { ok: false, message, problems: [] };
}

async function firstExisting(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isThere(path)) return path;
  return undefined;
}

/**
 * The folder for a relative `path`: the working folder, or, if it is not there, the folder below it
 * in which `deno task` was typed; `deno task` itself works in the folder of deno.json.
 */
async function baseOf(path: string): Promise<string> {
  const folder = taskFolder();
  if (folder === undefined || path.startsWith("/") || await isThere(path)) return "";
  return await isThere(`${folder}/${path}`) ? `${folder}/` : "";
}

/** The folder in which `deno task` was typed, if that is one below the working folder. */
function taskFolder(): string | undefined {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "INIT_CWD" });
  const folder = state === "granted" ? Deno.env.get("INIT_CWD") : undefined;
  return folder?.startsWith(`${Deno.cwd()}/`) ? folder : undefined;
}

function taskHint(path: string): string {
  const folder = taskFolder();
  if (folder === undefined || path.startsWith("/")) return "";
  return `; it was looked for in ${Deno.cwd()} and ${folder}`;
}

/**
 * Whether anything has this name, even a broken link: then this is reported, and no other file
 * read.
 */
async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    return !(error instanceof NotFound || error instanceof NotADirectory);
  }
}
