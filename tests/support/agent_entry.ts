/** How tests list a pool that speaks the agent protocol. */

/**
 * An entry of `pools` for such a pool. With `[host, port, account]`, the proxy would first find out
 * the kind on an extra connection.
 */
export function agentEntry(
  pool: { readonly hostname: string; readonly port: number },
  user = "demo",
): { readonly url: string; readonly user: string } {
  return { url: `btcagent+tcp://${pool.hostname}:${pool.port}`, user };
}
