/**
 * The configuration file: where it is looked for, and how it is read.
 */

import { fileTrouble } from "../base/file_trouble.ts";
import { NoFile, readTextFile } from "../base/text_file.ts";
import { DEFAULT_CONFIG_PATHS } from "./default_paths.ts";
import { readPasswordFiles } from "./password_file.ts";
import { formatProblems, type Problem, type Remark } from "./problem.ts";
import { MAX_CONFIG_LENGTH, passwordFilesIn, readConfig } from "./read.ts";
import type { Config } from "./schema.ts";

/** A usable configuration and where it was, or why there is none. */
export type ConfigFile =
  | {
    readonly ok: true;
    /** The file it is from, or the options it is made of. */
    readonly path: string;
    /** Where other relative paths of the same command line begin; empty for the working folder. */
    readonly base: string;
    readonly config: Config;
    readonly remarks: readonly Remark[];
  }
  | {
    readonly ok: false;
    /** What is wrong and what to do, perhaps in many lines; no control characters but LF. */
    readonly message: string;
    /** The same for what is wrong in the file; none if it could not be read. */
    readonly problems: readonly Problem[];
  };

/**
 * Reads the file at `path` and those of the passwords it names, or if none is named the first of
 * {@linkcode DEFAULT_CONFIG_PATHS}.
 */
export async function readConfigFile(path: string | undefined): Promise<ConfigFile> {
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
  const result = readConfig(text, await readPasswordFiles(passwordFilesIn(text)));
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
 * Where a relative `path` begins: in the working folder, or if it is not there in the one below it
 * in which somebody typed `deno task`, which itself works in the folder of deno.json.
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

/** Also if it leads nowhere or is no file: then that is said, and no other configuration taken. */
async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    const { NotADirectory, NotFound } = Deno.errors;
    return !(error instanceof NotFound || error instanceof NotADirectory);
  }
}
