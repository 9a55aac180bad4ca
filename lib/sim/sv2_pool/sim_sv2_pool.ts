/**
 * A simulated Stratum V2 pool over TCP: it proves who it is, behaves like one of the real pools,
 * checks the header of every share, counts everything, and misbehaves on request.
 *
 * Import it only where it is needed: it loads the libraries of the handshake.
 */

import type { Socket } from "node:net";
import { FRAME_HEADER_BYTES, writeFrameHeader } from "../../protocol/sv2/frame.ts";
import type { KnownPoolMessage } from "../../protocol/sv2/pool_message.ts";
import type { SetupConnection } from "../../protocol/sv2/setup.ts";
import { formatAddress } from "../../base/peer_address.ts";
import { PoolPort } from "../pool_port.ts";
import { Routine } from "../routine.ts";
import { randomBelow, seededRandom } from "../seeded_random.ts";
import { type BlockTemplate, TemplateMaker } from "../stratum_pool/template.ts";
import { Watch } from "../watch.ts";
import { Sv2Authority } from "./authority.ts";
import { anyTargetOf, difficultyOfTarget, type Sv2Channel } from "./channel.ts";
import { Sv2PoolConnection } from "./connection.ts";
import type { Sv2PoolContext } from "./context.ts";
import { NO_SV2_FAULTS, type Sv2PoolFaults } from "./faults.ts";
import { Sv2PoolLedger, type Sv2PoolStatistics } from "./ledger.ts";
import type { JobFlaw } from "./made_job.ts";
import type { Sv2Like } from "./personality.ts";
import { type Sv2PoolOptions, type Sv2PoolSettings, sv2PoolSettings } from "./settings.ts";
import type { Sv2Session } from "./session.ts";

/** The seed of hashes, the same for every pool. */
const SEED = 1;
/** How often time-outs are checked, in milliseconds. */
const TICK_MS = 100;
/** No pool's jobs come that far. */
const UNKNOWN_JOB = 0xfffffff0;

/** A channel as it is now. */
export interface LiveSv2Channel {
  /** Its id on the connection. */
  readonly id: number;
  /** Its user. */
  readonly userIdentity: string;
  /** Bytes of extranonce that the client asked for. */
  readonly minExtranonceSize: number;
  /** Bytes of extranonce that it has. */
  readonly extranonceSize: number;
  /** The prefix of jobs to come, in hex. */
  readonly prefix: string;
  /** The target of jobs to come. */
  readonly target: bigint;
  /** The same as a difficulty. */
  readonly difficulty: number;
  /** The hashrate that the client declared last, in hashes per second. */
  readonly nominalHashRate: number;
}

/** A connection as it is now. */
export interface LiveSv2Client {
  /** Counts from 1; `byConnection` of the statistics uses it. */
  readonly number: number;
  /** What it said of itself; `undefined` before. */
  readonly setup: SetupConnection | undefined;
  /** Extensions that were agreed on. */
  readonly extensions: readonly number[];
  /** The group of its channels; 0 for none. */
  readonly groupId: number;
  /** Its open channels. */
  readonly channels: readonly LiveSv2Channel[];
  /** Frames sent to it; the fault `flippedBit` counts them from 0. */
  readonly framesSent: number;
}

/** A simulated pool that listens. Made by {@linkcode SimSv2Pool.start}, ended by `stop()`. */
export class SimSv2Pool {
  /** The pool it plays. */
  readonly like: Sv2Like;
  readonly #settings: Sv2PoolSettings;
  readonly #port: PoolPort;
  readonly #ledger = new Sv2PoolLedger();
  readonly #watch: Watch;
  readonly #context: Sv2PoolContext;
  readonly #maker: TemplateMaker;
  readonly #authority: Sv2Authority;
  readonly #connections = new Set<Sv2PoolConnection>();
  readonly #routine: Routine;
  #faults: Sv2PoolFaults = NO_SV2_FAULTS;
  #current: BlockTemplate;
  #next: BlockTemplate | undefined;
  #accepted = 0;
  #jobs = 0;
  #channels = 0;
  #isStopped = false;

  private constructor(options: Sv2PoolOptions) {
    const settings = sv2PoolSettings(options);
    this.#settings = settings;
    const { hostname, port, time, version, bits } = settings;
    this.like = settings.like;
    this.#port = new PoolPort(hostname, port, (socket) => this.#accept(socket));
    this.#watch = new Watch(time);
    this.#routine = new Routine(time);
    this.#authority = new Sv2Authority(settings);
    this.#context = {
      settings,
      ledger: this.#ledger,
      authority: this.#authority,
      faults: () => this.#faults,
      templates: () => ({ current: this.#current, next: this.#next }),
      newJobId: () => ++this.#jobs,
      newChannel: () => this.#newChannel(),
    };
    this.#maker = new TemplateMaker(seededRandom(SEED), version, bits);
    this.#current = this.#newTemplate(true);
  }

  /**
   * Starts a pool that has work, and listens.
   *
   * @throws Error (rejects) when the port cannot be listened on.
   */
  static async start(options: Sv2PoolOptions = {}): Promise<SimSv2Pool> {
    const pool = new SimSv2Pool(options);
    await pool.#port.listen();
    const { jobIntervalMs, blockIntervalMs } = pool.#settings;
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

  /** The key of its authority, as it stands in an address. */
  get authorityKey(): string {
    return this.#authority.key;
  }

  /** Its address with the authority's key, as it stands in a configuration. */
  get url(): string {
    return `stratum2+tcp://${formatAddress(this)}/${this.authorityKey}`;
  }

  /** Bytes of extranonce that a channel gets. */
  get extranonceSize(): number {
    return this.#settings.extranonceSize;
  }

  /** Whether its users have to be Bitcoin addresses. */
  get asksAddress(): boolean {
    return this.#settings.asksAddress;
  }

  /** The fault switches as set by {@linkcode SimSv2Pool.setFaults}. */
  get faults(): Sv2PoolFaults {
    return this.#faults;
  }

  /** Returns the current counts. */
  statistics(): Sv2PoolStatistics {
    return this.#ledger.snapshot();
  }

  /** The connections open now. */
  clients(): readonly LiveSv2Client[] {
    return [...this.#connections].map(({ session, framesSent }) => ({
      number: session.number,
      setup: session.setup,
      extensions: session.extensions,
      groupId: session.groupId,
      channels: [...session.channels.values()].map(liveChannel),
      framesSent,
    }));
  }

  /** Sends every channel work on a new height: the job of `newFuture` if there was one. */
  newBlock(flaw?: JobFlaw): void {
    this.#current = this.#next ?? this.#newTemplate(true);
    this.#next = undefined;
    for (const session of this.#sessions()) session.announceBlock(this.#current, flaw);
    this.#watch.changed();
  }

  /** Sends every channel a job for the next block, which waits for it. */
  newFuture(): void {
    this.#next ??= this.#newTemplate(true);
    for (const session of this.#sessions()) session.announceFuture(this.#next);
    this.#watch.changed();
  }

  /** Sends every channel work with other transactions, perhaps with something wrong in it. */
  newJob(flaw?: JobFlaw): void {
    const { prevHash, height } = this.#current;
    this.#current = { ...this.#newTemplate(false), prevHash, height };
    for (const session of this.#sessions()) session.announceJob(this.#current, flaw);
    this.#watch.changed();
  }

  /** Sends a prev hash for a job that nobody has; the pool itself stays where it is. */
  sendUnknownPrevHash(client?: number): void {
    for (const session of this.#sessions(client)) {
      for (const channelId of session.channels.keys()) {
        session.send({
          kind: "setNewPrevHash",
          channelId,
          jobId: UNKNOWN_JOB,
          prevHash: new Uint8Array(32).fill(0x42, 0, 24),
          minNtime: this.#current.time,
          bits: Number(`0x${this.#current.bits}`),
        });
      }
    }
  }

  /** Gives channels another difficulty, of all connections or one, for jobs to come. */
  setDifficulty(difficulty: number, client?: number): void {
    this.setTarget(anyTargetOf(difficulty), client);
  }

  /** Gives channels another target, of all connections or one, for jobs to come. */
  setTarget(target: bigint, client?: number): void {
    for (const session of this.#sessions(client)) {
      for (const channel of session.channels.values()) session.setTarget(channel, target);
    }
    this.#watch.changed();
  }

  /** Gives channels another prefix, of all connections or one, for jobs to come. */
  setExtranoncePrefix(prefix: Uint8Array, client?: number): void {
    for (const session of this.#sessions(client)) session.setExtranoncePrefix(prefix);
  }

  /** Puts the channels of all connections or one into another group. */
  setGroupChannel(groupId: number, client?: number): void {
    for (const session of this.#sessions(client)) session.setGroupChannel(groupId);
  }

  /** Closes the channels of all connections or one, each or by their group; connections stay. */
  closeChannels(
    { reason = "maintenance", byGroup = false, client }: {
      readonly reason?: string;
      readonly byGroup?: boolean;
      readonly client?: number;
    } = {},
  ): void {
    for (const session of this.#sessions(client)) session.closeChannels(reason, byGroup);
    this.#watch.changed();
  }

  /** Asks clients to reconnect: to the same address if none is given. */
  askToReconnect(newHost?: string, newPort?: number, client?: number): void {
    const message = { kind: "reconnect", newHost: newHost ?? "", newPort: newPort ?? 0 } as const;
    this.sendMessage(message, client);
  }

  /** Sends any message to all connections or one, before or after its channel is open. */
  sendMessage(message: KnownPoolMessage, client?: number): void {
    for (const session of this.#sessions(client)) session.send(message);
  }

  /** Sends a frame of any kind and any length, to all connections or one. */
  sendFrame(
    extensionType: number,
    messageType: number,
    payload: Uint8Array,
    client?: number,
  ): void {
    const frame = new Uint8Array(FRAME_HEADER_BYTES + payload.length);
    const view = new DataView(frame.buffer);
    writeFrameHeader(view, 0, extensionType, messageType, payload.length);
    frame.set(payload, FRAME_HEADER_BYTES);
    for (const connection of this.#chosen(client)) connection.sendFrame(frame);
  }

  /** Sends raw bytes, which no seal covers, to all connections or one. */
  sendRaw(bytes: Uint8Array, client?: number): void {
    for (const connection of this.#chosen(client)) connection.sendRaw(bytes);
  }

  /**
   * Sets fault switches for existing and new connections; switches that are not named stay. Settles
   * when the pool listens, or has stopped listening, as `refuseConnections` says.
   */
  async setFaults(faults: Partial<Sv2PoolFaults>): Promise<void> {
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

  #newTemplate(isNewBlock: boolean): BlockTemplate {
    const { time } = this.#settings;
    return this.#maker.next(isNewBlock, time.wallNow(), time.now());
  }

  #newChannel(): { readonly serial: number; readonly prefix: Uint8Array } {
    const serial = ++this.#channels;
    const { prefixBytes, rewrite } = this.#settings;
    const random = seededRandom(serial);
    const made = Uint8Array.from({ length: prefixBytes }, () => randomBelow(random, 256));
    // The last bytes count channels, so that no two prefixes are the same.
    for (let i = 0; i < Math.min(prefixBytes, 4); i++) made[prefixBytes - 1 - i] = serial >>> 8 * i;
    return { serial, prefix: rewrite.prefix?.(made) ?? made };
  }

  #tick(): void {
    for (const connection of this.#connections) connection.tick();
    this.#watch.changed();
  }

  #sessions(client?: number): readonly Sv2Session[] {
    return this.#chosen(client).map(({ session }) => session);
  }

  #chosen(client: number | undefined): readonly Sv2PoolConnection[] {
    return [...this.#connections].filter(({ session }) =>
      client === undefined || session.number === client
    );
  }

  #accept(socket: Socket): void {
    if (this.#isStopped) {
      socket.on("error", () => {});
      socket.resetAndDestroy();
      return;
    }
    const connection = new Sv2PoolConnection(socket, ++this.#accepted, this.#context, {
      changed: () => this.#watch.changed(),
      closed: () => {
        this.#connections.delete(connection);
        this.#watch.changed();
      },
    });
    this.#connections.add(connection);
    this.#watch.changed();
  }
}

function liveChannel(channel: Sv2Channel): LiveSv2Channel {
  const { id, userIdentity, minExtranonceSize, extranonceSize, target, nominalHashRate } = channel;
  return {
    id,
    userIdentity,
    minExtranonceSize,
    extranonceSize,
    prefix: channel.prefix.toHex(),
    target,
    difficulty: difficultyOfTarget(target),
    nominalHashRate,
  };
}
