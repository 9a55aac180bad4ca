/**
 * The agent of a chaos run: the program as its users start it, a process of its own, which can be
 * paused, reloaded, stopped and started again, and whose clock can be set.
 *
 * Its books are its own counts: those of the status server while it runs, and the last log line of
 * each run that has ended.
 */

import settings from "../../deno.json" with { type: "json" };
import type { LedgerSnapshot } from "../../lib/mux/books/ledger.ts";
import { AgentLog } from "./agent_log.ts";
import {
  type AgentBooks,
  ledgerIn,
  ledgerOf,
  type MinersAnswer,
  NO_SHARES,
  type PoolBooks,
  sumOfPools,
  sumOfShares,
} from "./books.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const FLAGS = (settings.tasks.start.command as string).split(" ").filter((word) =>
  word.startsWith("--")
);

/** The library that gives a process another time; it is in Debian's package `faketime`. */
const FAKETIME = [
  "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
  "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
];

/** An agent that was told to stop ends within this time, in milliseconds, or is killed. */
const LONGEST_STOP_MS = 30_000;

/** Lines it sends within this time after a pause may have been due before, in milliseconds. */
const CATCH_UP_MS = 1_000;

/** Below the ports that Linux gives to connections, which are 32,768 and above. */
const FIRST_PORT = 20_000;
const PORTS = 10_000;

/** Lines kept to tell what an agent wrote before it ended by itself. */
const LAST_LINES = 5;

/** The number of miners asked for at once. */
const PAGE = 1000;

/** The settings of an agent, including those that may change at a reload. */
export type AgentConfig = Readonly<Record<string, unknown>>;

/** How one run of the agent ended. */
export interface RunEnd {
  readonly exitCode: number;
  /** From the signal to the end, in milliseconds. */
  readonly tookMs: number;
  /** All its shares by its last log line; `undefined` if it wrote none. */
  readonly shares: LedgerSnapshot | undefined;
  /** The shares of each pool that got any, by the lines before that. */
  readonly pools: readonly PoolBooks[];
}

/** The agent, run after run. Started by {@linkcode ChaosAgent.start}. */
export class ChaosAgent {
  readonly log = new AgentLog();
  /** How each run before this one ended. */
  readonly ends: RunEnd[] = [];
  readonly #folder: string;
  readonly #port: number;
  readonly #statusPort: number;
  readonly #faketime: string | undefined;
  #child: Deno.ChildProcess | undefined;
  #reading: Promise<unknown> = Promise.resolve();
  #lastShares: LedgerSnapshot | undefined;
  #lastPools: PoolBooks[] = [];
  #isPaused = false;
  #pausedUntil = -Infinity;
  #isStopping = false;
  #hasEndedAlone = false;
  /** The last lines it wrote, for when it ends without being asked to. */
  #lastLines: string[] = [];

  private constructor(folder: string, port: number, statusPort: number, faketime?: string) {
    this.#folder = folder;
    this.#port = port;
    this.#statusPort = statusPort;
    this.#faketime = faketime;
  }

  /**
   * Starts it with these settings, on ports of its own. `sizes` are the pools' bytes of extranonce2
   * that it already knows, by `host:port`.
   */
  static async start(
    config: AgentConfig,
    sizes: Readonly<Record<string, number>>,
  ): Promise<ChaosAgent> {
    const folder = await Deno.makeTempDir({ prefix: "btcagent-chaos-" });
    const [port, statusPort] = [freePort(), freePort()];
    const faketime = FAKETIME.find(exists);
    const agent = new ChaosAgent(folder, port, statusPort, faketime);
    await agent.#write(config);
    await Deno.writeTextFile(
      agent.#stateFile,
      JSON.stringify({ btcagent_state: 1, extranonce2_bytes: sizes }),
    );
    await agent.stepClock(0);
    agent.#spawn();
    return agent;
  }

  /** Where miners connect to. */
  get port(): number {
    return this.#port;
  }

  /** Whether its clock can be set; not on a machine without libfaketime. */
  get canStepClock(): boolean {
    return this.#faketime !== undefined;
  }

  /** Whether it is paused, between two runs, or ended without being asked to. */
  get isBusy(): boolean {
    return this.#isPaused || this.#isStopping || this.#hasEndedAlone;
  }

  /** Whether its lines may be late now, so that their time proves nothing. */
  get isOutOfStep(): boolean {
    return this.#isPaused || performance.now() - this.#pausedUntil < CATCH_UP_MS;
  }

  /** Pauses it for a while, as if its machine stood still. */
  async pause(ms: number): Promise<void> {
    if (this.isBusy) return;
    this.#isPaused = true;
    const since = performance.now();
    this.#child!.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, ms));
    this.#child!.kill("SIGCONT");
    this.#isPaused = false;
    this.#pausedUntil = performance.now();
    this.log.stoodStill(this.#pausedUntil - since);
  }

  /** Lets it read other settings. */
  async reload(config: AgentConfig): Promise<void> {
    await this.#write(config);
    if (!this.isBusy) this.#child!.kill("SIGHUP");
  }

  /** Moves its wall clock this far from the real one. Its monotonic clock continues. */
  async stepClock(seconds: number): Promise<void> {
    if (this.canStepClock) {
      await Deno.writeTextFile(this.#clockFile, `${seconds < 0 ? "" : "+"}${seconds}\n`);
    }
  }

  /** Starts it again. */
  startAgain(): void {
    this.#spawn();
  }

  /** Stops it as an operator does. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const since = performance.now();
    this.log.stops();
    const child = this.#child!;
    if (!this.#hasEndedAlone) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), LONGEST_STOP_MS);
    const { code } = await child.status;
    clearTimeout(timer);
    await this.#reading;
    this.#child = undefined;
    this.ends.push({
      exitCode: code,
      tookMs: performance.now() - since,
      shares: this.#lastShares,
      pools: this.#lastPools,
    });
  }

  /** Ends all processes and removes the files they wrote. */
  async dispose(): Promise<void> {
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // It has just ended.
    }
    await this.#child?.status;
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  /**
   * Returns its counts, including those of earlier runs. @throws Error while it does not answer.
   */
  async books(): Promise<AgentBooks> {
    const summary = await this.#get("summary");
    const miners: MinersAnswer["miners"][number][] = [];
    for (let total = 1; miners.length < total;) {
      const page: MinersAnswer = await this.#get(`miners?limit=${PAGE}&offset=${miners.length}`);
      total = page.total;
      miners.push(...page.miners);
      if (page.miners.length === 0) break;
    }
    const now = ledgerOf(summary.shares);
    const ended = this.ends.map(({ shares }) => shares ?? NO_SHARES);
    return {
      shares: sumOfShares([...ended, now]),
      now,
      waiting: summary.shares.waiting,
      connected: summary.miners.connected,
      sessionIds: miners.filter(({ id }) => id !== null).length,
      miners: miners.map(({ shares }) => ({ shares: ledgerOf(shares), waiting: shares.waiting })),
      pools: sumOfPools(await this.#get("upstreams"), this.ends.map(({ pools }) => pools)),
      residentBytes: summary.process.resident_bytes,
    };
  }

  get #clockFile(): string {
    return `${this.#folder}/clock`;
  }

  get #stateFile(): string {
    return `${this.#folder}/state.json`;
  }

  get #configFile(): string {
    return `${this.#folder}/agent.json`;
  }

  async #write(config: AgentConfig): Promise<void> {
    const whole = {
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: this.#port,
      http_debug: { enable: true, listen: `127.0.0.1:${this.#statusPort}` },
      log: { format: "json" },
      state_file: this.#stateFile,
      ...config,
    };
    // Written as a whole: a reload may come at any moment.
    await Deno.writeTextFile(`${this.#configFile}.new`, JSON.stringify(whole));
    await Deno.rename(`${this.#configFile}.new`, this.#configFile);
  }

  #spawn(): void {
    this.#lastShares = undefined;
    this.#lastPools = [];
    this.#isStopping = this.#hasEndedAlone = false;
    this.log.starts();
    const faketime = this.#faketime === undefined ? {} : {
      LD_PRELOAD: this.#faketime,
      FAKETIME_TIMESTAMP_FILE: this.#clockFile,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-check", ...FLAGS, MAIN, "-c", this.#configFile],
      cwd: this.#folder,
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1", MALLOC_ARENA_MAX: "1", ...faketime },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#child = child;
    this.#reading = this.#read(child.stderr);
    void child.status.then(async ({ code }) => {
      if (this.#isStopping || this.#child !== child) return;
      this.#hasEndedAlone = true;
      await this.#reading;
      const after = this.#lastLines.join(" | ");
      this.log.endedByItself(`The agent ended by itself with code ${code}, after: ${after}`);
    });
  }

  async #read(stream: ReadableStream<Uint8Array>): Promise<void> {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#hear(line);
    }
  }

  #hear(line: string): void {
    this.#lastLines = [...this.#lastLines.slice(1 - LAST_LINES), line];
    let record: Readonly<Record<string, unknown>>;
    try {
      record = JSON.parse(line);
    } catch {
      // What Deno itself writes, such as a fault that nothing caught.
      return this.log.foreignLine(line);
    }
    this.log.receive(record);
    const { message, pool, credited } = record;
    if (/^Stopped: /.test(String(message))) this.#lastShares = ledgerIn(record);
    if (/^Shares at /.test(String(message))) {
      const shares = ledgerIn(record);
      this.#lastPools.push({ address: String(pool), shares, credited: Number(credited) });
    }
  }

  // deno-lint-ignore no-explicit-any -- the shapes are those of the status API, read where used
  async #get(path: string): Promise<any> {
    if (this.#hasEndedAlone) throw new Error(this.log.ownFaults.at(-1));
    const response = await fetch(`http://127.0.0.1:${this.#statusPort}/api/v1/${path}`, {
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw new Error(`Cannot read /api/v1/${path}: status ${response.status}`);
    }
    return await response.json();
  }
}

/**
 * Returns a port that will still be free when the agent is started again: not one that the system
 * gives to connections meanwhile.
 */
function freePort(): number {
  for (;;) {
    const port = FIRST_PORT + Math.floor(Math.random() * PORTS);
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
