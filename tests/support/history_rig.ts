/** A history in a folder of its own, at a time that tests set. */

import { DatabaseSync } from "node:sqlite";
import { finished } from "../../lib/base/steps.ts";
import { DAY_MS } from "../../lib/observe/history/axis.ts";
import { HistoryStore } from "../../lib/observe/history/store.ts";
import type { HistoryStoreOptions } from "../../lib/observe/history/store_options.ts";
import {
  type CauseStep,
  type HistoryStep,
  STEP_MS,
  type SumStep,
  type WorkerStep,
} from "../../lib/observe/history/steps.ts";
import { OTHERS_START_MS } from "./own_history.ts";

/** A midnight, by UTC. */
export const MIDNIGHT: number = Date.UTC(2027, 2, 1);

/** A sum with these values, the rest 0. */
export function sum(values: Partial<SumStep> = {}): SumStep {
  return {
    seconds: STEP_MS / 1000,
    difficulty: 0,
    good: 0,
    lost: 0,
    lostDifficulty: 0,
    miners: 0,
    outageSeconds: 0,
    bytesUp: 0,
    bytesDown: 0,
    ...values,
  };
}

/** A worker that works, but for these values. */
export function worker(name: string, values: Partial<WorkerStep> = {}): WorkerStep {
  return {
    account: "alice",
    name,
    hashrate: 100e12,
    lostPart: 0,
    connectedPart: 1,
    condition: "working",
    ...values,
  };
}

/** A cause with these values. */
export function cause(values: Partial<CauseStep> = {}): CauseStep {
  return {
    pool: "pool.example:3333",
    software: "cgminer/4.11.1",
    subnet: "10.0.0.0/24",
    account: "alice",
    reason: "good",
    shares: 1,
    work: 1024,
    ...values,
  };
}

/** A step that starts at `at`, with one worker, but for these values. */
export function step(at: number, values: Partial<HistoryStep> = {}): HistoryStep {
  return {
    at,
    ms: STEP_MS,
    farm: sum({ good: 100, difficulty: 1e6, miners: 1 }),
    pools: new Map(),
    accounts: new Map(),
    workers: [worker("rig1")],
    causes: [],
    ...values,
  };
}

/** What is said while a program that another test starts still has the lock. */
const LOCKED = "another btcagent keeps its history there";

/** A folder, and the histories that are opened in it. */
export class HistoryRig implements Disposable {
  readonly folder: string = Deno.makeTempDirSync({ prefix: "btcagent-history-" });
  readonly path: string = `${this.folder}/history.sqlite`;
  /** What the wall clock shows. */
  wall = MIDNIGHT;
  /** Monotonic time. */
  time = 0;
  /** What was said to the log, notes included. */
  readonly said: string[] = [];
  readonly #open: HistoryStore[] = [];

  /** Opens a history that must be possible. */
  open(options: Partial<HistoryStoreOptions> = {}): HistoryStore {
    const deadline = performance.now() + OTHERS_START_MS;
    for (;;) {
      const said = this.said.length;
      const store = this.tryToOpen(options);
      if (store !== undefined) return store;
      if (!this.said.at(-1)!.includes(LOCKED) || performance.now() > deadline) {
        throw new Error(this.said.join("\n"));
      }
      this.said.length = said;
    }
  }

  /** Opens a history, if possible. */
  tryToOpen(
    options: Partial<HistoryStoreOptions> = {},
    path = this.path,
  ): HistoryStore | undefined {
    const { store, notes } = HistoryStore.open(path, {
      days: 30,
      eventsDays: 365,
      now: () => this.time,
      wallNow: () => this.wall,
      say: (sentence) => void this.said.push(sentence),
      ...options,
    });
    this.said.push(...notes);
    if (store !== undefined) this.#open.push(store);
    return store;
  }

  /** Writes a step at the time of the wall clock, which then moves to its end. */
  write(store: HistoryStore, values: Partial<HistoryStep> = {}): void {
    const written = step(this.wall, values);
    finished(store.write(written));
    this.wall += written.ms;
    this.time += written.ms;
    finished(store.upkeep(this.wall));
  }

  /** Writes steps until the wall clock shows `until`. */
  writeUntil(
    store: HistoryStore,
    until: number,
    values: (at: number) => Partial<HistoryStep> = () => ({}),
  ): void {
    while (this.wall < until) this.write(store, values(this.wall));
  }

  /** The bytes of all files in the folder whose names begin as the history's does. */
  bytes(): Uint8Array[] {
    return [...Deno.readDirSync(this.folder)].map(({ name }) =>
      Deno.readFileSync(`${this.folder}/${name}`)
    );
  }

  /** How many rows these tables have. */
  tables(names: readonly string[]): { readonly rows: Record<string, number> } {
    const database = new DatabaseSync(this.path, { readOnly: true });
    try {
      const rows = names.map((name) => {
        const row = database.prepare(`SELECT count(*) AS count FROM ${name}`).get();
        return [name, Number(row?.["count"])] as const;
      });
      return { rows: Object.fromEntries(rows) };
    } finally {
      database.close();
    }
  }

  /** Runs statements as another program would. */
  change(...statements: readonly string[]): void {
    const database = new DatabaseSync(this.path);
    try {
      for (const statement of statements) database.exec(statement);
    } finally {
      database.close();
    }
  }

  [Symbol.dispose](): void {
    for (const store of this.#open) store.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Everything between these days after {@linkcode MIDNIGHT}. */
export function days(from: number, to: number): [from: number, to: number] {
  return [MIDNIGHT + from * DAY_MS, MIDNIGHT + to * DAY_MS];
}
