/**
 * Address and port of the other side of a connection, or of a listening port.
 */

/** Where a connection came from. */
export interface PeerAddress {
  /** IPv4 or IPv6 address. */
  readonly hostname: string;
  /** TCP port. */
  readonly port: number;
  /**
   * Whether peers that have addresses of their own come from it, as from a load balancer that
   * names no miner: no limit per address applies to it.
   */
  readonly isShared?: true;
}

/** `10.0.0.7:4321`, or `[fd00::7]:4321`. */
export function formatAddress({ hostname, port }: PeerAddress): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}
