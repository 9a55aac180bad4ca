/**
 * One run: starts pool, agent and miners, loads them, measures, and ends everything.
 */

import type { Case } from "./cases.ts";
import { Child, type Memory } from "./child.ts";
import type { AttackersCommand, AttackersReport, Crowd, MinersReport, PoolReport } from "./ends.ts";
import {
  type Attacked,
  attackProblems,
  figuresOf,
  type Phase,
  type Run,
  shareProblems,
} from "./figures.ts";
import { agentConf, type Subject } from "./subject.ts";

/** Settling takes a farm so long, in milliseconds, and a few miners a fraction of it. */
const SETTLE_MS = 2000;
const SETTLE_MS_PER_MINER = 2;
/** How long shares on their way may take to arrive. */
const DRAIN_MS = 8000;
const POLL_MS = 50;
const START_TIMEOUT_MS = 20_000;
const CONNECT_TIMEOUT_MS = 120_000;
/** How long attackers may take to be there. */
const CROWD_TIMEOUT_MS = 15_000;

/**
 * Measures a subject in one case; our program as it is shipped is in the folder `release`. Throws
 * when the run cannot be done at all.
 */
export async function runCase(what: Case, subject: Subject, release: string): Promise<Run> {
  const rig = new Rig(what, subject, release);
  try {
    await rig.start();
    return await rig.measure();
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

  constructor(what: Case, subject: Subject, release: string) {
    this.#case = what;
    this.#subject = subject;
    this.#release = release;
  }

  async start(): Promise<void> {
    this.#pool = this.#spawnEnd(this.#subject.isFloor ? "sink" : "pool");
    const { port } = await this.#pool.answer<{ port: number }>();
    const minersPort = this.#subject.isFloor ? port : await this.#startAgent(port);
    this.#miners = this.#spawnEnd("miners", `${minersPort}`);
    await this.#miners.answer();
    if (this.#case.attack === undefined) return;
    this.#attackers = this.#spawnEnd("attackers", `${minersPort}`);
    await this.#attackers.answer();
  }

  async measure(): Promise<Run> {
    const { miners: count, atOnce, jobEveryMs, seconds, losesPool = false, attack } = this.#case;
    const connected = await this.#miners.ask<MinersReport>(
      { do: "connect", count, atOnce },
      CONNECT_TIMEOUT_MS,
    );
    await this.#settle();
    if (jobEveryMs > 0) await this.#pool.ask({ do: "jobs", everyMs: jobEveryMs });

    const observing = await this.#observe();
    for (const load of this.#case.load) await this.#miners.ask(load);
    const lostAt = losesPool ? await this.#losePool() : undefined;
    await this.#wait(seconds * 1000);
    const calm = await observing.end();
    const { miners } = calm;
    const attacked = attack === undefined ? undefined : await this.#attack(attack);
    for (const load of this.#case.load) await this.#miners.ask(stopOf(load.do));

    const drained = await this.#drain();
    const { disconnects, refused, abandoned } = drained.miners;
    const memoryLeft = await this.#leave();
    const isMoved = losesPool && miners.jobLines === count;
    const isOnePool = drained.pool.connections === observing.pool.connections;
    return {
      case: this.#case.name,
      subject: this.#subject.name,
      figures: figuresOf({
        ...calm,
        miners: {
          ...miners,
          // Without churn, the logins of interest are those before the mark.
          login: miners.login.count > 0 ? miners.login : connected.login,
        },
        memoryLeft,
        moveMs: isMoved ? miners.lastJobAt - lostAt! : undefined,
        logins: miners.login.count,
        hasWire: !losesPool && !this.#subject.isFloor,
        attacked,
      }),
      problems: [
        ...shareProblems(drained.pool, drained.miners),
        ...attacked === undefined ? [] : attackProblems(attacked, attack!, drained.miners),
        ...disconnects > 0 ? [`${disconnects} miners were disconnected`] : [],
        ...losesPool && !isMoved
          ? [`${miners.jobLines} new jobs came to ${count} miners after the loss`]
          : [],
        ...!losesPool && !isOnePool ? ["the agent connected to the pool anew"] : [],
      ],
      notes: [
        ...refused > 0 ? [`${refused} shares refused by the agent`] : [],
        ...abandoned > 0 ? [`${abandoned} shares of miners that left before the answer`] : [],
      ],
    };
  }

  async end(): Promise<void> {
    // The miners first, so that the agent has nobody to wait for.
    for (const child of this.#children.reverse()) await child.end();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  /** Begins to measure; `end` says what was seen. */
  async #observe(): Promise<{ readonly pool: PoolReport; readonly end: () => Promise<Phase> }> {
    await this.#miners.ask({ do: "mark" });
    const before = await this.#pool.ask<PoolReport>({ do: "mark" });
    const cpuBefore = this.#agent?.cpuSeconds() ?? 0;
    this.#agent?.watchMemory();
    const end = async (): Promise<Phase> => {
      const pool = await this.#pool.ask<PoolReport>({ do: "report" });
      const cpuAfter = this.#agent?.cpuSeconds() ?? 0;
      return {
        seconds: (pool.at - before.at) / 1000,
        shares: pool.shares - before.shares,
        pool,
        miners: await this.#miners.ask<MinersReport>({ do: "report" }),
        cpuSeconds: this.#agent === undefined ? undefined : cpuAfter - cpuBefore,
        memory: this.#agent?.watchedMemory() ?? [],
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
    await this.#wait(this.#case.seconds * 1000);
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
    const child = new Child(name, command, this.#folder, true);
    this.#children.push(child);
    return child;
  }

  async #startAgent(poolPort: number): Promise<number> {
    const port = freePort();
    const conf = `${this.#folder}/agent_conf.json`;
    const ports = { agent: port, pool: poolPort };
    Deno.writeTextFileSync(conf, agentConf(this.#subject, ports, this.#case));
    const command = this.#subject.command(conf, this.#release);
    this.#agent = new Child(this.#subject.name, command, this.#folder, false);
    this.#children.push(this.#agent);
    const deadline = Date.now() + START_TIMEOUT_MS;
    while (!await this.#isReady(port)) {
      if (this.#agent.hasEnded || Date.now() > deadline) {
        const state = this.#agent.hasEnded ? "it has ended" : "it does not listen";
        throw new Error(`Cannot start ${this.#subject.name}: ${state}; ${command.join(" ")}`);
      }
      await pause(POLL_MS);
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

  /** Waits until every share has arrived or been refused, as far as they will. */
  async #drain(): Promise<{ pool: PoolReport; miners: MinersReport }> {
    const deadline = Date.now() + DRAIN_MS;
    for (;;) {
      const miners = await this.#miners.ask<MinersReport>({ do: "report" });
      const pool = await this.#pool.ask<PoolReport>({ do: "report" });
      const isAllThere = miners.sent === pool.shares + miners.refused &&
        miners.sent <= miners.accepted + miners.refused + miners.abandoned;
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

  async #wait(ms: number): Promise<void> {
    const deadline = Date.now() + ms;
    while (Date.now() < deadline) {
      if (this.#agent?.hasEnded) throw new Error(`Cannot go on: ${this.#subject.name} has ended`);
      await pause(Math.min(500, deadline - Date.now()));
    }
  }
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
