/**
 * One connection to an ordinary Stratum pool: dial, handshake, then lines in, lines out.
 *
 * Any error of the socket or of the pool ends this session, once and with a reason.
 */

import { formatAddress } from "../../base/peer_address.ts";
import type { Connection } from "../../net/pools/connection.ts";
import type { PoolMessage } from "../../protocol/stratum/pool_message.ts";
import { openingRequests } from "../../protocol/stratum/pool_request.ts";
import type { EndCause, PoolConnection, PoolConnectionOptions } from "../connection.ts";
import { causeOf, endReason, isClose } from "../end_reason.ts";
import { Inflow, type InflowOfKind } from "../inflow.ts";
import { Liveness } from "../liveness.ts";
import { Turns } from "../turns.ts";
import { withHasher } from "../with_hasher.ts";
import { Courtesies } from "./courtesies.ts";
import { type StratumAgreement, StratumHandshake } from "./handshake.ts";
import { comesWithJob, Incoming } from "./incoming.ts";
import { Outgoing } from "./outgoing.ts";
import { StratumUpstream } from "./upstream.ts";
import { WorkerLogins } from "./worker_logins.ts";
import type { WorkersAtPools } from "./workers_at_pools.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/**
 * The same for a connection of one worker: there may be thousands, and they get little but jobs.
 */
const OWN_READ_BUFFER_BYTES = 4 * 1024;

/** Treat a pool as dead after this much silence if nothing is configured: some send every 60 s. */
const READ_TIMEOUT_MS = 120_000;

/** The same while a share waits for its verdict. */
const OWED_TIMEOUT_MS = 30_000;

/** Only verdicts are for a single miner; their texts may be long. */
const STRATUM_INFLOW: InflowOfKind = {
  forAMiner: { bytes: 0, messages: 0 },
  forAShare: { bytes: 256, messages: 1 },
};

/** A socket, and what goes out on it. */
interface Link {
  readonly connection: Connection;
  readonly outgoing: Outgoing;
  readonly courtesies: Courtesies;
}

/** The stages of a connection, and what each has. */
type Stage =
  | { readonly kind: "dialling" }
  | { readonly kind: "handshake"; readonly link: Link; readonly handshake: StratumHandshake }
  | { readonly kind: "ready"; readonly link: Link; readonly upstream: StratumUpstream }
  | { readonly kind: "ended"; readonly link: Link | undefined };

/** One connection to an ordinary Stratum pool. */
export class StratumSession implements PoolConnection {
  readonly name: string;
  readonly #options: PoolConnectionOptions;
  readonly #atPools: WorkersAtPools;
  readonly #abort = new AbortController();
  readonly #incoming = new Incoming();
  readonly #opening: Uint8Array;
  readonly #openedAt: number;
  readonly #liveness: Liveness;
  readonly #inflow: Inflow;
  readonly #turns: Turns;
  #stage: Stage = { kind: "dialling" };
  #bytesRead = 0;
  #messagesRead = 0;

  /** Starts dialing. `atPools` knows which pools accept workers by name. */
  constructor(options: PoolConnectionOptions, atPools: WorkersAtPools) {
    this.name = options.name;
    this.#options = options;
    this.#atPools = atPools;
    this.#openedAt = options.now();
    const readTimeoutMs = options.readTimeoutMs ?? READ_TIMEOUT_MS;
    const owedTimeoutMs = Math.min(OWED_TIMEOUT_MS, readTimeoutMs);
    this.#liveness = new Liveness(readTimeoutMs, this.#openedAt, owedTimeoutMs);
    this.#inflow = new Inflow(options.rateClock.realNow(), STRATUM_INFLOW);
    this.#turns = new Turns(options.timers);
    const { version, account: user, password, suggestedDifficulty } = options;
    const opening = openingRequests({ version, user, password, suggestedDifficulty });
    this.#opening = new TextEncoder().encode(opening);
    this.#run();
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#link?.outgoing.bytesWritten ?? 0;
  }

  get waitingBytes(): number {
    return this.#link?.outgoing.waitingBytes ?? 0;
  }

  get messagesRead(): number {
    return this.#messagesRead;
  }

  get messagesWritten(): number {
    return this.#link?.outgoing.messages ?? 0;
  }

  flush(): void {}

  tick(): void {
    const time = this.#options.now();
    const stage = this.#stage;
    switch (stage.kind) {
      case "dialling":
        return this.#endIfLate(time, "a connection");
      case "handshake":
        stage.handshake.tick(time);
        if (this.#readyIfAgreed(stage)) return;
        return this.#endIfLate(time, stage.handshake.waitingFor ?? "nothing");
      case "ready": {
        stage.link.outgoing.tick();
        stage.upstream.tick();
        const verdict = this.#liveness.check(time, this.bytesWritten, this.waitingBytes);
        if (verdict !== undefined) this.#end(verdict);
        return;
      }
      case "ended":
        return;
      default:
        stage satisfies never;
    }
  }

  close(): void {
    const stage = this.#stage;
    if (stage.kind === "ended") return;
    const link = this.#link;
    this.#stage = { kind: "ended", link };
    this.#abort.abort();
    if (stage.kind === "ready") stage.upstream.stop();
    link?.outgoing.stop();
    link?.connection.close();
  }

  get #link(): Link | undefined {
    return this.#stage.kind === "dialling" ? undefined : this.#stage.link;
  }

  get #upstream(): StratumUpstream | undefined {
    return this.#stage.kind === "ready" ? this.#stage.upstream : undefined;
  }

  /** A method of its own, because the compiler does not see that the stage changes. */
  #isEnded(): boolean {
    return this.#stage.kind === "ended";
  }

  #endIfLate(time: number, missing: string): void {
    const { handshakeTimeoutMs } = this.#options;
    if (time - this.#openedAt < handshakeTimeoutMs) return;
    this.#end(`no answer: waited ${handshakeTimeoutMs / 1000} s for ${missing}`);
  }

  /** The whole life of the connection; an error that it throws is the reason of the end. */
  async #run(): Promise<void> {
    try {
      const { dial, address, isOfOneWorker, gate } = this.#options;
      // btcagent hashes every share for such a pool, from the first on.
      const connection = await withHasher(
        dial(address, this.#abort.signal, { bytes: this.#opening }),
      );
      if (this.#isEnded()) return connection.close();
      this.#opened(connection);
      const buffer = new Uint8Array(
        isOfOneWorker === true ? OWN_READ_BUFFER_BYTES : READ_BUFFER_BYTES,
      );
      while (!this.#isEnded()) {
        const count = await connection.read(buffer);
        // It may have been closed between the arrival of the bytes and our turn.
        if (this.#isEnded()) return;
        if (count === null) return this.#end(this.#whyClosed(), "close");
        if (gate !== undefined) await gate.pass();
        if (this.#isEnded()) return;
        await this.#receive(buffer.subarray(0, count));
      }
    } catch (error) {
      this.#lost(error);
    }
  }

  #lost(error: unknown): void {
    this.#end(isClose(error) ? this.#whyClosed() : endReason(error), causeOf(error));
  }

  /** Why the pool closed. If it gave no work before, its kind or port may be wrong. */
  #whyClosed(): string {
    const stage = this.#stage;
    if (stage.kind !== "handshake") return "the pool closed the connection";
    return `the pool closed the connection before ${
      stage.handshake.waitingFor ?? "its first job"
    } ` +
      "came; check its port, whether it wants TLS (stratum+ssl://) or agents (btcagent+tcp://), and " +
      "whether it blocks this address";
  }

  #opened(connection: Connection): void {
    const { now, account, version, extranonce2Bytes } = this.#options;
    const bytes = this.#opening;
    const messages = bytes.reduce((lines, byte) => byte === LF ? lines + 1 : lines, 0);
    const outgoing = new Outgoing(connection, { bytes: bytes.length, messages }, now, {
      sent: (serial) => this.#upstream?.sent(serial),
      abandoned: (serial) => this.#upstream?.abandoned(serial),
      failed: (error) => this.#lost(error),
      stalled: (waitingBytes) => this.#end(`stalled: ${waitingBytes} bytes wait for it`),
    });
    const send = (line: string) => outgoing.sendLine(line);
    const courtesies = new Courtesies({ name: this.name, version, now, send });
    const link = { connection, outgoing, courtesies };
    const handshake = new StratumHandshake(account, extranonce2Bytes);
    this.#stage = { kind: "handshake", link, handshake };
  }

  /** Handles the bytes that came, in turns. Nothing is read meanwhile, so the order is kept. */
  async #receive(bytes: Uint8Array): Promise<void> {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    const awayMs = rateClock.awayMs(time);
    const attendedTime = now(time);
    this.#bytesRead += bytes.length;
    this.#liveness.received(attendedTime);
    this.#link?.outgoing.heard();
    this.#inflow.read(bytes.length, time, awayMs);
    this.#turns.read(bytes.length);
    const batch = this.#incoming.read(bytes, () => this.#inflow.message(time, awayMs));
    const { messages, fault } = batch;
    this.#messagesRead += batch.came;
    for (const [at, message] of messages.entries()) {
      const isAlone = message.kind === "difficulty" && !comesWithJob(messages, at);
      this.#take(message, isAlone, attendedTime);
      this.#turns.worked(1);
      if (this.#turns.areOver) await this.#turns.next();
      if (this.#isEnded()) return;
    }
    this.#upstream?.heard(attendedTime);
    if (fault !== undefined) throw fault.error;
  }

  /** Handles one message; `isAlone` for a difficulty that comes without a job. */
  #take(message: PoolMessage, isAlone: boolean, time: number): void {
    const stage = this.#stage;
    if (stage.kind !== "handshake" && stage.kind !== "ready") return;
    if (stage.link.courtesies.take(message)) return;
    if (message.kind === "reconnect") {
      // Never reconnect to another host: an attacker that can insert a line must not steer the
      // farm.
      return this.#end("the pool asked for a new connection");
    }
    if (stage.kind === "handshake") {
      stage.handshake.receive(message, time);
      this.#readyIfAgreed(stage);
      return;
    }
    const { upstream } = stage;
    switch (message.kind) {
      case "answer":
        return upstream.answerCame(message);
      case "job":
        return upstream.jobCame(message.job);
      case "difficulty":
        return upstream.difficultyCame(message.difficulty, isAlone);
      case "extranonce":
        return upstream.extranonceCame(message.extranonce1, message.extranonce2Bytes);
      case "versionMask":
        return upstream.maskCame(message.mask);
    }
  }

  #readyIfAgreed({ link, handshake }: Extract<Stage, { kind: "handshake" }>): boolean {
    const { agreement } = handshake;
    if (agreement === undefined) return false;
    try {
      this.#ready(link, agreement);
    } catch (error) {
      this.#end(endReason(error), causeOf(error));
    }
    return true;
  }

  #ready(link: Link, agreement: StratumAgreement): void {
    const { poolId, account, isOfOneWorker = false, minersPerConnection } = this.#options;
    const { mux, now, rateClock, owner } = this.#options;
    const upstream = new StratumUpstream({
      poolId,
      name: this.name,
      user: account,
      isOfOneWorker,
      minersPerConnection,
      agreement,
      outgoing: link.outgoing,
      liveness: this.#liveness,
      inflow: this.#inflow,
      courtesies: link.courtesies,
      logins: this.#loginsOn(link),
      mux,
      now,
      rateClock,
      end: (reason) => this.#end(reason),
    });
    this.#stage = { kind: "ready", link, upstream };
    owner.ready(this, upstream);
  }

  /** What authorizes workers by name; `undefined` if all have one name. */
  #loginsOn({ outgoing }: Link): WorkerLogins | undefined {
    const { poolId, address, account, password, now, workers } = this.#options;
    if (workers !== "each") return undefined;
    return new WorkerLogins({
      poolId,
      pool: formatAddress({ hostname: address.host, port: address.port }),
      user: account,
      password,
      atPools: this.#atPools,
      outgoing,
      now,
      end: (reason) => this.#end(reason),
    });
  }

  #end(reason: string, cause: EndCause = "connection"): void {
    if (this.#isEnded()) return;
    this.close();
    this.#options.owner.ended(this, reason, cause);
  }
}

const LF = 0x0a;
