/**
 * A tunnel through a SOCKS 5 proxy (RFC 1928, with user and password as in RFC 1929).
 *
 * This is our own code because the usual package, `socks`, uses `node:net`: it would take 7 MB more
 * memory (Deno 2.9.6), and its sockets cannot be passed to `Deno.startTls`.
 */

import type { ProxyCredentials } from "../../base/proxy_address.ts";
import type { Connection, PoolAddress } from "./connection.ts";
import { readExactly, writeAll } from "./handshake_bytes.ts";
import { parseIpAddress } from "../../base/ip_address.ts";

const VERSION = 5;
const LOGIN_VERSION = 1;
const CONNECT = 1;

/** Login methods; the proxy chooses one of those that we offer. */
const METHOD = { none: 0, password: 2 } as const;

/** Kinds of addresses. */
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** What the proxy's reply codes mean, from 1. */
const REFUSALS = [
  "it has a fault of its own",
  "its rules do not allow this address",
  "its network is unreachable",
  "it cannot reach the host, or does not know its name",
  "the host refused its connection",
  "the host did not answer it in time",
  "it does not make connections for others",
  "it does not know this kind of address",
];

/**
 * Asks the proxy on `connection` for a tunnel to `address`; the proxy looks the name up. Afterwards
 * the connection leads to `address`, and no byte of it has been read.
 *
 * @throws Error that says why there is no tunnel, with "it" for the proxy.
 */
export async function openSocksTunnel(
  connection: Connection,
  address: PoolAddress,
  credentials: ProxyCredentials | undefined,
): Promise<void> {
  const methods = credentials === undefined ? [METHOD.none] : [METHOD.none, METHOD.password];
  await writeAll(connection, Uint8Array.of(VERSION, methods.length, ...methods));
  const [version, method] = await readExactly(connection, 2);
  if (version !== VERSION) {
    throw new Error(`it is no SOCKS 5 proxy: its first byte is ${version}, wanted ${VERSION}`);
  }
  if (method === METHOD.password && credentials !== undefined) {
    await logIn(connection, credentials);
  } else if (method !== METHOD.none) {
    throw new Error(
      credentials === undefined
        ? "it wants a user and a password; put them into its address: " +
          "socks5://user:password@host:port"
        : "it wants another way to log in than with user and password",
    );
  }
  await writeAll(connection, connectRequest(address));
  const [, reply, , kind] = await readExactly(connection, 4);
  if (reply !== 0) {
    throw new Error(REFUSALS[reply! - 1] ?? `it refused with the unknown code ${reply}`);
  }
  await skipAddress(connection, kind!);
}

async function logIn(
  connection: Connection,
  { user, password }: ProxyCredentials,
): Promise<void> {
  const encoder = new TextEncoder();
  const [userBytes, passwordBytes] = [encoder.encode(user), encoder.encode(password)];
  await writeAll(
    connection,
    Uint8Array.of(
      LOGIN_VERSION,
      userBytes.length,
      ...userBytes,
      passwordBytes.length,
      ...passwordBytes,
    ),
  );
  const [, status] = await readExactly(connection, 2);
  if (status !== 0) throw new Error("it refused our user and password; check them");
}

function connectRequest({ host, port }: PoolAddress): Uint8Array {
  const ip = parseIpAddress(host);
  const name = new TextEncoder().encode(host);
  const to = ip === undefined
    ? [ADDRESS.name, name.length, ...name]
    : [ip.length === 4 ? ADDRESS.ipv4 : ADDRESS.ipv6, ...ip];
  return Uint8Array.of(VERSION, CONNECT, 0, ...to, port >> 8, port & 0xff);
}

/** Skips the address that the proxy connects from. */
async function skipAddress(connection: Connection, kind: number): Promise<void> {
  switch (kind) {
    case ADDRESS.ipv4:
      await readExactly(connection, 4 + 2);
      return;
    case ADDRESS.ipv6:
      await readExactly(connection, 16 + 2);
      return;
    case ADDRESS.name: {
      const [length] = await readExactly(connection, 1);
      await readExactly(connection, length! + 2);
      return;
    }
    default:
      throw new Error(`it answers with an address of the unknown kind ${kind}`);
  }
}
