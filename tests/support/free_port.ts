/** A port nobody listens on. */
export function freePort(hostname = "127.0.0.1"): number {
  const listener = Deno.listen({ hostname, port: 0 });
  listener.close();
  return listener.addr.port;
}
