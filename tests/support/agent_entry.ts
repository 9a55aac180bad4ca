/** How tests list a pool of which they know that it speaks the agent protocol. */

/**
 * An entry of `pools` for it. An entry without the kind, `[host, port, account]`, would have the
 * proxy ask for it first, on a connection of its own.
 */
export function agentEntry(
  pool: { readonly hostname: string; readonly port: number },
  user = "demo",
): { readonly url: string; readonly user: string } {
  return { url: `btcagent+tcp://${pool.hostname}:${pool.port}`, user };
}
