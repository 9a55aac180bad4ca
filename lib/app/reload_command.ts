/**
 * `btcagent reload`: makes the btcagent that a configuration's `pid_file` names reload that
 * configuration.
 */

import { fileTrouble } from "../base/file_trouble.ts";
import { readConfigFile } from "../config/file.ts";
import { holderOf, PidFileTaken } from "../host/pid_file.ts";
import { Processes } from "../host/processes.ts";

/** What the command did, and its exit code. */
export interface Outcome {
  /** For the operator. */
  readonly text: string;
  /** 0 if it was done. */
  readonly exitCode: number;
}

/** Sends SIGHUP, but only to a process that is certainly a btcagent. */
export async function askForReload(configPath: string | undefined): Promise<Outcome> {
  const file = await readConfigFile(configPath, { mayLackVariables: true });
  // The running btcagent would refuse this file too.
  if (!file.ok) return { text: file.message, exitCode: 2 };
  const { pid_file: path } = file.config;
  if (path === undefined) {
    const text = `${file.path} has no pid_file: set it and restart, or send SIGHUP yourself`;
    return { text, exitCode: 2 };
  }
  let pid: number;
  try {
    pid = await holderOf(path);
  } catch (error) {
    if (error instanceof PidFileTaken) {
      return failed(`cannot use ${path}: ${error.message}; no btcagent runs with it`);
    }
    if (error instanceof Deno.errors.NotFound) {
      return failed(`${path} is not there: no btcagent runs with this pid_file${relativeTo(path)}`);
    }
    return failed(`cannot read ${path}: ${fileTrouble(error)}`);
  }
  const processes = Processes.load();
  try {
    return processes === undefined ? await askByDeno(pid, path) : await ask(processes, pid, path);
  } finally {
    processes?.close();
  }
}

async function ask(processes: Processes, pid: number, path: string): Promise<Outcome> {
  const info = await processes.find(pid);
  if (info === undefined) {
    return failed(
      `cannot see process ${pid}, which ${path} names: is it in a container? Run this there`,
    );
  }
  if (!isAgent(info.args.join(" "))) return notAgent(pid, path);
  if (await processes.hangUp(pid)) return asked(pid);
  return failed(`cannot send SIGHUP to process ${pid}: run this as the same user, or as root`);
}

/** Does the same where the C library cannot be used to look at processes. */
async function askByDeno(pid: number, path: string): Promise<Outcome> {
  try {
    if (await mayBeAgent(pid) === false) return notAgent(pid, path);
    Deno.kill(pid, "SIGHUP");
    return asked(pid);
  } catch (error) {
    const advice = error instanceof Deno.errors.NotCapable
      ? "; use deno task reload with the same -c"
      : "";
    return failed(`cannot send SIGHUP to process ${pid}: ${messageOf(error)}${advice}`);
  }
}

function asked(pid: number): Outcome {
  return { text: `Sent SIGHUP to process ${pid}; its log says what changed`, exitCode: 0 };
}

function notAgent(pid: number, path: string): Outcome {
  return failed(`process ${pid}, which ${path} names, is not btcagent; is it in a container?`);
}

function failed(text: string): Outcome {
  return { text, exitCode: 1 };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function relativeTo(path: string): string {
  if (path.startsWith("/")) return "";
  return ` in ${Deno.cwd()}; btcagent looks for this path in the folder it is started in`;
}

/**
 * Whether a process was started as btcagent: by Deno, from its sources or a package, or as its own
 * executable. A command that only uses a file of btcagent, such as its log, does not count.
 */
export function isAgent(commandLine: string): boolean {
  return /^\S*\bbtcagent[^\s/]*(?:\s|$)|\bdeno\s.*\bmain\.[jt]s(?:\s|$)/.test(commandLine);
}

/**
 * Whether it may be a btcagent; `undefined` where no `ps` can tell: then the lock has to be enough.
 */
async function mayBeAgent(pid: number): Promise<boolean | undefined> {
  try {
    const { success, stdout } = await new Deno.Command("ps", {
      args: ["-p", String(pid), "-o", "args="],
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? isAgent(new TextDecoder().decode(stdout)) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
