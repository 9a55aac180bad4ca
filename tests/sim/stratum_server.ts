/**
 * A small stratum server for miners: well-behaved, unless a test scripts an answer.
 */

import { parseHex32 } from "../../lib/base/hex.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { encodeNotify, type Job } from "../../lib/protocol/stratum/job.ts";
import { LineDecoder } from "../../lib/protocol/stratum/lines.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { meetsDifficulty } from "../../lib/bitcoin/target.ts";
import { TLS_HELLO } from "../../lib/sim/tls_hello.ts";
import { Watch } from "../../lib/sim/watch.ts";

export interface MinerRequest {
  readonly id: unknown;
  readonly method: string;
  readonly params: readonly unknown[];
}

/** What to send for a request; `undefined` for the usual. */
export type Script = (request: MinerRequest, connection: number) => string[] | undefined;

export const JOB: Job = {
  id: "j1",
  prevHash: "0123456789abcdef".repeat(4),
  coinbase1: "0200000001" + "00".repeat(32) + "ffffffff1d",
  coinbase2: "ffffffff0100f2052a0100000000",
  merkleBranches: ["11".repeat(32), "22".repeat(32)],
  version: "20000000",
  bits: "1705ae3a",
  ntime: "650d1b20",
  isClean: true,
};

export const EXTRANONCE1 = "00000007";

export class StratumServer {
  /** Every request of every connection, in order. */
  readonly requests: MinerRequest[] = [];
  /** The sizes of all chunks read. */
  readonly chunks: number[] = [];
  connections = 0;
  extranonce1 = EXTRANONCE1;
  extranonce2Size = 4;
  difficulty = 1e-7;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.TcpConn>();
  readonly #watch = new Watch(systemTime);
  readonly #script: Script;
  readonly #accepting: Promise<void>;
  readonly #serving = new Set<Promise<void>>();

  constructor(script: Script = () => undefined) {
    this.#script = script;
    this.#accepting = this.#accept();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** The parameters of each request of this method. */
  params(method: string): (readonly unknown[])[] {
    return this.requests.filter((request) => request.method === method).map(({ params }) => params);
  }

  /** Sends a line to every miner. */
  send(line: string): void {
    for (const conn of this.#open) this.#write(conn, [line]);
  }

  /** Ends every connection. */
  drop(): void {
    for (const conn of this.#open) conn.close();
  }

  until(condition: () => boolean): Promise<void> {
    return this.#watch.until(condition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.drop();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  async #accept(): Promise<void> {
    for (;;) {
      const conn = await this.#listener.accept().catch(() => undefined);
      if (conn === undefined) return;
      conn.setNoDelay();
      this.#open.add(conn);
      this.connections++;
      const serving = this.#serve(conn, this.connections).finally(() => {
        this.#serving.delete(serving);
      });
      this.#serving.add(serving);
    }
  }

  async #serve(conn: Deno.TcpConn, connection: number): Promise<void> {
    const decoder = new LineDecoder(8192, MinerFault);
    const buffer = new Uint8Array(4096);
    for (;;) {
      const count = await conn.read(buffer).catch(() => null);
      // One that says hello in TLS is thrown out, and comes again in clear text.
      if (count === null || buffer[0] === TLS_HELLO[0]) break;
      this.chunks.push(count);
      decoder.push(buffer.subarray(0, count));
      for (let line = decoder.next(); line; line = decoder.next()) {
        const request: MinerRequest = JSON.parse(new TextDecoder().decode(line));
        this.requests.push(request);
        this.#write(conn, this.#script(request, connection) ?? this.#answer(request));
      }
      this.#watch.changed();
    }
    if (this.#open.delete(conn)) {
      try {
        conn.close();
      } catch {
        // Closed by drop() already.
      }
    }
    this.#watch.changed();
  }

  #write(conn: Deno.TcpConn, lines: readonly string[]): void {
    if (lines.length === 0) return;
    conn.write(new TextEncoder().encode(lines.join("\n") + "\n")).catch(() => {});
  }

  #answer({ id, method, params }: MinerRequest): string[] {
    if (id === null) return [];
    const reply = (result: unknown) => JSON.stringify({ id, result, error: null });
    switch (method) {
      case "mining.configure": {
        const asked = (params[1] as Record<string, string>)["version-rolling.mask"]!;
        const mask = ((parseHex32(asked)! & 0x1fffe000) >>> 0).toString(16).padStart(8, "0");
        return [reply({ "version-rolling": true, "version-rolling.mask": mask })];
      }
      case "mining.subscribe":
        return [reply([[["mining.notify", "x"]], this.extranonce1, this.extranonce2Size])];
      case "mining.authorize":
        return [reply(true), difficultyLine(this.difficulty), notifyLine(JOB)];
      case "mining.submit":
        return [this.#isShare(params) ? reply(true) : errorLine(id, 23)];
      default:
        return [errorLine(id, 27)];
    }
  }

  #isShare([, , extranonce2, ntime, nonce, versionBits = "0"]: readonly unknown[]): boolean {
    const coinbase = Uint8Array.fromHex(
      JOB.coinbase1 + this.extranonce1 + extranonce2 + JOB.coinbase2,
    );
    const [time, number, bits] = [ntime, nonce, versionBits].map((hex) => parseHex32(`${hex}`)!);
    const root = merkleRoot(coinbase, JOB.merkleBranches);
    return meetsDifficulty(headerOf(JOB, root, time!, number!, bits!), this.difficulty);
  }
}

export function notifyLine(job: Job): string {
  return new TextDecoder().decode(encodeNotify(job, job.id, job.isClean)).trimEnd();
}

export function difficultyLine(difficulty: number): string {
  return `{"id":null,"method":"mining.set_difficulty","params":[${difficulty.toFixed(12)}]}`;
}

export function errorLine(id: unknown, code: number): string {
  return JSON.stringify({ id, result: null, error: [code, "No", null] });
}
