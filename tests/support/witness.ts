/**
 * Sits between btcagent and a simulated pool, and records for each connection what is sent and how
 * it ends.
 */

import type { SimPool } from "../../lib/sim/sim_pool.ts";
import type { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import { LoopbackServer } from "./loopback_server.ts";

/** One connection, as the pool sees it. */
export interface Visit {
  /** All bytes that came, as text: a Stratum client sends nothing else. */
  text: string;
  /**
   * How it ended: by the client's FIN, by the client's reset, or by the pool; `undefined` while
   * open.
   */
  end: "fin" | "reset" | "pool" | undefined;
}

/** A pool as its operator sees it; ended with `await using`, before the pool. */
export class Witness implements AsyncDisposable {
  /** Every connection, the first one first. */
  readonly visits: Visit[] = [];
  readonly #server: LoopbackServer;

  /** Listens on any free port. */
  constructor(pool: Pick<SimPool | SimStratumPool, "hostname" | "port">) {
    this.#server = new LoopbackServer(async (client) => {
      const visit: Visit = { text: "", end: undefined };
      this.visits.push(visit);
      const server = await Deno.connect({ hostname: pool.hostname, port: pool.port })
        .catch(() => undefined);
      if (server === undefined) {
        visit.end = "pool";
        return;
      }
      const decoder = new TextDecoder();
      const hears = copy(server, client, () => {}).finally(() => {
        visit.end ??= "pool";
        closeQuietly(client);
      });
      try {
        await copy(
          client,
          server,
          (bytes) => visit.text += decoder.decode(bytes, { stream: true }),
        );
        visit.end ??= "fin";
      } catch {
        visit.end ??= "reset";
      }
      closeQuietly(server);
      await hears.catch(() => {});
    });
  }

  /** Where it listens. */
  get hostname(): string {
    return this.#server.address.host;
  }

  /** Where it listens. */
  get port(): number {
    return this.#server.address.port;
  }

  /** The connections that are open. */
  get open(): readonly Visit[] {
    return this.visits.filter(({ end }) => end === undefined);
  }

  /** What clients called themselves, each name once. */
  get userAgents(): readonly string[] {
    const subscribes = this.visits.flatMap(({ text }) => linesOf(text))
      .filter(({ method }) => method === "mining.subscribe");
    return [...new Set(subscribes.map(({ params }) => String(params[0])))];
  }

  /** Settles as soon as `condition`, asked whenever connections come and go, is true. */
  until(condition: () => boolean): Promise<void> {
    return this.#server.until(condition);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

interface Line {
  readonly method: string;
  readonly params: readonly unknown[];
}

/** The whole lines of a Stratum client. */
function linesOf(text: string): Line[] {
  return text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
}

/** Copies until the end; throws when `from` is reset. */
async function copy(
  from: Deno.Conn,
  to: Deno.Conn,
  seen: (bytes: Uint8Array) => void,
): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
    seen(buffer.subarray(0, count));
    try {
      for (let rest = buffer.subarray(0, count); rest.length > 0;) {
        rest = rest.subarray(await to.write(rest));
      }
    } catch {
      // The other side went: what it said last is still to be read.
    }
  }
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It was closed by the other direction.
  }
}
