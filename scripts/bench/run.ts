/**
 * One run: starts pool, agent and miners, loads them, measures, and ends everything.
 */

import { STEP_MS } from "../../lib/observe/history/steps.ts";
import type { Case } from "./cases.ts";
import { Child, type Memory } from "./child.ts";
import type { AttackersCommand, AttackersReport, Crowd, MinersReport, PoolReport } from "./ends.ts";
import {
  type Attacked,
  attackProblems,
  figuresOf,
  notesOf,
  type Phase,
  type Run,
  shareProblems,
} from "./figures.ts";
import { writeYesterday } from "./history/yesterday.ts";
import { bookNotes, bookProblems, readBooks } from "./stratum_books.ts";
import { agentConf, HISTORY_FILE, type PoolKind, type Subject } from "./subject.ts";

/** The programs of the pools' ends. */
const POOL_ENDS: Readonly<Record<PoolKind, string>> = {
  agent: "pool",
  stratum: "stratum_pool",
  sv2: "sv2_pool",
};

/** How long a farm takes to settle, in milliseconds; a few miners take a fraction of it. */
const SETTLE_MS = 2000;
const SETTLE_MS_PER_MINER = 2;
/** How long shares in flight may take to arrive, in milliseconds. */
const DRAIN_MS = 8000;
const POLL_MS = 50;
/** A step of a history ends after this part of the time that is measured. */
const STEP_ENDS_AFTER = 4;
const START_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 120_000;
/** How long attackers may take to connect, in milliseconds. */
const CROWD_TIMEOUT_MS = 15_000;

/**
 * Measures a subject in one case; our program as it is shipped is in the folder `release`. Throws
 * when the run cannot be done, or is stopped; every process it started has ended by then.
 */
export async function runCase(
  what: Case,
  subject: Subject,
  release: string,
  stop: AbortSignal,
): Promise<Run> {
  return await withRig(new Rig(what, subject, release), stop, (rig) => rig.measure());
}

/** Starts and ends a subject without measuring: the first start of a new program compiles it. */
export async function startOnce(
  what: Case,
  subject: Subject,
  release: string,
  stop: AbortSignal,
): Promise<void> {
  await withRig(new Rig(what, subject, release), stop, () => Promise.resolve());
}

async function withRig<Result>(
  rig: Rig,
  stop: AbortSignal,
  act: (rig: Rig) => Promise<Result>,
): Promise<Result> {
  const run = async () => {
    await rig.start();
    return await Promise.race([act(rig), rig.brokenOff()]);
  };
  try {
    return await Promise.race([run(), stopped(stop)]);
  } finally {
    await rig.end();
  }
}

class Rig {
  readonly #case: Case;
  readonly #subject: Subject;
  readonly #release: string;
  readonly #folder = Deno.makeTempDirSync({ prefix: "btcagent-bench-" });
  readonly #children: Child[] = [];
  #pool!: Child;
  #miners!: Child;
  #attackers: Child | undefined;
  #agent: Child | undefined;
  #statusPort = 0;
  #isEnding = false;

  constructor(what: Case, subject: Subject, release: string) {
    this.#case = what;
    this.#subject = subject;
    this.#release = release;
  }

  async start(): Promise<void> {
    const { isFloor, pool } = this.#subject;
    this.#pool = this.#spawnEnd(isFloor ? "sink" : POOL_ENDS[pool]);
    const { port } = await this.#pool.answer<{ port: number }>();
    const minersPort = this.#subject.isFloor ? port : await this.#startAgent(port);
    this.#miners = this.#spawnEnd("miners", `${minersPort}`);
    await this.#miners.answer();
    if (this.#case.attack === undefined) return;
    this.#attackers = this.#spawnEnd("attackers", `${minersPort}`);
    await this.#attackers.answer();
  }

  async measure(): Promise<Run> {
    const { miners: count, atOnce, seconds, losesPool = false, attack } = this.#case;
    const connected = await this.#miners.ask<MinersReport>(
      { do: "connect", count, atOnce },
      CONNECT_TIMEOUT_MS,
    );
    await this.#settle();

    const { warmSeconds = 0 } = this.#case;
    if (warmSeconds > 0) {
      await this.#load();
      await pause(warmSeconds * 1000);
    }
    if (this.#subject.hasHistory) await untilStepEnds(seconds * 1000 / STEP_ENDS_AFTER);
    const observing = await this.#observe();
    if (warmSeconds === 0) await this.#load();
    const lostAt = losesPool ? await this.#losePool() : undefined;
    await pause(seconds * 1000);
    const calm = await observing.end();
    const { miners } = calm;
    const beside = attack === undefined ? undefined : await this.#attack(attack);
    for (const load of this.#case.load) await this.#miners.ask(stopOf(load.do));
    await this.#pool.ask({ do: "jobs", everyMs: 0 });

    const drained = await this.#drain();
    const books = this.#isHashed ? await readBooks(this.#statusPort) : undefined;
    const last = withStragglers(beside ?? calm, drained);
    const attacked = beside && { ...beside, ...last };
    const memorySoFar = [...this.#agent?.watchedMemory ?? []];
    const { disconnects } = drained.miners;
    const memoryLeft = await this.#leave();
    const isMoved = losesPool && miners.jobLines === count;
    const isOnePool = drained.pool.connections === observing.pool.connections &&
      drained.pool.open === observing.pool.open;
    return {
      case: this.#case.name,
      subject: this.#subject.name,
      figures: figuresOf({
        ...beside === undefined ? last : calm,
        // Without churn, the logins of interest are those before the mark.
        login: miners.login.count > 0 ? miners.login : connected.login,
        memorySoFar,
        memoryLeft,
        moveMs: isMoved ? miners.lastJobAt - lostAt! : undefined,
        logins: miners.login.count,
        hasWire: !losesPool && !this.#subject.isFloor,
        attacked,
      }),
      problems: [
        ...books === undefined
          ? shareProblems(drained.pool, drained.miners)
          : bookProblems(books, drained.pool, drained.miners),
        ...attacked === undefined ? [] : attackProblems(attacked, attack!, drained.miners),
        ...disconnects > 0 ? [`miners disconnected: ${disconnects}`] : [],
        ...losesPool && !isMoved
          ? [`after the loss, miners got ${miners.jobLines} of ${count} new jobs`]
          : [],
        ...!losesPool && !this.#subject.isFloor && !isOnePool
          ? ["a connection of the agent to the pool came or went"]
          : [],
      ],
      notes: books === undefined
        ? notesOf(drained.pool, drained.miners, {
          givesVerdicts: this.#case.givesVerdicts && !this.#subject.isFloor,
          hasChurn: this.#hasChurn,
        })
        : bookNotes(books),
    };
  }

  /** Rejects when one of the processes ends before its time. */
  async brokenOff(): Promise<never> {
    return await Promise.race(this.#children.map((child) => child.endedEarly()));
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    // The miners first, so that the agent does not wait for any.
    for (const child of this.#children.reverse()) await child.end();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** Whether the pool hashes shares, and so does the agent. */
  get #isHashed(): boolean {
    return this.#subject.pool !== "agent";
  }

  /** Starts jobs and shares. */
  async #load(): Promise<void> {
    const { jobEveryMs, load } = this.#case;
    if (jobEveryMs > 0) await this.#pool.ask({ do: "jobs", everyMs: jobEveryMs });
    for (const one of load) await this.#miners.ask(one);
  }

  /** Starts to measure; `end` returns what was observed. */
  async #observe(): Promise<{ readonly pool: PoolReport; readonly end: () => Promise<Phase> }> {
    const { accepted } = await this.#miners.ask<MinersReport>({ do: "mark" });
    const before = await this.#pool.ask<PoolReport>({ do: "mark" });
    const cpuBefore = this.#agent?.cpuSeconds() ?? 0;
    const seen = this.#agent?.watchedMemory.length ?? 0;
    const end = async (): Promise<Phase> => {
      const pool = await this.#pool.ask<PoolReport>({ do: "report" });
      const cpuAfter = this.#agent?.cpuSeconds() ?? 0;
      const miners = await this.#miners.ask<MinersReport>({ do: "report" });
      return {
        seconds: (pool.at - before.at) / 1000,
        shares: this.#isHashed ? miners.accepted - accepted : pool.shares - before.shares,
        pool,
        miners,
        cpuSeconds: this.#agent === undefined ? undefined : cpuAfter - cpuBefore,
        memory: this.#agent?.watchedMemory.slice(seen) ?? [],
      };
    };
    return { pool: before, end };
  }

  /** Measures once more, while attackers come and go. */
  async #attack(crowd: Crowd): Promise<Attacked> {
    const attackers = this.#attackers!;
    const ask = (command: AttackersCommand) => attackers.ask<AttackersReport>(command);
    await ask({ do: "attack", crowd });
    const deadline = Date.now() + CROWD_TIMEOUT_MS;
    while ((await ask({ do: "report" })).open < crowd.silent && Date.now() < deadline) {
      await pause(POLL_MS);
    }
    const before = await ask({ do: "report" });
    const observing = await this.#observe();
    await pause(this.#case.seconds * 1000);
    const after = await ask({ do: "report" });
    const phase = await observing.end();
    await ask({ do: "leave" });
    return { ...phase, attackers: after.open, connects: after.connects - before.connects };
  }

  #spawnEnd(name: string, ...args: string[]): Child {
    const file = new URL(`./${name}.ts`, import.meta.url).pathname;
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const command = [
      Deno.execPath(),
      "run",
      "--config",
      config,
      "--allow-net",
      "--allow-ffi",
      file,
      ...args,
    ];
    return this.#spawn(name, command, true);
  }

  #spawn(name: string, command: readonly string[], isAsked: boolean): Child {
    if (this.#isEnding) throw new Error(`Cannot start ${name}: the run is being ended`);
    const child = new Child(name, command, this.#folder, isAsked);
    this.#children.push(child);
    return child;
  }

  async #startAgent(poolPort: number): Promise<number> {
    const port = freePort();
    const conf = `${this.#folder}/agent_conf.json`;
    this.#statusPort = freePort();
    const ports = { agent: port, pool: poolPort, status: this.#statusPort };
    Deno.writeTextFileSync(conf, agentConf(this.#subject, ports, this.#case));
    if (this.#subject.hasHistory) {
      writeYesterday(`${this.#folder}/${HISTORY_FILE}`, this.#case.miners);
    }
    const command = this.#subject.command(conf, this.#release);
    this.#agent = this.#spawn(this.#subject.name, command, false);
    this.#agent.watchMemory();
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!await this.#isReady(port)) {
      if (this.#agent.hasEnded || Date.now() > deadline) {
        const state = this.#agent.hasEnded ? "it has ended" : "it does not listen";
        const why = `${state}; ${command.join(" ")}${this.#agent.lastWords()}`;
        throw new Error(`Cannot start ${this.#subject.name}: ${why}`);
      }
      await pause(POLL_MS);
    }
    if (this.#agent.children().length > 0) {
      throw new Error(
        `Cannot measure ${this.#subject.name}: it is a process that started another one, which ` +
          `would not be counted; have the command become the agent, in a script by exec`,
      );
    }
    return port;
  }

  /** Whether it listens and has been to the pool. */
  async #isReady(port: number): Promise<boolean> {
    const { connections } = await this.#pool.ask<PoolReport>({ do: "report" });
    if (connections === 0) return false;
    try {
      (await Deno.connect({ port })).close();
      return true;
    } catch {
      return false;
    }
  }

  async #losePool(): Promise<number> {
    await this.#settle();
    await this.#miners.ask({ do: "mark" });
    const { at } = await this.#pool.ask<PoolReport>({ do: "lose" });
    return at;
  }

  /** Waits until every share has arrived or was refused, or the time is over. */
  async #drain(): Promise<{ pool: PoolReport; miners: MinersReport }> {
    const deadline = Date.now() + DRAIN_MS;
    for (;;) {
      const miners = await this.#miners.ask<MinersReport>({ do: "report" });
      const pool = await this.#pool.ask<PoolReport>({ do: "report" });
      const isAllThere = (this.#isHashed || miners.sent === pool.shares + miners.refused) &&
        miners.sent <= miners.accepted + miners.refused + miners.abandoned &&
        (this.#hasChurn || miners.fanoutLast.count === miners.jobs);
      if (isAllThere || Date.now() > deadline) return { pool, miners };
      await pause(POLL_MS);
    }
  }

  async #leave(): Promise<Memory | undefined> {
    await this.#miners.ask({ do: "leave" });
    if (this.#agent === undefined) return undefined;
    await this.#settle();
    return this.#agent.memory();
  }

  async #settle(): Promise<void> {
    await pause(Math.min(SETTLE_MS, this.#case.miners * SETTLE_MS_PER_MINER));
  }

  /** Whether miners connect and disconnect, so that no job reaches all. */
  get #hasChurn(): boolean {
    return this.#case.load.some((load) => load.do === "churn");
  }
}

/**
 * Adds to `phase` the times of messages still in flight at its end: they are the slowest, and would
 * be missing otherwise.
 */
function withStragglers(
  phase: Phase,
  drained: { readonly pool: PoolReport; readonly miners: MinersReport },
): Phase {
  const { verdict, fanout, fanoutLast } = drained.miners;
  return {
    ...phase,
    pool: { ...phase.pool, latency: drained.pool.latency },
    miners: { ...phase.miners, verdict, fanout, fanoutLast },
  };
}

function stopped(stop: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(new Error("Cannot go on: the benchmark was stopped"));
    if (stop.aborted) end();
    else stop.addEventListener("abort", end, { once: true });
  });
}

function stopOf(load: string): unknown {
  return { do: load, perSecond: 0, depth: 0 };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Waits until a step of the history ends in `ms` milliseconds: with the clock's ten minutes. */
async function untilStepEnds(ms: number): Promise<void> {
  const left = STEP_MS - Date.now() % STEP_MS - ms;
  await pause(left >= 0 ? left : left + STEP_MS);
}
