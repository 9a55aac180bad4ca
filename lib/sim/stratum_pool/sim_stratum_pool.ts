/**
 * A simulated Stratum V1 pool over TCP: it behaves like one of the real servers, checks the header
 * of every share, counts everything, and misbehaves on request.
 */

import type { Socket } from "node:net";
import { encodeLine, formatNotification } from "../../protocol/stratum/message.ts";
import { PoolPort } from "../pool_port.ts";
import { Routine } from "../routine.ts";
import { seededRandom } from "../seeded_random.ts";
import { Watch } from "../watch.ts";
import type { PoolContext } from "./client.ts";
import { StratumPoolConnection } from "./connection.ts";
import { NO_STRATUM_FAULTS, type StratumPoolFaults } from "./faults.ts";
import { StratumPoolLedger, type StratumPoolStatistics } from "./ledger.ts";
import { serverOf } from "./personalities.ts";
import type { PoolServer } from "./personality.ts";
import {
  type Like,
  SEED,
  type StratumPoolOptions,
  type StratumPoolSettings,
  stratumPoolSettings,
} from "./settings.ts";
import { TemplateMaker } from "./template.ts";

/** How often time-outs and difficulties are checked, in milliseconds. */
const TICK_MS = 100;

/** A connection as it is now. */
export interface LiveClient {
  /** Counts from 1; `byConnection` of the statistics uses it. */
  readonly number: number;
  /** The last name it authorized; empty before. */
  readonly name: string;
  /** Its extranonce1; empty before subscribe where the answer assigns it. */
  readonly extranonce1: string;
  /** Bytes of its extranonce2. */
  readonly extranonce2Size: number;
  /** Its difficulty. */
  readonly difficulty: number;
  /** Whether its shares are accepted. */
  readonly isAuthorized: boolean;
}

/** A simulated pool that listens. Made by {@linkcode SimStratumPool.start}, ended by `stop()`. */
export class SimStratumPool {
  /** The server it plays. */
  readonly like: Like;
  readonly #settings: StratumPoolSettings;
  readonly #port: PoolPort;
  readonly #ledger = new StratumPoolLedger();
  readonly #watch: Watch;
  readonly #context: PoolContext;
  readonly #maker: TemplateMaker;
  readonly #stratum: PoolServer;
  readonly #connections = new Set<StratumPoolConnection>();
  readonly #routine: Routine;
  #faults: StratumPoolFaults = NO_STRATUM_FAULTS;
  #accepted = 0;
  #isStopped = false;

  private constructor(options: StratumPoolOptions) {
    const settings = stratumPoolSettings(options);
    this.#settings = settings;
    const { hostname, port, time, version, bits } = settings;
    this.#port = new PoolPort(hostname, port, (socket) => this.#accept(socket));
    this.#watch = new Watch(time);
    this.#routine = new Routine(time);
    this.like = settings.like;
    this.#context = {
      settings,
      ledger: this.#ledger,
      random: seededRandom(SEED),
      faults: () => this.#faults,
    };
    this.#maker = new TemplateMaker(seededRandom(SEED), version, bits);
    this.#stratum = serverOf(settings);
  }

  /**
   * Starts a pool that has work, and listens.
   *
   * @throws Error (rejects) when the port cannot be listened on.
   */
  static async start(options: StratumPoolOptions = {}): Promise<SimStratumPool> {
    const pool = new SimStratumPool(options);
    await pool.#port.listen();
    const { jobIntervalMs, blockIntervalMs } = pool.#settings;
    pool.newBlock();
    pool.#routine.every(jobIntervalMs, () => pool.newJob());
    pool.#routine.every(blockIntervalMs, () => pool.newBlock());
    pool.#routine.every(TICK_MS, () => pool.#tick());
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

  /** Bytes of its extranonce2, unless a fault changes them. */
  get extranonce2Size(): number {
    return this.#settings.extranonce2Size;
  }

  /** The fault switches as set by {@linkcode SimStratumPool.setFaults}. */
  get faults(): StratumPoolFaults {
    return this.#faults;
  }

  /** Returns the current counts. */
  statistics(): StratumPoolStatistics {
    return this.#ledger.snapshot();
  }

  /** The connections open now. */
  clients(): readonly LiveClient[] {
    return [...this.#connections].map(({ client }) => ({
      number: client.number,
      name: client.name,
      extranonce1: client.extranonce1,
      extranonce2Size: client.extranonce2Size,
      difficulty: client.difficulty,
      isAuthorized: client.isAuthorized,
    }));
  }

  /** Sends every connection work on a new height. */
  newBlock(): void {
    this.#newTemplate(true);
  }

  /**
   * Sends every connection work with other transactions, or what the server sends without a node.
   */
  newJob(): void {
    this.#newTemplate(false);
  }

  /** Gives connections another difficulty, all or one, in the server's own way. */
  setDifficulty(difficulty: number, client?: number): void {
    for (const { session } of this.#chosen(client)) session.setDifficulty(difficulty);
    this.#watch.changed();
  }

  /** Sends other version bits to all connections or one; they apply from the next job on. */
  setVersionMask(mask: number, client?: number): void {
    for (const connection of this.#chosen(client)) connection.client.setVersionMask(mask);
  }

  /** Sends a connection another extranonce1 (hex) and size; they apply from the next job on. */
  setExtranonce(extranonce1: string, extranonce2Size: number, client?: number): void {
    for (const connection of this.#chosen(client)) {
      connection.client.setExtranonce(extranonce1, extranonce2Size);
    }
  }

  /** Pings all connections. */
  ping(): void {
    this.sendLine('{"params":[],"id":42,"method":"mining.ping"}');
  }

  /** Has miners shown a text. */
  showMessage(text: string): void {
    this.sendLine(formatNotification("client.show_message", JSON.stringify([text])));
  }

  /** Asks all connections to reconnect: without an address, or to [host, port, seconds to wait]. */
  askToReconnect(params: readonly unknown[] = []): void {
    this.sendLine(formatNotification("client.reconnect", JSON.stringify(params)));
  }

  /** Sends any line, without its LF, to all connections. */
  sendLine(line: string): void {
    this.send(encodeLine(line));
  }

  /** Sends raw bytes to all connections. */
  send(bytes: Uint8Array): void {
    for (const connection of this.#connections) connection.send(bytes);
  }

  /**
   * Sets fault switches for existing and new connections; switches that are not named stay. Settles
   * when the pool listens, or has stopped listening, as `refuseConnections` says.
   */
  async setFaults(faults: Partial<StratumPoolFaults>): Promise<void> {
    this.#faults = { ...this.#faults, ...faults };
    for (const connection of this.#connections) connection.faultsChanged();
    if (this.#faults.refuseConnections) this.#port.close();
    else if (!this.#isStopped) await this.#port.listen();
  }

  /** Closes connections with FIN, all or one; `lastBytes` are sent before. */
  finishConnections(lastBytes?: Uint8Array, client?: number): void {
    for (const connection of this.#chosen(client)) connection.finish(lastBytes);
  }

  /** Closes connections with RST, all or one. */
  resetConnections(client?: number): void {
    for (const connection of this.#chosen(client)) connection.reset();
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
    this.#port.close();
    const closed = this.until(() => this.#connections.size === 0);
    this.resetConnections();
    await closed;
  }

  /** Like `stop()`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #newTemplate(isNewBlock: boolean): void {
    if (this.#faults.isNodeGone) {
      for (const { session } of this.#connections) session.nodeGone();
      return;
    }
    const { time } = this.#settings;
    const template = this.#maker.next(isNewBlock, time.wallNow(), time.now());
    this.#stratum.background.templateChanged(template);
    for (const { session } of this.#connections) session.announce();
    this.#watch.changed();
  }

  #tick(): void {
    for (const { session } of this.#connections) session.tick();
    this.#watch.changed();
  }

  #chosen(client: number | undefined): readonly StratumPoolConnection[] {
    return [...this.#connections].filter((connection) =>
      client === undefined || connection.client.number === client
    );
  }

  #accept(socket: Socket): void {
    if (this.#isStopped || !this.#stratum.background.admits(socket.remoteAddress ?? "")) {
      if (!this.#isStopped) this.#ledger.count("refusedConnections");
      socket.on("error", () => {});
      socket.resetAndDestroy();
      this.#watch.changed();
      return;
    }
    const connection = new StratumPoolConnection(
      socket,
      ++this.#accepted,
      this.#context,
      this.#stratum,
      {
        changed: () => this.#watch.changed(),
        closed: () => {
          this.#connections.delete(connection);
          this.#watch.changed();
        },
      },
    );
    this.#connections.add(connection);
    this.#watch.changed();
  }
}
