/**
 * A slow uplink: each connection sends a few KB a second to the pool; the other direction is not
 * slowed.
 */

/** Bytes are let through this often, in milliseconds. */
const STEP_MS = 20;

/** A port in front of a pool; ended with `using`. */
export class SlowLine implements Disposable {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #conns = new Set<Deno.Conn>();
  /** Pauses under way. */
  readonly #pauses = new Set<ReturnType<typeof setTimeout>>();
  readonly #poolPort: number;
  readonly #bytesPerSecond: number;

  /** Listens at once. */
  constructor(poolPort: number, bytesPerSecond: number) {
    this.#poolPort = poolPort;
    this.#bytesPerSecond = bytesPerSecond;
    this.#accept();
  }

  /** Where the agent connects to. */
  get port(): number {
    return this.#listener.addr.port;
  }

  async #accept(): Promise<void> {
    try {
      for (;;) this.#join(await this.#listener.accept());
    } catch {
      // It was closed.
    }
  }

  async #join(agent: Deno.Conn): Promise<void> {
    this.#conns.add(agent);
    const pool = await Deno.connect({ hostname: "127.0.0.1", port: this.#poolPort });
    this.#conns.add(pool);
    const end = () => {
      for (const conn of [agent, pool]) {
        if (this.#conns.delete(conn)) conn.close();
      }
    };
    pool.readable.pipeTo(agent.writable).then(end, end);
    this.#drip(agent, pool).then(end, end);
  }

  /** Reads no more than it may pass on, so that the rest waits where it would on a real line. */
  async #drip(from: Deno.Conn, to: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(Math.ceil(this.#bytesPerSecond * STEP_MS / 1000));
    let freeAt = performance.now();
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      let rest = buffer.subarray(0, count);
      while (rest.length > 0) rest = rest.subarray(await to.write(rest));
      freeAt = Math.max(freeAt, performance.now()) + count / this.#bytesPerSecond * 1000;
      const pauseMs = freeAt - performance.now();
      if (pauseMs > 0) await this.#pause(pauseMs);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pauses.delete(timer);
        resolve();
      }, ms);
      this.#pauses.add(timer);
    });
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const timer of this.#pauses) clearTimeout(timer);
    for (const conn of this.#conns) conn.close();
    this.#conns.clear();
  }
}
