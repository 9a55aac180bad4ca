/**
 * `btcagent top`: a live screen of a running agent. Asks for the totals, the pools and the page of
 * workers that is shown, and gives the terminal back however it ends.
 */

import type { Time, Timer } from "../base/clock.ts";
import type { TopCommand } from "../cli/command.ts";
import { AgentClient, type AgentPlace } from "../terminal/agent_client.ts";
import { readPools, readSummary, readWorker, readWorkers } from "../terminal/answers.ts";
import { answered, type Round } from "../terminal/top/answers.ts";
import { KeyReader } from "../terminal/top/keys.ts";
import { ENTER, LEAVE, Painter } from "../terminal/top/paint.ts";
import { screenOf } from "../terminal/top/screen.ts";
import { firstState, listPath, pressed, resized, type TopState } from "../terminal/top/state.ts";
import { agentPlace } from "./agent_place.ts";
import { requestDirectly } from "./direct_requests.ts";

/** How it ended. */
export interface TopEnding {
  /** Why it ended by itself; empty if it was ended. */
  readonly message: string;
  /** 0 if it was ended, 1 if it failed, 2 if it could not begin. */
  readonly exitCode: number;
}

/** An agent that does not answer is asked again at least this often, in milliseconds. */
const RETRY_MS = 2_000;

/** How often the clock on the screen moves, in milliseconds. */
const CLOCK_MS = 1_000;

const QUITS = ["SIGTERM", "SIGHUP", "SIGINT", "SIGQUIT"] as const;

/** Watches until it is ended. */
export async function top(command: TopCommand, time: Time): Promise<TopEnding> {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    const message = "top needs a terminal; for a file or a program use btcagent status";
    return { message, exitCode: 2 };
  }
  const found = await agentPlace(command);
  if (!found.ok) return { message: found.message, exitCode: 2 };
  requestDirectly();
  const screen = new LiveScreen(found.place, command.intervalSeconds * 1000, time);
  try {
    await screen.run();
    return screen.ending;
  } finally {
    screen.close();
  }
}

/** The terminal while it is ours. */
class LiveScreen {
  readonly #time: Time;
  readonly #client: AgentClient;
  readonly #painter = new Painter(!Deno.noColor);
  readonly #over = Promise.withResolvers<void>();
  readonly #timer: Timer;
  readonly #intervalMs: number;
  readonly #resize = () => this.#safely(() => this.#resized());
  readonly #quit = () => this.#over.resolve();
  #state: TopState;
  #isAsking = false;
  /** The path that was asked for last, and when. */
  #asked = "";
  #askedAt = -Infinity;
  #ending: TopEnding = { message: "", exitCode: 0 };
  #isClosed = false;

  /** Asks every `intervalMs`. */
  constructor(place: AgentPlace, intervalMs: number, time: Time) {
    this.#time = time;
    this.#intervalMs = intervalMs;
    this.#client = new AgentClient(place, time);
    const { columns, rows } = Deno.consoleSize();
    this.#state = firstState(place.place, columns, rows);
    Deno.stdin.setRaw(true);
    for (const signal of QUITS) listen(signal, this.#quit);
    listen("SIGWINCH", this.#resize);
    write(ENTER);
    this.#timer = time.every(CLOCK_MS, () => this.#safely(() => this.#tick()));
  }

  /** How it ended. */
  get ending(): TopEnding {
    return this.#ending;
  }

  /** Watches until it is ended. */
  async run(): Promise<void> {
    this.#draw();
    this.#askSoon();
    await Promise.race([this.#over.promise, this.#readKeys()]);
  }

  /** Gives the terminal back. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#time.clear(this.#timer);
    try {
      write(LEAVE);
      Deno.stdin.setRaw(false);
    } catch {
      // The terminal was closed: there is nothing to give back.
    }
  }

  async #readKeys(): Promise<void> {
    const keys = new KeyReader();
    const buffer = new Uint8Array(1024);
    for (;;) {
      const count = await Deno.stdin.read(buffer);
      if (count === null || this.#isClosed) return;
      for (const key of keys.read(buffer.subarray(0, count))) {
        if (key.kind === "redraw") this.#painter.reset();
        this.#state = pressed(this.#state, key);
        if (this.#state.isOver) return;
      }
      this.#draw();
      if (this.#path() !== this.#asked) this.#askSoon();
    }
  }

  #resized(): void {
    const { columns, rows } = Deno.consoleSize();
    this.#state = resized(this.#state, columns, rows);
    this.#painter.reset();
    this.#draw();
    if (this.#path() !== this.#asked) this.#askSoon();
  }

  #draw(): void {
    if (!this.#isClosed) write(this.#painter.paint(screenOf(this.#state, this.#time.wallNow())));
  }

  #tick(): void {
    this.#draw();
    const isLive = this.#state.contact.kind === "live";
    const everyMs = isLive ? this.#intervalMs : Math.min(this.#intervalMs, RETRY_MS);
    // A tick may come a little early.
    if (this.#time.now() - this.#askedAt >= everyMs - CLOCK_MS / 2) this.#askSoon();
  }

  /** What is asked for beside totals and pools; empty for nothing. */
  #path(): string {
    const { view } = this.#state;
    switch (view.kind) {
      case "pools":
        return "";
      case "worker":
        return `api/v1/workers/${view.id}`;
      case "help":
      case "workers":
        return listPath(this.#state);
    }
  }

  /** An error ends the program by {@linkcode LiveScreen.run}, which gives the terminal back. */
  #safely(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#over.reject(error);
    }
  }

  #askSoon(): void {
    this.#ask().catch((error) => this.#over.reject(error));
  }

  /** Asks for what is shown, again as long as something else is wanted by then. */
  async #ask(): Promise<void> {
    if (this.#isAsking) return;
    this.#isAsking = true;
    try {
      do {
        this.#asked = this.#path();
        this.#askedAt = this.#time.now();
        const round = await this.#round(this.#asked);
        if (this.#isClosed) return;
        const { summary } = round;
        const isFirst = this.#state.summary === undefined;
        if (isFirst && !summary.ok && !summary.mayPass) {
          this.#ending = { message: summary.why, exitCode: 2 };
          return this.#over.resolve();
        }
        this.#state = answered(this.#state, round, this.#time.wallNow());
        this.#draw();
      } while (this.#path() !== this.#asked && this.#state.contact.kind === "live");
    } finally {
      this.#isAsking = false;
    }
  }

  async #round(path: string): Promise<Round> {
    const { view } = this.#state;
    const summary = await this.#client.get("api/v1/summary", readSummary);
    if (!summary.ok) return { summary };
    const pools = await this.#client.get("api/v1/pools", readPools);
    if (!pools.ok || path === "") return { summary, pools };
    if (view.kind === "worker") {
      const found = await this.#client.get(path, readWorker);
      return { summary, pools, worker: { id: view.id, found } };
    }
    return { summary, pools, list: { path, page: await this.#client.get(path, readWorkers) } };
  }
}

/** Listens to a signal for as long as the process lives, if the system has it. */
function listen(signal: Deno.Signal, act: () => void): void {
  try {
    Deno.addSignalListener(signal, act);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

const encoder = new TextEncoder();

function write(text: string): void {
  for (let bytes = encoder.encode(text); bytes.length > 0;) {
    bytes = bytes.subarray(Deno.stdout.writeSync(bytes));
  }
}
