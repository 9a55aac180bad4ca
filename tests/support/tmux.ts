/**
 * A program in a pseudo-terminal that a test can type into and look at, made by Debian's tmux.
 */

import assert from "node:assert/strict";
import { ask } from "./ask_program.ts";
import { PATIENCE_MS } from "./patience.ts";
import { commandOf } from "./program.ts";

/** What to add to the name of a test that cannot run; empty if tmux is there. */
export const tmuxMissing: string = await ask("tmux", "-V") === undefined
  ? " (IGNORED: tmux is missing; apt-get install tmux)"
  : "";

/** How often the screen is looked at, in milliseconds. */
const LOOK_MS = 50;

/** A terminal with `btcagent ...args` in it; ended with `await using`. */
export class TmuxTerminal {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens it. The program's end is shown as `ended CODE`. */
  static async open(
    args: readonly string[],
    { columns = 80, rows = 24, hasColour = false } = {},
  ): Promise<TmuxTerminal> {
    const folder = await Deno.makeTempDir();
    const terminal = new TmuxTerminal(folder);
    const command = commandOf(args).map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(
      `${folder}/inner`,
      `echo $$ >'${folder}/pid'\n${hasColour ? "unset NO_COLOR" : "export NO_COLOR=1"}\n` +
        `exec ${command}\n`,
    );
    await Deno.writeTextFile(
      `${folder}/outer`,
      `cd '${Deno.cwd()}'\necho before\nstty -g >'${folder}/stty.before'\nsh '${folder}/inner'\n` +
        `echo "ended $?"\nstty -g >'${folder}/stty.after'\nexec cat\n`,
    );
    await terminal.#tmux(
      ...["-f", "/dev/null", "-u", "new-session", "-d"],
      ...["-x", String(columns), "-y", String(rows), `sh '${folder}/outer'`],
    );
    return terminal;
  }

  /** Types keys, each by its name in tmux or as text. */
  async type(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** Makes it larger or smaller. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** Sends a signal to the program. */
  async signal(signal: Deno.Signal): Promise<void> {
    Deno.kill(Number(await Deno.readTextFile(`${this.#folder}/pid`)), signal);
  }

  /** The lines on the screen; with their styles if wanted. */
  async lines(withStyles = false): Promise<string[]> {
    const text = await this.#tmux("capture-pane", "-p", ...withStyles ? ["-e"] : []);
    return text.split("\n");
  }

  /** Waits for a screen. @returns its lines. */
  async shows(wanted: RegExp): Promise<string[]> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const lines = await this.lines();
      if (wanted.test(lines.join("\n"))) return lines;
      assert.ok(performance.now() < deadline, `never saw ${wanted}, but\n${lines.join("\n")}`);
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }

  /** Waits for the program to end, and checks that the terminal is as it was before. */
  async ends(code: number): Promise<string[]> {
    const lines = await this.shows(new RegExp(`^ended ${code}$`, "m"));
    assert.ok(lines.includes("before"), "the screen from before is back");
    const state = await this.#tmux("display-message", "-p", "#{alternate_on} #{cursor_flag}");
    assert.equal(state.trim(), "0 1", "the usual screen, with a cursor");
    const settings = async (when: string) =>
      await Deno.readTextFile(`${this.#folder}/stty.${when}`).catch(() => "");
    while (await settings("after") === "") {
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    assert.equal(await settings("after"), await settings("before"), "and the same settings");
    return lines;
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    const answer = await ask("tmux", "-S", `${this.#folder}/socket`, ...args);
    assert.ok(answer !== undefined);
    const [code, text] = answer;
    assert.equal(code, 0, text);
    return text;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server");
    await Deno.remove(this.#folder, { recursive: true });
  }
}
