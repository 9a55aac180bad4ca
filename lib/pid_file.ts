/**
 * The file that says which process runs, so that `btcagent reload` finds it.
 */

import { readTextFile } from "./base/text_file.ts";
import { readConfigFile } from "./config/file.ts";
import { areaLog } from "./observe/log.ts";

const log = areaLog("agent");

/** A process id and a line feed are shorter. */
const MAX_BYTES = 32;

/** What a command did, and how the program ends with that. */
export interface Outcome {
  /** For the operator. */
  readonly text: string;
  /** 0 if it was done. */
  readonly exitCode: number;
}

/** Writes our process id to `path`. What is in the way is a line in the log: mining goes on. */
export async function writePidFile(path: string): Promise<void> {
  try {
    const folder = path.replace(/[^/\\]*$/, "");
    if (folder !== "") await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(path, `${Deno.pid}\n`);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const problem = `Cannot write the process id to ${path}: ${found}`;
    log.warn("{problem}; btcagent reload will not find this process", { problem });
  }
}

/** Removes the file, if it is still ours. */
export async function removePidFile(path: string): Promise<void> {
  try {
    if (await readPid(path) === Deno.pid) await Deno.remove(path);
  } catch {
    // It was never there, or is not ours to remove any more.
  }
}

/** Asks the btcagent that `pid_file` of the configuration names to read that configuration again. */
export async function askForReload(configPath: string | undefined): Promise<Outcome> {
  const file = await readConfigFile(configPath);
  // What runs would only refuse it, too.
  if (!file.ok) return { text: file.message, exitCode: 2 };
  const { pid_file: path } = file.config;
  if (path === undefined) {
    const text = `${file.path} has no pid_file: set it and restart, or send SIGHUP yourself`;
    return { text, exitCode: 2 };
  }
  let pid: number | undefined;
  try {
    pid = await readPid(path);
    if (pid === undefined) return failed(`cannot use ${path}: found no process id in it`);
    if (!await mayBeAgent(pid)) {
      return failed(`process ${pid}, which ${path} names, is no btcagent; is none running?`);
    }
    Deno.kill(pid, "SIGHUP");
  } catch (error) {
    if (pid === undefined && error instanceof Deno.errors.NotFound) {
      return failed(`${path} is not there: no btcagent runs with this pid_file`);
    }
    const found = error instanceof Error ? error.message : String(error);
    return failed(`cannot send SIGHUP to process ${pid ?? `of ${path}`}: ${found}`);
  }
  return { text: `Sent SIGHUP to process ${pid}; its log says what changed`, exitCode: 0 };
}

function failed(text: string): Outcome {
  return { text, exitCode: 1 };
}

async function readPid(path: string): Promise<number | undefined> {
  const text = await readTextFile(path, MAX_BYTES);
  return /^[1-9]\d{0,9}\s*$/.test(text) ? Number(text) : undefined;
}

/**
 * Whether a process was started as btcagent: by Deno, from its sources or a package, or as an
 * executable of its own. A command that has to do with a file of btcagent, such as its log, is
 * another.
 */
export function isAgent(commandLine: string): boolean {
  return /^\S*\bbtcagent[^\s/]*(?:\s|$)|\bdeno\s.*\bmain\.[jt]s(?:\s|$)/.test(commandLine);
}

/** SIGHUP ends most programs, and the id of one that crashed may be another's by now. */
async function mayBeAgent(pid: number): Promise<boolean> {
  try {
    const { success, stdout } = await new Deno.Command("ps", {
      args: ["-p", String(pid), "-o", "args="],
      stdout: "piped",
      stderr: "null",
    }).output();
    return success && isAgent(new TextDecoder().decode(stdout));
  } catch (error) {
    // Where there is no ps nothing is known of it.
    if (error instanceof Deno.errors.NotFound) return true;
    throw error;
  }
}
