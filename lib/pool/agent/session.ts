/**
 * One connection to a pool that speaks the agent protocol: dial, handshake, then frames and lines
 * in, frames out.
 *
 * Any error of the socket or of the pool ends this session, once and with a reason.
 */

import { PoolFault } from "../../base/violation.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { decodePoolFrame, type PoolMessage } from "../../protocol/agent/message.ts";
import { PoolStreamDecoder } from "../../protocol/agent/stream.ts";
import {
  decodePoolLine,
  formatRequest,
  type StratumMessage,
} from "../../protocol/stratum/message.ts";
import type { EndCause, PoolConnection, PoolConnectionOptions } from "../connection.ts";
import { causeOf, endReason } from "../end_reason.ts";
import { Inflow, type InflowOfKind } from "../inflow.ts";
import { Liveness } from "../liveness.ts";
import { Turns, WORK_PER_TURN } from "../turns.ts";
import { withHasher } from "../with_hasher.ts";
import { type Agreement, clientAgentName, PoolHandshake } from "./handshake.ts";
import { Outgoing, WINDOW_QUESTION } from "./outgoing.ts";
import { AgentUpstream } from "./upstream.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/**
 * A pool that is slow to authorize closes silent connections (agent.md "Time-outs and closing").
 */
const HANDSHAKE_PROBE_MS = 5_000;

/** Treat an agent pool as dead after this much silence if nothing is configured, in milliseconds. */
const READ_TIMEOUT_MS = 60_000;

/** A frame may give each miner a new difficulty every second; a pool changes one in 30 s. */
export const AGENT_INFLOW: InflowOfKind = {
  forAMiner: { bytes: 16, messages: 1 },
  forAShare: { bytes: 10, messages: 1 },
};

type DifficultyChange = Extract<PoolMessage, { readonly kind: "setDifficulty" }>;

/** A socket, and what goes out on it. */
interface Link {
  readonly connection: Connection;
  readonly outgoing: Outgoing;
  /** When the handshake began. */
  readonly askedAt: number;
}

/** The stages of a connection, and what each has. */
type Stage =
  | { readonly kind: "dialling" }
  | { readonly kind: "handshake"; readonly link: Link; readonly handshake: PoolHandshake }
  | { readonly kind: "ready"; readonly link: Link; readonly upstream: AgentUpstream }
  | { readonly kind: "ended"; readonly link: Link | undefined };

/** One connection to an agent pool. */
export class AgentSession implements PoolConnection {
  readonly name: string;
  readonly #options: PoolConnectionOptions;
  readonly #abort = new AbortController();
  readonly #decoder = new PoolStreamDecoder(PoolFault);
  readonly #openedAt: number;
  #stage: Stage = { kind: "dialling" };
  /** When a question was last sent only to keep the handshake alive. */
  #probedAt: number;
  readonly #liveness: Liveness;
  readonly #inflow: Inflow;
  readonly #turns: Turns;
  #bytesRead = 0;
  #messagesRead = 0;

  /** Starts dialling. */
  constructor(options: PoolConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#openedAt = this.#probedAt = options.now();
    this.#liveness = new Liveness(options.readTimeoutMs ?? READ_TIMEOUT_MS, this.#openedAt);
    this.#inflow = new Inflow(options.rateClock.realNow(), AGENT_INFLOW);
    this.#turns = new Turns(options.timers);
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
    return this.#link?.outgoing.frames ?? 0;
  }

  flush(): void {
    this.#link?.outgoing.flush();
  }

  tick(): void {
    const time = this.#options.now();
    const stage = this.#stage;
    switch (stage.kind) {
      case "dialling":
        return this.#tickHandshake(time, undefined);
      case "handshake":
        return this.#tickHandshake(time, stage);
      case "ready": {
        stage.upstream.tick();
        const { outgoing } = stage.link;
        outgoing.tick();
        const verdict = this.#liveness.check(time, this.bytesWritten, this.waitingBytes);
        if (verdict === "probe") this.#probe(time, outgoing);
        else if (verdict !== undefined) this.#end(verdict);
        return;
      }
      case "ended":
        return;
      default:
        stage satisfies never;
    }
  }

  #tickHandshake(time: number, stage: Extract<Stage, { kind: "handshake" }> | undefined): void {
    const { handshakeTimeoutMs } = this.#options;
    if (time - this.#openedAt >= handshakeTimeoutMs) {
      const missing = stage === undefined ? "a connection" : stage.handshake.waitingFor;
      this.#end(`no answer: waited ${handshakeTimeoutMs / 1000} s for ${missing}`);
    } else if (stage !== undefined && time - this.#probedAt >= HANDSHAKE_PROBE_MS) {
      this.#probe(time, stage.link.outgoing);
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

  /** The whole life of the connection; an error that it throws is the reason of the end. */
  async #run(): Promise<void> {
    try {
      const { dial, address, verify = "off" } = this.#options;
      const dialled = dial(address, this.#abort.signal);
      // If verdicts are checked, then from the first share on.
      const connection = await (verify === "off" ? dialled : withHasher(dialled));
      if (this.#isEnded()) return connection.close();
      const link = this.#opened(connection);
      const buffer = new Uint8Array(READ_BUFFER_BYTES);
      while (!this.#isEnded()) {
        const count = await connection.read(buffer);
        // It may have been closed between the arrival of the bytes and our turn.
        if (this.#isEnded()) return;
        if (count === null) return this.#end("the pool closed the connection", "close");
        await this.#receive(buffer.subarray(0, count), link);
      }
    } catch (error) {
      this.#end(endReason(error), causeOf(error));
    }
  }

  /** A method of its own, because the compiler does not see that the stage changes. */
  #isEnded(): boolean {
    return this.#stage.kind === "ended";
  }

  #opened(connection: Connection): Link {
    const { account, version, wantsVerdicts, shareWindowMs, now, timers } = this.#options;
    const outgoing = new Outgoing(connection, shareWindowMs, now, timers, {
      unregistered: (sessionId) => this.#upstream?.unregistered(sessionId),
      failed: (error) => this.#end(endReason(error), causeOf(error)),
      stalled: (waitingBytes) => this.#end(`stalled: ${waitingBytes} bytes wait for it`),
      resumed: () => this.#upstream?.resumed(),
    });
    const clientAgent = clientAgentName(version);
    const handshake = new PoolHandshake({ clientAgent, account, wantsVerdicts });
    const link = { connection, outgoing, askedAt: now() };
    this.#stage = { kind: "handshake", link, handshake };
    outgoing.sendLines(handshake.begin());
    return link;
  }

  /** Only once it is ready. */
  get #upstream(): AgentUpstream | undefined {
    return this.#stage.kind === "ready" ? this.#stage.upstream : undefined;
  }

  /** Handles the bytes that came, in turns. Nothing is read meanwhile, so the order is kept. */
  async #receive(bytes: Uint8Array, { outgoing, askedAt }: Link): Promise<void> {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    const awayMs = rateClock.awayMs(time);
    const attendedTime = now(time);
    if (this.#bytesRead === 0) outgoing.heardAfter(attendedTime - askedAt);
    this.#bytesRead += bytes.length;
    this.#liveness.received(attendedTime);
    this.#inflow.read(bytes.length, time, awayMs);
    this.#turns.read(bytes.length);
    this.#decoder.push(bytes);
    for (let piece = this.#decoder.next(); piece; piece = this.#decoder.next()) {
      this.#inflow.message(time, awayMs);
      if (piece.kind === "line") {
        this.#receiveLine(decodePoolLine(piece.bytes));
      } else {
        this.#messagesRead++;
        const message = decodePoolFrame(piece.bytes);
        if (message.kind === "setDifficulty") await this.#receiveDifficulty(message);
        else this.#upstream?.frameCame(message);
      }
      this.#turns.worked(1);
      if (this.#turns.areOver) await this.#turns.next();
      if (this.#isEnded()) return;
    }
  }

  /** Handled in turns, since one frame may name every miner. */
  async #receiveDifficulty({ exponent, sessionIds }: DifficultyChange): Promise<void> {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    for (let at = 0; at === 0 || at < sessionIds.length; at += WORK_PER_TURN) {
      const some = sessionIds.slice(at, at + WORK_PER_TURN);
      upstream.difficultyCame(some, exponent);
      this.#turns.worked(some.length);
      if (this.#turns.areOver) await this.#turns.next();
      if (this.#isEnded()) return;
    }
  }

  #receiveLine(message: StratumMessage): void {
    const stage = this.#stage;
    if (stage.kind === "handshake") {
      const { link, handshake } = stage;
      link.outgoing.sendLines(handshake.receive(message));
      const { agreement } = handshake;
      if (agreement !== undefined) this.#ready(link, agreement);
    } else if (stage.kind === "ready" && message.kind === "request") {
      stage.upstream.notificationCame(message.method, message.params);
    } else if (stage.kind === "ready" && message.kind === "reply") {
      this.#liveness.answered();
      if (message.id === `"${WINDOW_QUESTION}"`) stage.link.outgoing.answered();
    }
  }

  #ready(link: Link, agreement: Agreement): void {
    const { poolId, mux, now, rateClock, owner, verify = "off" } = this.#options;
    const upstream = new AgentUpstream({
      verify,
      poolId,
      name: this.name,
      agreement,
      outgoing: link.outgoing,
      liveness: this.#liveness,
      inflow: this.#inflow,
      mux,
      now,
      rateClock,
      end: (reason) => this.#end(reason),
    });
    this.#stage = { kind: "ready", link, upstream };
    owner.ready(this, upstream);
  }

  #probe(time: number, outgoing: Outgoing): void {
    this.#probedAt = time;
    this.#liveness.probed(time);
    outgoing.sendLines([formatRequest("probe", "agent.get_capabilities", [[]])]);
  }

  #end(reason: string, cause: EndCause = "connection"): void {
    if (this.#isEnded()) return;
    this.close();
    this.#options.owner.ended(this, reason, cause);
  }
}
