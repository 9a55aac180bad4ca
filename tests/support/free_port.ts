/**
 * Ports for those who must be told one, such as a program of its own.
 *
 * They lie below those the system hands out by itself, to listeners on port 0 and to outgoing
 * connections: among thousands of connections of tests side by side, such a port is soon taken
 * again.
 */

const LOWEST = 15_000;
const COUNT = 15_000;

/** A port nobody listens on. */
export function freePort(hostname = "127.0.0.1"): number {
  for (;;) {
    // By chance, since tests of other files look for one at the same time.
    const port = LOWEST + Math.floor(Math.random() * COUNT);
    try {
      Deno.listen({ hostname, port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
