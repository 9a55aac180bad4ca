/**
 * One connection to a Stratum V2 pool: dial, Noise, handshake, then frames in, frames out.
 *
 * Any error of the socket or of the pool, such as a single damaged bit, ends this session, once and
 * with a reason.
 */

import { formatAddress } from "../../base/peer_address.ts";
import { PoolFault } from "../../base/violation.ts";
import type { Connection, PoolAddress } from "../../net/pools/connection.ts";
import { areaLog } from "../../observe/log.ts";
import { type AgentMessage, encodeAgentMessage } from "../../protocol/sv2/agent_message.ts";
import type { FrameOpener } from "../../protocol/sv2/noise/frame_opener.ts";
import type { FrameSealer } from "../../protocol/sv2/noise/frame_sealer.ts";
import { decodePoolMessage, type PoolMessage } from "../../protocol/sv2/pool_message.ts";
import type { Reconnect } from "../../protocol/sv2/setup.ts";
import { quote } from "../../protocol/stratum/message.ts";
import type { EndCause, PoolConnection, PoolConnectionOptions } from "../connection.ts";
import { causeOf, endReason, isClose } from "../end_reason.ts";
import { Inflow, type InflowOfKind } from "../inflow.ts";
import { Liveness } from "../liveness.ts";
import { PacedOutgoing } from "../outgoing.ts";
import { Turns } from "../turns.ts";
import { withHasher } from "../with_hasher.ts";
import type { Sv2AtPools } from "./at_pools.ts";
import { NO_VERSION_ROLLING, type Sv2Agreement, Sv2Handshake } from "./handshake.ts";
import { Notices } from "./notices.ts";
import { Outstanding } from "./outstanding.ts";
import { dialSealed, type SealedConnection } from "./sealed_dial.ts";
import { SealedWire } from "./sealed_wire.ts";
import { Sv2Upstream } from "./upstream.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/** Treat a pool as dead after this much silence if nothing is configured: it may be a quiet one. */
const READ_TIMEOUT_MS = 180_000;

/** The same while a share waits for its verdict. */
const OWED_TIMEOUT_MS = 120_000;

/** The last message of a connection is written within this time, or not at all, in milliseconds. */
const FAREWELL_MS = 1_000;

/** Only refusals are for a single share; their codes may be long. */
const SV2_INFLOW: InflowOfKind = {
  forAMiner: { bytes: 0, messages: 0 },
  forAShare: { bytes: 320, messages: 1 },
};

/** A sealed connection, and what goes out on it. */
interface Link {
  readonly connection: Connection;
  readonly sealer: FrameSealer;
  readonly opener: FrameOpener;
  readonly outstanding: Outstanding;
  readonly outgoing: PacedOutgoing;
}

/** The stages of a connection, and what each has. */
type Stage =
  | { readonly kind: "dialling" }
  | { readonly kind: "handshake"; readonly link: Link; readonly handshake: Sv2Handshake }
  | { readonly kind: "ready"; readonly link: Link; readonly upstream: Sv2Upstream }
  | { readonly kind: "ended"; readonly link: Link | undefined };

const log = areaLog("pool");

/** One connection to a Stratum V2 pool. */
export class Sv2Session implements PoolConnection {
  readonly name: string;
  readonly #options: PoolConnectionOptions;
  readonly #atPools: Sv2AtPools;
  readonly #address: PoolAddress;
  readonly #abort = new AbortController();
  readonly #openedAt: number;
  readonly #liveness: Liveness;
  readonly #inflow: Inflow;
  readonly #turns: Turns;
  readonly #notices: Notices;
  #stage: Stage = { kind: "dialling" };
  #wantsRolling = true;
  #wantsNames: boolean;
  #bytesRead = 0;
  #messagesRead = 0;
  /** Traffic on connections that were given up for another try. */
  #earlier = { bytes: 0, messages: 0 };

  /** Starts dialing. `atPools` knows what earlier connections found out. */
  constructor(options: PoolConnectionOptions, atPools: Sv2AtPools) {
    this.name = options.name;
    this.#options = options;
    this.#atPools = atPools;
    this.#address = atPools.takeAddress(options.poolId, options.address);
    this.#openedAt = options.now();
    const readTimeoutMs = options.readTimeoutMs ?? READ_TIMEOUT_MS;
    const owedTimeoutMs = Math.min(OWED_TIMEOUT_MS, readTimeoutMs);
    this.#liveness = new Liveness(readTimeoutMs, this.#openedAt, owedTimeoutMs);
    this.#inflow = new Inflow(options.rateClock.realNow(), SV2_INFLOW);
    this.#turns = new Turns(options.timers);
    this.#notices = new Notices(options.name, options.now);
    this.#wantsNames = options.workers === "each" && atPools.mayAskExtensions(this.#address);
    this.#run();
  }

  get bytesRead(): number {
    return this.#bytesRead;
  }

  get bytesWritten(): number {
    return this.#earlier.bytes + (this.#link?.outgoing.bytesWritten ?? 0);
  }

  get waitingBytes(): number {
    return this.#link?.outgoing.waitingBytes ?? 0;
  }

  get messagesRead(): number {
    return this.#messagesRead;
  }

  get messagesWritten(): number {
    return this.#earlier.messages + (this.#link?.outgoing.messages ?? 0);
  }

  get messagesIgnored(): number {
    return this.#notices.count;
  }

  flush(): void {}

  tick(): void {
    const time = this.#options.now();
    const stage = this.#stage;
    switch (stage.kind) {
      case "dialling":
        return this.#endIfLate(time, "a sealed connection");
      case "handshake":
        this.#send(stage.link, stage.handshake.tick(time));
        return this.#endIfLate(time, stage.handshake.waitingFor);
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
    if (stage.kind === "dialling" || link === undefined) return;
    const channel = stage.kind === "ready" ? stage.upstream.channel : stage.handshake.channel;
    if (stage.kind === "ready") stage.upstream.stop();
    if (channel === undefined) closeLink(link);
    else this.#sayFarewell(link, channel.id);
  }

  get #link(): Link | undefined {
    return this.#stage.kind === "dialling" ? undefined : this.#stage.link;
  }

  get #upstream(): Sv2Upstream | undefined {
    return this.#stage.kind === "ready" ? this.#stage.upstream : undefined;
  }

  /** A method of its own, because the compiler does not see that the stage changes. */
  #isEnded(): boolean {
    return this.#stage.kind === "ended";
  }

  /** Closes the channel, then the connection: a pool may count open channels. */
  #sayFarewell(link: Link, channelId: number): void {
    const { timers } = this.#options;
    let isClosed = false;
    const close = () => {
      timers.clear(deadline);
      if (!isClosed) closeLink(link);
      isClosed = true;
    };
    const deadline = timers.after(FAREWELL_MS, close);
    const farewell = encodeAgentMessage({
      kind: "closeChannel",
      channelId,
      reasonCode: "shutdown",
    });
    link.outgoing.finish(farewell, close);
  }

  #endIfLate(time: number, missing: string): void {
    const { handshakeTimeoutMs } = this.#options;
    if (this.#isEnded() || time - this.#openedAt < handshakeTimeoutMs) return;
    this.#end(`no answer: waited ${handshakeTimeoutMs / 1000} s for ${missing}`);
  }

  /** The whole life of the connection; an error that it throws is the reason of the end. */
  async #run(): Promise<void> {
    try {
      while (!this.#isEnded()) {
        try {
          return await this.#talk();
        } catch (error) {
          if (!this.#mayTryAgain(error)) throw error;
        }
      }
    } catch (error) {
      this.#lost(error);
    }
  }

  /** One connection, from the dial to its end. */
  async #talk(): Promise<void> {
    const { dial, wallNow, timers } = this.#options;
    const sealed = await dialSealed({
      // btcagent hashes every share for such a pool, from the first on.
      dial: (address, signal, opening) => withHasher(dial(address, signal, opening)),
      address: this.#address,
      signal: this.#abort.signal,
      wallNow,
      timers,
      read: (bytes) => this.#bytesCame(bytes),
    });
    if (this.#isEnded()) return sealed.connection.close();
    const { connection, opener } = this.#opened(sealed);
    // Frames may have come with the end of the Noise handshake.
    await this.#framesCame(opener);
    const buffer = new Uint8Array(READ_BUFFER_BYTES);
    while (!this.#isEnded()) {
      const count = await connection.read(buffer);
      // It may have been closed between the arrival of the bytes and our turn.
      if (this.#isEnded()) return;
      if (count === null) throw new Deno.errors.ConnectionReset();
      this.#bytesCame(count);
      this.#link?.outgoing.heard();
      opener.push(buffer.subarray(0, count));
      await this.#framesCame(opener);
    }
  }

  /** Whether the pool may accept less: then the connection so far is closed. */
  #mayTryAgain(error: unknown): boolean {
    const stage = this.#stage;
    if (stage.kind !== "handshake") return false;
    const isOfRolling = error instanceof PoolFault && error.code === NO_VERSION_ROLLING;
    const isOfExtensions = isClose(error) && stage.handshake.asksExtensions;
    if (!isOfRolling && !isOfExtensions) return false;
    if (isOfRolling) {
      this.#wantsRolling = false;
      log.warn(
        "Pool {pool} accepts no version rolling: miners work without it, and ASICBoost saves no " +
          "power there. Use another pool if you can",
        { pool: this.name },
      );
    } else {
      this.#wantsNames = false;
      this.#atPools.closedOverExtensions(this.#address);
    }
    const { bytesWritten: bytes, messagesWritten: messages } = this;
    this.#earlier = { bytes, messages };
    closeLink(stage.link);
    this.#stage = { kind: "dialling" };
    this.#options.connectsAgain?.();
    return true;
  }

  #lost(error: unknown): void {
    this.#end(isClose(error) ? this.#whyClosed() : endReason(error), causeOf(error));
  }

  /** Why the pool closed. */
  #whyClosed(): string {
    const stage = this.#stage;
    if (stage.kind !== "handshake") return "the pool closed the connection";
    return `the pool closed the connection before ${stage.handshake.waitingFor} came`;
  }

  #opened({ connection, sealer, opener, proof, bytesWritten }: SealedConnection): Link {
    const { now, account, version, extranonce2Bytes, hashrateFor } = this.#options;
    if (proof.verdict.kind === "undated") {
      log.warn(
        "Pool {pool} proved who it is, but not that its certificate is still valid: this " +
          "machine's clock is not set",
        { pool: this.name },
      );
    }
    const outstanding = new Outstanding({
      accepted: (first, last) => this.#upstream?.accepted(first, last),
      forgotten: (serial) => this.#upstream?.forgotten(serial),
    });
    const wire = new SealedWire(sealer, outstanding);
    const opening = { bytes: bytesWritten, messages: 0 };
    const outgoing = new PacedOutgoing(wire, connection, opening, now, {
      sent: (serial) => this.#upstream?.sent(serial),
      abandoned: (serial) => this.#upstream?.abandoned(serial),
      failed: (error) => this.#lost(error),
      stalled: (waitingBytes) => this.#end(`stalled: ${waitingBytes} bytes wait for it`),
    });
    const link = { connection, sealer, opener, outstanding, outgoing };
    const { host, port } = this.#address;
    const handshake = new Sv2Handshake({
      user: account,
      version,
      host,
      port,
      wantsRolling: this.#wantsRolling,
      wantsNames: this.#wantsNames,
      extranonce2Bytes,
      hashrate: () => hashrateFor?.(undefined) ?? 0,
      notices: this.#notices,
    });
    this.#stage = { kind: "handshake", link, handshake };
    this.#send(link, handshake.begin());
    return link;
  }

  #send({ outgoing }: Link, message: AgentMessage | undefined): void {
    if (message !== undefined) outgoing.send(encodeAgentMessage(message));
  }

  #bytesCame(count: number): void {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    this.#bytesRead += count;
    this.#liveness.received(now(time));
    this.#inflow.read(count, time, rateClock.awayMs(time));
    this.#turns.read(count);
  }

  /** Handles the frames that came, in turns. Nothing is read meanwhile, so the order is kept. */
  async #framesCame(opener: FrameOpener): Promise<void> {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    const awayMs = rateClock.awayMs(time);
    const attendedTime = now(time);
    for (let frame = opener.next(); frame !== undefined; frame = opener.next()) {
      this.#inflow.message(time, awayMs);
      this.#messagesRead++;
      this.#take(decodePoolMessage(frame), attendedTime);
      this.#turns.worked(1);
      if (this.#turns.areOver) await this.#turns.next();
      if (this.#isEnded()) return;
    }
  }

  #take(message: PoolMessage, time: number): void {
    const stage = this.#stage;
    if (message.kind === "reconnect") return this.#move(message);
    if (stage.kind === "ready") return stage.upstream.messageCame(message);
    if (stage.kind !== "handshake") return;
    const { link, handshake } = stage;
    this.#send(link, handshake.receive(message, time));
    const { agreement } = handshake;
    if (agreement !== undefined) this.#ready(link, agreement);
  }

  /** The pool asks for another connection: it is opened before this one is closed. */
  #move(message: Reconnect): void {
    const { poolId, address, owner, now } = this.#options;
    const where = quote(formatAddress({ hostname: message.newHost, port: message.newPort }));
    const isReady = this.#stage.kind === "ready";
    const result = this.#atPools.move(poolId, address, message, now());
    if (!result.ok) {
      this.#notices.add("message", `it asks for a connection to ${where}, but ${result.why}`);
      return;
    }
    const to = formatAddress({ hostname: result.host, port: result.port });
    if (!isReady) return this.#end(`the pool asks for a connection to ${to}`);
    const isOpened = owner.replace?.(this) ?? false;
    if (isOpened) {
      log.info("Pool {pool} asks for a connection to {to}: opening it, then miners move there", {
        pool: this.name,
        to,
      });
    } else {
      this.#notices.add("message", `it asks for a connection to ${to}, but none may be opened now`);
    }
  }

  #ready(link: Link, agreement: Sv2Agreement): void {
    const { poolId, minersPerConnection, mux, now, rateClock, owner } = this.#options;
    const { hashrateFor } = this.#options;
    const upstream: Sv2Upstream = new Sv2Upstream({
      poolId,
      name: this.name,
      minersPerConnection,
      agreement,
      wantsNames: this.#wantsNames,
      outgoing: link.outgoing,
      outstanding: link.outstanding,
      liveness: this.#liveness,
      inflow: this.#inflow,
      notices: this.#notices,
      mux,
      hashrate: () => hashrateFor?.(upstream) ?? 0,
      now,
      rateClock,
      end: (reason) => this.#end(reason),
    });
    this.#stage = { kind: "ready", link, upstream };
    owner.ready(this, upstream);
  }

  #end(reason: string, cause: EndCause = "connection"): void {
    if (this.#isEnded()) return;
    this.close();
    this.#options.owner.ended(this, reason, cause);
  }
}

/** Closes a connection at once, and overwrites its keys. */
function closeLink({ connection, outgoing, sealer, opener }: Link): void {
  outgoing.stop();
  connection.close();
  sealer.erase();
  opener.erase();
}
