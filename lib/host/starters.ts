/**
 * Watches the programs that started this one as a task: `deno task`, and if that came from npm,
 * also the shell and npx before it. People signal the program that they started, not this one.
 * `deno task` passes signals on. npx does not: SIGTERM ends it and its shell, SIGHUP and SIGKILL
 * end it alone, and this program would keep running with its ports but without the process that
 * people know.
 *
 * Pure, except for the timer of {@linkcode StarterWatch}.
 */

import type { Time, Timer } from "../base/clock.ts";
import type { Processes, ProcessInfo } from "./processes.ts";

/** A program that started this one. */
export interface Starter {
  /** Its process id. */
  readonly pid: number;
  /** When it was started. */
  readonly startedAt: string;
  /** Its command line, cut. */
  readonly command: string;
}

/** What this program does when a program that started it has ended. */
export type Loss =
  /** It was told to stop: we stop, too. */
  | { readonly kind: "stop"; readonly command: string }
  /** Only npx has ended, as on SIGHUP, which it cannot pass on: we reload. */
  | { readonly kind: "reload"; readonly command: string }
  /** Their terminal was closed, which ended all programs without nohup: we stay. */
  | { readonly kind: "stay"; readonly command: string };

/** More generations than any task runner has. */
const MAX_STARTERS = 8;

/** How often they are checked, in milliseconds. */
const WATCH_MS = 500;

/** A SIGHUP to us at most this long before explains why they have ended, in milliseconds. */
const HANG_UP_MS = 10_000;

const RUNNERS = /^(?:deno|npm|npx|node|nodejs|pnpm|yarn|bunx?)(?:[-@.\d]*|\.exe)$/;
/** `task` as deno's command, whatever deno's name and quotes are. */
const TASK = /\bdeno(?:@[\w.-]+)?['"]?(?:\s+-\S+)*\s+task\b/;
const SHELLS = /^(?:sh|bash|dash|ash|busybox|zsh|ksh)$/;

/** The programs that started process `pid`'s child as a task, innermost first. */
export async function startersFrom(
  pid: number,
  find: (pid: number) => Promise<ProcessInfo | undefined>,
): Promise<Starter[]> {
  const found: (Starter & { readonly isShell: boolean })[] = [];
  while (found.length < MAX_STARTERS) {
    const info = await find(pid);
    if (info === undefined) break;
    const command = info.args.join(" ");
    const program = /^\S*/.exec(command)![0].replace(/^.*\//, "").replace(/^-/, "");
    const isShell = SHELLS.test(program);
    if (!isShell && !RUNNERS.test(program) || !TASK.test(command)) break;
    found.push({ pid, startedAt: info.startedAt, command: command.trim().slice(0, 60), isShell });
    pid = info.parent;
  }
  // A shell outside of them is a user's script, which may end at any time.
  const outermost = found.findLastIndex(({ isShell }) => !isShell);
  return found.slice(0, outermost + 1)
    .map(({ pid, startedAt, command }) => ({ pid, startedAt, command }));
}

/** What the end of some of `starters` means. @param isHungUp Whether we got a SIGHUP lately. */
export function lossOf(
  starters: readonly Starter[],
  hasEnded: (starter: Starter) => boolean,
  isHungUp: boolean,
): Loss | undefined {
  const gone = starters.filter(hasEnded);
  const outer = gone.at(-1);
  if (outer === undefined) return undefined;
  const { command } = outer;
  if (isHungUp) return { kind: "stay", command };
  const isOutermostAlone = gone.length === 1 && starters.length > 1 && outer === starters.at(-1);
  return { kind: isOutermostAlone ? "reload" : "stop", command };
}

/** What {@linkcode StarterWatch} needs. */
export interface StarterWatchOptions {
  /** Time for the checks. */
  readonly time: Time;
  /** Called for each loss. */
  readonly lost: (loss: Loss) => void;
}

/** Watches the programs that started this one, until it is closed or they have ended. */
export class StarterWatch {
  readonly #processes: Pick<Processes, "find" | "close">;
  readonly #options: StarterWatchOptions;
  #starters: readonly Starter[];
  #timer: Timer | undefined;
  #looking: Promise<void> | undefined;
  #hungUpAt = -Infinity;
  /** How many had ended at the last check: a signal to all of them takes a moment. */
  #ended = 0;
  #isClosed = false;

  private constructor(
    processes: Pick<Processes, "find" | "close">,
    starters: readonly Starter[],
    options: StarterWatchOptions,
  ) {
    this.#processes = processes;
    this.#starters = starters;
    this.#options = options;
    this.#wait();
  }

  /**
   * Starts watching; `undefined` if no task runner started this program, or none can be watched.
   */
  static async begin(
    processes: Pick<Processes, "find" | "close"> | undefined,
    parent: number,
    options: StarterWatchOptions,
  ): Promise<StarterWatch | undefined> {
    if (processes === undefined) return undefined;
    const starters = await startersFrom(parent, (pid) => processes.find(pid));
    if (starters.length > 0) return new StarterWatch(processes, starters, options);
    processes.close();
    return undefined;
  }

  /** Notes that this program got a SIGHUP. */
  hungUp(): void {
    this.#hungUpAt = this.#options.time.now();
  }

  /** Stops watching, once the check under way is done. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.time.clear(this.#timer);
    await this.#looking;
    this.#processes.close();
  }

  #wait(): void {
    this.#timer = this.#options.time.after(WATCH_MS, () => {
      this.#looking = this.#look().then(() => {
        if (!this.#isClosed && this.#starters.length > 0) this.#wait();
      });
    });
  }

  async #look(): Promise<void> {
    const found = await Promise.all(this.#starters.map(({ pid }) => this.#processes.find(pid)));
    if (this.#isClosed) return;
    const hasEnded = (starter: Starter) =>
      found[this.#starters.indexOf(starter)]?.startedAt !== starter.startedAt;
    const ended = this.#starters.filter(hasEnded).length;
    const isSettled = ended === this.#ended;
    this.#ended = ended;
    if (ended === 0 || !isSettled) return;
    const isHungUp = this.#options.time.now() - this.#hungUpAt < HANG_UP_MS;
    const loss = lossOf(this.#starters, hasEnded, isHungUp);
    this.#starters = this.#starters.filter((starter) => !hasEnded(starter));
    this.#ended = 0;
    if (loss !== undefined) this.#options.lost(loss);
  }
}
