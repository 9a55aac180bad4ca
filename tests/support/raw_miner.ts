/** A connection to the proxy that may say anything, and hears what comes back. */

import { PATIENCE_MS } from "./patience.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A miner's socket that sends and reads raw lines. */
export class RawMiner implements AsyncDisposable {
  readonly #conn: Deno.Conn;
  readonly #ended: Promise<void>;
  #text = "";
  #isEnded = false;
  #changed: () => void = () => {};

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
    this.#ended = this.#read();
  }

  /** Connects to a port on loopback. */
  static async connect(port: number): Promise<RawMiner> {
    return new RawMiner(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** The same with TLS, trusting the authority; rejects when the handshake fails. */
  static async connectTls(port: number, authority: string): Promise<RawMiner> {
    const conn = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [authority] });
    try {
      await conn.handshake();
    } catch (error) {
      conn.close();
      throw error;
    }
    return new RawMiner(conn);
  }

  /** Its own port, by which the log names it. */
  get port(): number {
    return (this.#conn.localAddr as Deno.NetAddr).port;
  }

  /** The lines that have come, whole ones only. */
  get lines(): string[] {
    return this.#text.split("\n").slice(0, -1);
  }

  /** Whether the proxy has closed the connection. */
  get isEnded(): boolean {
    return this.#isEnded;
  }

  /** Sends bytes; a connection that is closed meanwhile takes none. */
  async send(bytes: Uint8Array | string): Promise<void> {
    let rest = typeof bytes === "string" ? encoder.encode(bytes) : bytes;
    try {
      while (rest.length > 0) rest = rest.subarray(await this.#conn.write(rest));
    } catch {
      // Closed: who wants to know looks at isEnded.
    }
  }

  /** Settles when `condition` holds; rejects when it has long been in vain. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const { promise, reject } = Promise.withResolvers<void>();
    const timer = setTimeout(
      () => reject(new Error(`Waited in vain for ${what}; came: ${this.#text.slice(0, 500)}`)),
      PATIENCE_MS,
    );
    try {
      while (!condition()) {
        await Promise.race([promise, new Promise<void>((resolve) => this.#changed = resolve)]);
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Settles when the proxy has closed the connection. */
  async ended(): Promise<void> {
    await this.until(() => this.#isEnded, "the end");
  }

  /** Closes it and waits until nothing of it runs any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // It was closed when its end was read.
    }
    await this.#ended;
  }

  async #read(): Promise<void> {
    const buffer = new Uint8Array(65536);
    try {
      for (;;) {
        const count = await this.#conn.read(buffer);
        if (count === null) break;
        this.#text += decoder.decode(buffer.subarray(0, count), { stream: true });
        this.#changed();
      }
    } catch {
      // A reset is an end, too.
    }
    this.#isEnded = true;
    this.#changed();
  }
}
