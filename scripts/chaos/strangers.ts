/**
 * Other connections to a miners' port: half a handshake, a web browser, noise, nothing at all.
 */

import type { Random } from "../../lib/base/clock.ts";
import { randomBelow } from "../../lib/sim/seeded_random.ts";
import { TLS_HELLO } from "../../lib/sim/tls_hello.ts";

const encoder = new TextEncoder();

const HALVES = [
  '{"id":1,"method":"mining.subscribe","params":["half/1.0"]}\n',
  '{"id":1,"method":"mining.authorize","params":["demo.half","x"]}\n',
  '{"id":1,"method":"mining.subscribe","params":["ha',
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],{}]}\n',
];

const STRANGE = [
  "GET / HTTP/1.1\r\nHost: miner\r\n\r\n",
  "\x03\x00\x00\x13\x0e\xe0\x00\x00\x00\x00\x00\x01\x00\x08\x00\x03\x00\x00\x00",
  '{"id":1,"method":"mining.submit","params":["a","1","0","0","0"]}\n',
  "x".repeat(20_000),
  "\n\n\n\n",
  '{"id":[],"method":7}\n',
  "SSH-2.0-OpenSSH_9.2p1\r\n",
  "PROXY TCP4 192.0.2.1 192.0.2.2 40000 3333\r\n",
];

/** Connections that keep no rules; each ends by itself. */
export class Strangers {
  readonly #port: number;
  readonly #random: Random;
  readonly #visits = new Set<Promise<void>>();
  #came = 0;

  /** Connects to the miners' port. */
  constructor(port: number, random: Random) {
    this.#port = port;
    this.#random = random;
  }

  /** The number of strangers so far. */
  get came(): number {
    return this.#came;
  }

  /** Half a handshake, then nothing for a while. */
  halfHandshake(): void {
    this.#visit(encoder.encode(this.#oneOf(HALVES)), 200 + this.#random() * 3_000);
  }

  /** Something else than Stratum. */
  strange(): void {
    const bytes = this.#random() < 0.5
      ? encoder.encode(this.#oneOf(STRANGE))
      : Uint8Array.from({ length: 300 }, () => randomBelow(this.#random, 256));
    this.#visit(bytes, this.#random() * 500);
  }

  /** TLS where there is none. */
  tlsFirst(): void {
    this.#visit(TLS_HELLO, this.#random() * 500);
  }

  /** Nothing, as load balancers do it. */
  openAndClose(): void {
    this.#visit(new Uint8Array(0), 0);
  }

  /** Settles when all have disconnected. */
  async gone(): Promise<void> {
    while (this.#visits.size > 0) await Promise.all(this.#visits);
  }

  #visit(bytes: Uint8Array, staysMs: number): void {
    this.#came++;
    const visit = this.#run(bytes, staysMs).catch(() => {
      // Disconnected by the agent, or not accepted.
    }).finally(() => this.#visits.delete(visit));
    this.#visits.add(visit);
  }

  async #run(bytes: Uint8Array, staysMs: number): Promise<void> {
    using connection = await Deno.connect({ hostname: "127.0.0.1", port: this.#port });
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(await connection.write(rest));
    }
    await new Promise((resolve) => setTimeout(resolve, staysMs));
  }

  #oneOf<T>(all: readonly T[]): T {
    return all[randomBelow(this.#random, all.length)]!;
  }
}
