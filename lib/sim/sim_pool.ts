/**
 * A simulated pool: it speaks the agent protocol over TCP as btcpool does, including what btcpool
 * drops silently (agent.md), counts everything, and misbehaves on request.
 */

import type { Socket } from "node:net";
import type { Timer } from "../base/clock.ts";
import { PoolConnection } from "./pool_connection.ts";
import type { PoolContext } from "./pool_context.ts";
import { BROKEN_BYTES, NO_FAULTS, type PoolFaults } from "./pool_faults.ts";
import { type Work, WorkMaker } from "./pool_jobs.ts";
import { PoolLedger, type PoolStatistics } from "./pool_ledger.ts";
import { PoolPort } from "./pool_port.ts";
import { type PoolSettings, poolSettings, type SimPoolOptions } from "./pool_settings.ts";
import type { PoolWorker } from "./pool_workers.ts";
import { Routine } from "./routine.ts";
import { seededRandom } from "./seeded_random.ts";
import { Watch } from "./watch.ts";

/** A worker registered at this moment. */
export interface LiveWorker {
  /** The extranonce1 of the connection it is on. */
  readonly connection: number;
  /** The sub-account of that connection, lower-case unless case matters. */
  readonly account: string;
  /** Its session id on that connection. */
  readonly sessionId: number;
  /** As the pool stores it. */
  readonly clientAgent: string;
  /** As the pool stores it. */
  readonly workerName: string;
  /** Its difficulty from the newest job on. */
  readonly difficulty: number;
}

/** A simulated pool that listens. Made by {@linkcode SimPool.start}, ended by `stop()`. */
export class SimPool {
  readonly #settings: PoolSettings;
  readonly #port: PoolPort;
  readonly #ledger = new PoolLedger();
  readonly #watch: Watch;
  readonly #connections = new Set<PoolConnection>();
  readonly #registeredNames = new Set<string>();
  readonly #wantedExponents = new Map<string, number>();
  readonly #maker: WorkMaker;
  readonly #context: PoolContext;
  readonly #routine: Routine;
  readonly #nextFaults: Partial<PoolFaults>[] = [];
  #resendTimer: Timer | undefined;
  #faults: PoolFaults = NO_FAULTS;
  #work: Work | undefined;
  #accepted = 0;
  #isStopped = false;

  private constructor(options: SimPoolOptions) {
    this.#settings = poolSettings(options);
    const { hostname, port, time, seed } = this.#settings;
    this.#port = new PoolPort(hostname, port, (socket) => this.#accept(socket));
    this.#watch = new Watch(time);
    this.#routine = new Routine(time);
    const random = seededRandom(seed);
    this.#maker = new WorkMaker(random);
    this.#context = {
      settings: this.#settings,
      ledger: this.#ledger,
      random,
      work: () => this.#work,
      wantedExponent: (workerName) => this.#wantedExponents.get(workerName),
      registered: (worker: PoolWorker) => this.#registeredNames.add(worker.workerName),
      changed: () => this.#watch.changed(),
    };
  }

  /**
   * Starts a pool and listens.
   *
   * @throws Error (rejects) when the port cannot be listened on.
   */
  static async start(options: SimPoolOptions = {}): Promise<SimPool> {
    const pool = new SimPool(options);
    await pool.#port.listen();
    const { hasWork, jobIntervalMs, blockIntervalMs } = pool.#settings;
    if (hasWork) pool.newBlock();
    pool.#routine.every(jobIntervalMs, () => pool.newJob());
    pool.#routine.every(blockIntervalMs, () => pool.newBlock());
    return pool;
  }

  /** The address it listens on. */
  get hostname(): string {
    return this.#port.hostname;
  }

  /** The port it listens on; it never changes. */
  get port(): number {
    return this.#port.port;
  }

  /** The fault switches as set by {@linkcode SimPool.setFaults}. */
  get faults(): PoolFaults {
    return this.#faults;
  }

  /** Every worker name ever registered. */
  get registeredNames(): ReadonlySet<string> {
    return this.#registeredNames;
  }

  /** Returns the current counts. */
  statistics(): PoolStatistics {
    return this.#ledger.snapshot();
  }

  /** The workers registered now, on all connections. */
  workers(): LiveWorker[] {
    return [...this.#connections].flatMap((connection) =>
      [...connection.workers].map((worker) => ({
        connection: connection.extranonce1,
        account: connection.account,
        sessionId: worker.sessionId,
        clientAgent: worker.clientAgent,
        workerName: worker.workerName,
        difficulty: worker.difficulty,
      }))
    );
  }

  /** Sends every connection work on a new height: clean. */
  newBlock(): void {
    this.#sendToAll(this.#maker.newBlock(this.#seconds()));
  }

  /** Sends every connection work with other transactions: not clean. */
  newJob(): void {
    this.#sendToAll(
      this.#work === undefined
        ? this.#maker.newBlock(this.#seconds())
        : this.#maker.newTransactions(this.#seconds()),
    );
  }

  /** Sends every connection its last work again under a new id, with the same clean flag. */
  resendJob(): void {
    if (this.#work !== undefined) this.#sendToAll(this.#work);
  }

  /** Flips the version mask back and forth on all connections, in one write. */
  flipMask(count: number): void {
    this.send(BROKEN_BYTES.maskFlips(count, this.#settings.versionMask));
  }

  /** Sends all connections a job that no firmware accepts. */
  sendOversizedJob(): void {
    if (this.#work !== undefined) this.send(BROKEN_BYTES.oversizedJob(this.#work.job));
  }

  /** Workers of this name get difficulty 2^exponent (0..63) with the next job, and keep it. */
  setWorkerDifficulty(workerName: string, exponent: number): void {
    this.#wantedExponents.set(workerName, exponent);
  }

  /**
   * Sets fault switches for existing and new connections; switches that are not named stay. Settles
   * when the pool listens, or has stopped listening, as `refuseConnections` says.
   */
  async setFaults(faults: Partial<PoolFaults>): Promise<void> {
    this.#faults = { ...this.#faults, ...faults };
    for (const connection of this.#connections) connection.faultsChanged();
    if (this.#faults.refuseConnections) this.#port.close();
    else if (!this.#isStopped) await this.#port.listen();
  }

  /**
   * Sets fault switches for the whole life of one connection: the next one, or, when called again,
   * the one after it. Not for `refuseConnections`.
   */
  setFaultsOfNextConnection(faults: Partial<PoolFaults>): void {
    this.#nextFaults.push(faults);
  }

  /** Closes all connections with RST, or only the one with this extranonce1. */
  resetConnections(extranonce1?: number): void {
    for (const connection of this.#chosen(extranonce1)) connection.reset();
  }

  /**
   * Closes all connections with FIN, or only the one with this extranonce1; `lastBytes`, such as
   * the first half of a frame, are sent before.
   */
  finishConnections(lastBytes?: Uint8Array, extranonce1?: number): void {
    for (const connection of this.#chosen(extranonce1)) connection.finish(lastBytes);
  }

  /** Sends raw bytes on all connections, such as `BROKEN_BYTES`. */
  send(bytes: Uint8Array): void {
    for (const connection of this.#connections) connection.send(bytes);
  }

  /** Sends a verdict on all connections, whatever was submitted. */
  sendVerdict(index: number, status: number): void {
    for (const connection of this.#connections) connection.sendVerdict(index, status);
  }

  /**
   * Settles as soon as `condition`, which is checked after each event here, is true.
   *
   * @throws Error (rejects) when it is still false after `timeoutMs`, 60,000 if not given.
   */
  until(condition: () => boolean, timeoutMs?: number): Promise<void> {
    return this.#watch.until(condition, timeoutMs);
  }

  /** Stops listening and resets all connections. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#routine.stop();
    this.#settings.time.clear(this.#resendTimer);
    this.#port.close();
    const closed = this.until(() => this.#connections.size === 0);
    this.resetConnections();
    await closed;
  }

  /** Like `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #chosen(extranonce1: number | undefined): PoolConnection[] {
    return [...this.#connections].filter((connection) =>
      extranonce1 === undefined || connection.extranonce1 === extranonce1
    );
  }

  #accept(socket: Socket): void {
    if (this.#isStopped) {
      socket.destroy();
      return;
    }
    // The server number in the top byte, a counter in the low 24 bits.
    const counter = ++this.#accepted & 0xffffff;
    const extranonce1 = (this.#settings.serverNumber << 24 | counter) >>> 0;
    const own = this.#nextFaults.shift();
    const faults = own === undefined ? () => this.#faults : () => ({ ...this.#faults, ...own });
    const connection = new PoolConnection(socket, extranonce1, this.#context, faults, () => {
      this.#connections.delete(connection);
      this.#watch.changed();
    });
    this.#connections.add(connection);
    this.#watch.changed();
  }

  #sendToAll(work: Work): void {
    if (this.#faults.sendsNoNewJob && this.#work !== undefined) return;
    this.#work = work;
    for (const connection of this.#connections) connection.sendWork(work);
    this.#watch.changed();
    const { resendIntervalMs, time } = this.#settings;
    time.clear(this.#resendTimer);
    if (resendIntervalMs > 0 && !this.#isStopped) {
      this.#resendTimer = time.after(resendIntervalMs, () => this.resendJob());
    }
  }

  #seconds(): number {
    return Math.floor(this.#settings.time.wallNow() / 1000);
  }
}
