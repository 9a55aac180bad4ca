/**
 * The least an agent can be: sends bytes made by hand, and collects what the pool sends.
 */

import { systemTime } from "../../lib/base/system_time.ts";
import { FRAME_MAGIC } from "../../lib/protocol/agent/frame.ts";
import {
  decodePoolFrame,
  encodeRegister,
  MAX_SUBMIT_BYTES,
  type SetDifficulty,
  type Submit,
  UNREGISTER_BYTES,
  type Verdict,
  writeSubmit,
  writeUnregister,
} from "../../lib/protocol/agent/message.ts";
import { type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { PoolStreamDecoder } from "../../lib/protocol/agent/stream.ts";
import { encodeLine, formatRequest } from "../../lib/protocol/stratum/message.ts";
import { PoolFault } from "../../lib/base/violation.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { Watch } from "../../lib/sim/watch.ts";

export interface Line {
  readonly id?: unknown;
  readonly result?: unknown;
  readonly error?: readonly unknown[] | null;
  readonly method?: string;
  readonly params?: readonly unknown[];
}

/** What came, in order: lines parsed, frames decoded. */
export type Received = Line | SetDifficulty | Verdict | { readonly kind: "unknown" };

export class RawAgent {
  readonly received: Received[] = [];
  /** How the connection ended. */
  end: "eof" | "reset" | undefined;
  /** Why reading failed, if the pool sent nonsense. */
  fault: string | undefined;
  readonly #conn: Deno.TcpConn;
  readonly #decoder = new PoolStreamDecoder(PoolFault);
  readonly #watch = new Watch(systemTime);
  readonly #reading: Promise<void>;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    conn.setNoDelay();
    this.#reading = this.#read();
  }

  static async connect(pool: SimPool): Promise<RawAgent> {
    return new RawAgent(await Deno.connect({ hostname: pool.hostname, port: pool.port }));
  }

  /** Connects and goes through the handshake, asking for verdicts behind it. */
  static async authorized(pool: SimPool, account = "sub1"): Promise<RawAgent> {
    const agent = await RawAgent.connect(pool);
    agent.line("sub", "mining.subscribe", ["btccom-agent/test"]);
    agent.line("auth", "mining.authorize", [account, ""]);
    await agent.until(() => agent.answer("auth") !== undefined);
    agent.line("subres", "agent.get_capabilities", [["verrol", "subres"]]);
    await agent.until(() => agent.answer("subres") !== undefined && agent.jobs.length > 0);
    return agent;
  }

  get lines(): Line[] {
    return this.received.filter((message): message is Line => !("kind" in message));
  }

  get verdicts(): readonly { readonly index: number; readonly status: number }[] {
    return this.received.flatMap((message) =>
      "kind" in message && message.kind === "verdict"
        ? [{ index: message.index, status: message.status }]
        : []
    );
  }

  get jobs(): Job[] {
    return this.notifications("mining.notify").map(parseNotify);
  }

  /** The parameters of each notification of this method. */
  notifications(method: string): (readonly unknown[])[] {
    return this.lines.flatMap((line) => line.method === method ? [line.params!] : []);
  }

  answer(id: unknown): Line | undefined {
    return this.lines.find((line) => line.method === undefined && line.id === id);
  }

  line(id: string, method: string, params: readonly unknown[]): void {
    this.send(encodeLine(formatRequest(id, method, params)));
  }

  register(sessionId: number, workerName: string, clientAgent = "miner"): void {
    this.send(encodeRegister(sessionId, clientAgent, workerName));
  }

  unregister(sessionId: number): void {
    const bytes = new Uint8Array(UNREGISTER_BYTES);
    writeUnregister(new DataView(bytes.buffer), 0, sessionId);
    this.send(bytes);
  }

  submit(sessionId: number, share: Partial<Submit> = {}): void {
    this.send(submitFrame(sessionId, share));
  }

  send(bytes: Uint8Array): void {
    // Small enough for the kernel to take whole, in order.
    this.#conn.write(bytes).catch(() => {});
  }

  until(condition: () => boolean): Promise<void> {
    return this.#watch.until(condition);
  }

  /** Settles when the pool has acted on everything sent so far. */
  async settled(): Promise<void> {
    const id = `settled ${this.received.length} ${Math.random()}`;
    this.line(id, "mining.configure", [[], {}]);
    await this.until(() => this.answer(id) !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#conn.close();
    await this.#reading;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) {
          this.end = "eof";
          break;
        }
        this.#decode(buffer.subarray(0, count));
        this.#watch.changed();
      }
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionReset) this.end = "reset";
      else if (error instanceof PoolFault) this.fault = error.code;
      else if (!(error instanceof Deno.errors.BadResource || isInterrupted(error))) throw error;
    }
    this.#watch.changed();
  }

  #decode(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let piece = this.#decoder.next(); piece; piece = this.#decoder.next()) {
      this.received.push(
        piece.bytes[0] === FRAME_MAGIC
          ? decodePoolFrame(piece.bytes)
          : JSON.parse(new TextDecoder().decode(piece.bytes)),
      );
    }
  }
}

/** A submit frame; what is not given is job 0 and zeros. */
export function submitFrame(sessionId: number, share: Partial<Submit> = {}): Uint8Array {
  const bytes = new Uint8Array(MAX_SUBMIT_BYTES);
  const end = writeSubmit(new DataView(bytes.buffer), 0, {
    jobId: 0,
    extranonce2: 0,
    nonce: 0,
    ntime: undefined,
    versionBits: 0,
    ...share,
    sessionId,
  });
  return bytes.subarray(0, end);
}

function isInterrupted(error: unknown): boolean {
  return error instanceof Deno.errors.Interrupted;
}
