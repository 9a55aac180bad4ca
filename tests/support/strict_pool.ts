/**
 * As much of an ordinary Stratum pool as dialling meets, and as strict as ckpool: a question that it
 * does not know costs the connection.
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

/** The pool, and what it heard. */
export class StrictPool implements AsyncDisposable {
  readonly server: LoopbackServer;
  /** Every line of every connection. */
  readonly heard: string[] = [];

  /** Says each answer in pieces of at most `pieceBytes`, one write each. */
  constructor(options: {
    readonly certificate?: ServerCertificate;
    readonly pieceBytes?: number;
  } = {}) {
    const { certificate, pieceBytes = Infinity } = options;
    this.server = new LoopbackServer((conn) => this.#serve(conn, pieceBytes), certificate);
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
        const { method } = JSON.parse(line) as { readonly method?: unknown };
        if (!KNOWN.has(method)) return;
        const answer = encode(answers.shift() ?? "");
        for (let at = 0; at < answer.length; at += pieceBytes) {
          await conn.write(answer.subarray(at, at + pieceBytes));
        }
      }
    }
  }
}
