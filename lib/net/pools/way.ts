/**
 * One way to a pool, directly or through one proxy, and how to open it.
 */

import type { ProxyAddress } from "../../base/proxy_address.ts";
import type { Attempt } from "./attempt.ts";
import type { Connection, PoolAddress } from "./connection.ts";
import { dialTcp } from "./dial.ts";
import { withBytesAhead } from "./handshake_bytes.ts";
import { openHttpTunnel } from "./http_tunnel.ts";
import { openSocksTunnel } from "./socks_tunnel.ts";
import { startTls, UntrustedByOwnAuthorities } from "../tls/pool_tls.ts";
import type { TlsPolicy } from "../tls/policy.ts";

/** A way to a pool. */
export interface Way {
  /** Such as `directly` or `through socks5://10.0.0.1:1080`; without user and password. */
  readonly name: string;
  /** `undefined` for the direct way. */
  readonly proxy: ProxyAddress | undefined;
  /** Why it cannot be tried at all. */
  readonly problem?: string;
}

/**
 * Opens one connection to the pool, with TLS if it `usesTls`: like {@linkcode openConnection}, but
 * repeated for each certificate that a well-known authority may have signed.
 *
 * @param reached Called for each connection that reached the pool.
 * @throws Error that says what failed, but never a user or a password.
 */
export async function openTrusted(
  { proxy, problem }: Way,
  address: PoolAddress,
  usesTls: boolean,
  policy: TlsPolicy,
  attempt: Attempt,
  reached: () => void = () => {},
): Promise<Connection> {
  if (problem !== undefined) throw new Error(problem);
  let poolTls = usesTls ? policy : undefined;
  let proxyTls = { ...policy, pins: [] };
  for (;;) {
    try {
      const connection = await openConnection(proxy, address, poolTls, proxyTls, attempt);
      reached();
      return connection;
    } catch (error) {
      if (!(error instanceof UntrustedByOwnAuthorities)) throw error;
      if (error.peer === "the proxy") {
        proxyTls = { ...proxyTls, caCerts: [] };
      } else {
        reached();
        poolTls = { ...policy, caCerts: [] };
      }
    }
  }
}

/**
 * Opens one connection, with the steps that are needed: TCP, TLS to the proxy, the tunnel, TLS to
 * the pool.
 *
 * @param poolTls `undefined` for a pool without TLS.
 * @throws Error that says what failed, but never a user or a password.
 */
export async function openConnection(
  proxy: ProxyAddress | undefined,
  address: PoolAddress,
  poolTls: TlsPolicy | undefined,
  proxyTls: TlsPolicy,
  attempt: Attempt,
): Promise<Connection> {
  attempt.waitingFor = "a connection";
  const tcp = attempt.hold(await dialTcp(proxy ?? address, attempt.signal));
  let carrier: Connection = tcp;
  if (proxy?.protocol === "https") {
    attempt.waitingFor = "TLS with the proxy";
    carrier = await startTls(tcp, tcp, "the proxy", proxy.host, proxyTls, attempt);
  }
  let bytesAhead: Uint8Array = new Uint8Array(0);
  if (proxy !== undefined) {
    attempt.waitingFor = "the proxy's answer";
    if (proxy.protocol === "socks5") await openSocksTunnel(carrier, address, proxy.credentials);
    else bytesAhead = await openHttpTunnel(carrier, address, proxy.credentials);
  }
  if (poolTls === undefined) return withBytesAhead(carrier, bytesAhead);
  if (bytesAhead.length > 0) {
    throw new Error("what is behind the proxy does not speak TLS: it speaks first");
  }
  attempt.waitingFor = "TLS with the pool, which may not speak it on this port";
  return await startTls(carrier, tcp, "the pool", address.host, poolTls, attempt);
}
