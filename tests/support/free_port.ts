/**
 * Free ports, for programs that must be given one.
 *
 * They are below the range from which the system itself takes ports, for listeners on port 0 and
 * for outgoing connections: with thousands of connections of parallel tests, a port in that range
 * is soon in use again.
 */

const LOWEST = 15_000;
const COUNT = 15_000;

/** A port nobody listens on. */
export function freePort(hostname = "127.0.0.1"): number {
  for (;;) {
    // At random, because other test files look for a port at the same time.
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
