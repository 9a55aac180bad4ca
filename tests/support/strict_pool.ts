/**
 * The part of an ordinary Stratum pool that dialling needs. It is as strict as ckpool: it closes
 * the connection at an unknown request.
 */

import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { LoopbackServer } from "./loopback_server.ts";
import type { ServerCertificate } from "./test_certificates.ts";

const KNOWN: ReadonlySet<unknown> = new Set([
  "mining.configure",
  "mining.subscribe",
  "mining.authorize",
]);

const encode = (text: string) => new TextEncoder().encode(text);

/** The first lines of a handshake. */
export const OPENING = encode(
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],{}]}\n' +
    '{"id":2,"method":"mining.subscribe","params":["btcagent/1.2.3"]}\n' +
    '{"id":3,"method":"mining.authorize","params":["user","x"]}\n',
);

/** What a strict pool answers to that. */
export const ANSWERS = '{"id":1,"result":{"version-rolling":true},"error":null}\n' +
  '{"id":2,"result":[[["mining.notify","1"]],"0000002a",8],"error":null}\n' +
  '{"id":3,"result":true,"error":null}\n';

/**
 * A job for block 900,000, whose previous hash is zeros; its time is 5 s ago unless it is given.
 */
export function notifyText(ntime = Math.floor(Date.now() / 1000) - 5): string {
  const coinbase1 = `0100000001${"0".repeat(64)}ffffffff1003a0bb0d0400000000`;
  const params = ["6a1", "0".repeat(64), coinbase1, "ffffffff0100", [], "20000000", "17000000"];
  const time = ntime.toString(16).padStart(8, "0");
  return `${
    JSON.stringify({ id: null, method: "mining.notify", params: [...params, time, true] })
  }\n`;
}

/** What a strict pool says to each request. */
export type Answers = Readonly<Record<string, string>>;

/** Answers of a pool that leaves `bytes` for extranonce2. */
export function answersOf(bytes: number): Answers {
  return {
    "mining.configure":
      '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}\n',
    "mining.subscribe": `{"id":2,"result":[[["mining.notify","1"]],"0000002a",${bytes}],` +
      `"error":null}\n{"id":null,"method":"mining.set_difficulty","params":[16384]}\n${notifyText()}`,
    "mining.authorize": '{"id":4,"result":true,"error":null}\n',
  };
}

/** The pool, and what it heard. */
export class StrictPool implements AsyncDisposable {
  readonly server: LoopbackServer;
  /** Every line of every connection. */
  readonly heard: string[] = [];
  readonly #answers: Answers | undefined;
  readonly #passesOver: boolean;

  /**
   * Says each answer in pieces of at most `pieceBytes`, one write each. Without `answers` those of
   * {@linkcode ANSWERS} in their order.
   */
  constructor(options: {
    readonly certificate?: ServerCertificate;
    readonly pieceBytes?: number;
    readonly answers?: Answers;
    /** It leaves questions that it does not know unanswered, as some pools do. */
    readonly passesOver?: boolean;
  } = {}) {
    const { certificate, pieceBytes = Infinity, answers, passesOver = false } = options;
    this.#passesOver = passesOver;
    this.#answers = answers;
    this.server = new LoopbackServer((conn) => this.#serve(conn, pieceBytes), certificate);
  }

  /** The methods that it heard, in their order. */
  get methods(): string[] {
    return this.heard.map((line) => (JSON.parse(line) as { readonly method: string }).method);
  }

  get address(): PoolAddress {
    return this.server.address;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn, pieceBytes: number): Promise<void> {
    const buffer = new Uint8Array(4096);
    const answers = ANSWERS.split(/(?<=\n)/);
    let text = "";
    for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) {
      text += new TextDecoder().decode(buffer.subarray(0, count));
      const lines = text.split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        this.heard.push(line);
        const { id, method } = JSON.parse(line) as { readonly id: number; readonly method: string };
        if (!KNOWN.has(method) && !this.#passesOver) return;
        // With the id of the request.
        const own = this.#answers?.[method]?.replace(/^\{"id":\d+/, `{"id":${id}`);
        const answer = encode(this.#answers === undefined ? answers.shift() ?? "" : own ?? "");
        for (let at = 0; at < answer.length; at += pieceBytes) {
          await conn.write(answer.subarray(at, at + pieceBytes));
        }
      }
    }
  }
}
