/**
 * btcagent as its users run it: a process of its own, its output read line by line.
 */

import settings from "../../deno.json" with { type: "json" };
import { PATIENCE_MS } from "./patience.ts";

/** Its first file. */
export const MAIN: string = new URL("../../main.ts", import.meta.url).pathname;

/** What the `start` task gives the program: its flags, and with them its permissions. */
export const START_FLAGS: readonly string[] = (settings.tasks.start.command as string).split(" ")
  .filter((word) => word.startsWith("--"));

/** How a program ended. */
export interface Ending {
  /** The exit code. */
  readonly code: number;
  /** All of stdout. */
  readonly stdout: string;
  /** All of stderr. */
  readonly stderr: string;
}

/** The command line of `btcagent ...args`, with the flags of the `start` task. */
export function commandOf(args: readonly string[]): string[] {
  return [Deno.execPath(), "run", "--no-check", ...START_FLAGS, MAIN, ...args];
}

/** A running btcagent; killed with `await using` if it still runs. */
export class Program {
  readonly #child: Deno.ChildProcess;
  readonly #ending: Promise<Ending>;
  #stdout = "";
  #stderr = "";
  #isOver = false;
  #changed: (() => void) | undefined;

  /**
   * Starts `btcagent ...args` in `cwd` with the permissions of the `start` task, and with at most
   * `openFiles` files if that is given.
   */
  constructor(args: readonly string[], cwd?: string, openFiles?: number);
  /** Starts the program in another way: `command` is all of its command line. */
  constructor(how: { readonly command: readonly string[] }, cwd?: string);
  constructor(
    how: readonly string[] | { readonly command: readonly string[] },
    cwd?: string,
    openFiles?: number,
  ) {
    const command = "command" in how ? [...how.command] : commandOf(how);
    if (openFiles !== undefined) {
      command.unshift("sh", "-c", `ulimit -n ${openFiles} && exec "$@"`, "sh");
    }
    this.#child = new Deno.Command(command[0]!, {
      args: command.slice(1),
      ...(cwd === undefined ? {} : { cwd }),
      env: { NO_COLOR: "1" },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const read = async (stream: ReadableStream<Uint8Array>, add: (text: string) => void) => {
      const decoder = new TextDecoder();
      for await (const bytes of stream) {
        add(decoder.decode(bytes, { stream: true }));
        this.#changed?.();
      }
    };
    const stdout = read(this.#child.stdout, (text) => this.#stdout += text);
    const stderr = read(this.#child.stderr, (text) => this.#stderr += text);
    this.#ending = Promise.all([this.#child.status, stdout, stderr]).then(([{ code }]) => {
      this.#isOver = true;
      this.#changed?.();
      return { code, stdout: this.#stdout, stderr: this.#stderr };
    });
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid;
  }

  /** What it has written to stdout and stderr so far. */
  get output(): string {
    return this.#stdout + this.#stderr;
  }

  /**
   * Settles once `text` has been written; rejects when the program ends before, or is killed
   * because it took too long.
   */
  async wrote(text: string): Promise<void> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    try {
      while (!this.output.includes(text)) {
        if (this.#isOver) throw new Error(`It never wrote "${text}", but:\n${this.output}`);
        await new Promise<void>((resolve) => this.#changed = resolve);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** How it ended; killed when it takes too long. */
  async ended(): Promise<Ending> {
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), PATIENCE_MS);
    const ending = await this.#ending;
    clearTimeout(timer);
    return ending;
  }

  /** Ends it, if it still runs. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (!this.#isOver) this.#child.kill("SIGKILL");
    } catch (error) {
      // It has ended, and what it started still has its output.
      if (!(error instanceof TypeError)) throw error;
    }
    await this.#ending;
  }
}
