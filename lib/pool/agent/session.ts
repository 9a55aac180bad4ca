/**
 * One connection to a pool that speaks the agent protocol: dial, handshake, then frames and lines
 * in, frames out.
 *
 * Whatever goes wrong, with the socket or with what the pool says, ends this session once, with a
 * reason.
 */

import { PoolFault, ProtocolViolation } from "../../base/violation.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { reportFault } from "../../observe/fault.ts";
import { areaLog } from "../../observe/log.ts";
import { decodePoolFrame, type PoolMessage } from "../../protocol/agent/message.ts";
import { PoolStreamDecoder } from "../../protocol/agent/stream.ts";
import {
  decodePoolLine,
  formatRequest,
  type StratumMessage,
} from "../../protocol/stratum/message.ts";
import type { EndCause, PoolConnection, PoolConnectionOptions } from "../connection.ts";
import { Inflow } from "./inflow.ts";
import { Liveness } from "../liveness.ts";
import { type Agreement, AUTHORIZE_REFUSED, clientAgentName, PoolHandshake } from "./handshake.ts";
import { Outgoing, WINDOW_QUESTION } from "./outgoing.ts";
import { AgentUpstream } from "./upstream.ts";

const READ_BUFFER_BYTES = 16 * 1024;

/**
 * How much is done of a pool's stream before everybody else has a turn: messages and miners named,
 * each of which may be a line to a miner, and bytes. One read may hold 1,600 verdicts.
 */
const WORK_PER_TURN = 256;

/** Reading this many bytes of JSON takes as long as a line to a miner. */
const BYTES_OF_WORK = 256;

/** The same in bytes, as it is counted. */
const BYTES_PER_TURN = WORK_PER_TURN * BYTES_OF_WORK;

/** A pool late with authorize ends silent connections (agent.md "Time-outs and closing"). */
const HANDSHAKE_PROBE_MS = 5_000;

/** How long a pool may be silent, unless the settings say so. */
const READ_TIMEOUT_MS = 60_000;

type DifficultyChange = Extract<PoolMessage, { readonly kind: "setDifficulty" }>;

/** A socket, and what goes out on it. */
interface Link {
  readonly connection: Connection;
  readonly outgoing: Outgoing;
  /** When the handshake began. */
  readonly askedAt: number;
}

/** How far it has come, and what there is then. */
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
  /** When a question last went out that only keeps the handshake alive. */
  #probedAt: number;
  readonly #liveness: Liveness;
  readonly #inflow: Inflow;
  /** What was done in this turn, in bytes of JSON. */
  #work = 0;
  #bytesRead = 0;
  #messagesRead = 0;

  /** Starts dialling. */
  constructor(options: PoolConnectionOptions) {
    this.name = options.name;
    this.#options = options;
    this.#openedAt = this.#probedAt = options.now();
    this.#liveness = new Liveness(options.readTimeoutMs ?? READ_TIMEOUT_MS, this.#openedAt);
    this.#inflow = new Inflow(options.rateClock.realNow());
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

  /** The whole life of the connection; whatever it throws is the reason of its end. */
  async #run(): Promise<void> {
    try {
      const { dial, address } = this.#options;
      const connection = await dial(address, this.#abort.signal);
      if (this.#isEnded()) return connection.close();
      const link = this.#opened(connection);
      const buffer = new Uint8Array(READ_BUFFER_BYTES);
      while (!this.#isEnded()) {
        const count = await connection.read(buffer);
        // It may have been closed between the coming of the bytes and our turn.
        if (this.#isEnded()) return;
        if (count === null) return this.#end("the pool closed the connection");
        await this.#receive(buffer.subarray(0, count), link);
      }
    } catch (error) {
      this.#end(endReason(error), causeOf(error));
    }
  }

  /** A question of its own, since the stage changes behind the compiler's back. */
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

  /** Takes in what came, in turns; nothing more is read meanwhile, so all stays in order. */
  async #receive(bytes: Uint8Array, { outgoing, askedAt }: Link): Promise<void> {
    const { now, rateClock } = this.#options;
    const time = rateClock.realNow();
    const awayMs = rateClock.awayMs(time);
    const attendedTime = now(time);
    if (this.#bytesRead === 0) outgoing.heardAfter(attendedTime - askedAt);
    this.#bytesRead += bytes.length;
    this.#liveness.received(attendedTime);
    this.#inflow.read(bytes.length, time, awayMs);
    this.#work += bytes.length;
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
      this.#work += BYTES_OF_WORK;
      if (this.#work >= BYTES_PER_TURN) await this.#nextTurn();
      if (this.#isEnded()) return;
    }
  }

  /** Has everybody else take their turn. */
  #nextTurn(): Promise<void> {
    this.#work = 0;
    return new Promise((resolve) => this.#options.timers.nextTurn(resolve));
  }

  /** A frame may name every miner there is. */
  async #receiveDifficulty({ exponent, sessionIds }: DifficultyChange): Promise<void> {
    const upstream = this.#upstream;
    if (upstream === undefined) return;
    for (let at = 0; at === 0 || at < sessionIds.length; at += WORK_PER_TURN) {
      const some = sessionIds.slice(at, at + WORK_PER_TURN);
      upstream.difficultyCame(some, exponent);
      this.#work += some.length * BYTES_OF_WORK;
      if (this.#work >= BYTES_PER_TURN) await this.#nextTurn();
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
    const { poolId, mux, now, rateClock, owner } = this.#options;
    const upstream = new AgentUpstream({
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

const log = areaLog("pool");

function endReason(error: unknown): string {
  if (error instanceof ProtocolViolation) return error.message;
  // The pool closes with RST, which is a normal close (agent.md "Time-outs and closing").
  if (error instanceof Deno.errors.ConnectionReset) return "the pool closed the connection";
  if (error instanceof TypeError || error instanceof RangeError) reportFault(log, error);
  return error instanceof Error ? error.message : String(error);
}

function causeOf(error: unknown): EndCause {
  if (!(error instanceof ProtocolViolation)) return "connection";
  return error.code === AUTHORIZE_REFUSED ? "accountRefusal" : "refusal";
}
