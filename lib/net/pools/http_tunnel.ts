/**
 * A tunnel through an HTTP proxy: `CONNECT` (RFC 9110 §9.3.6), with Basic credentials.
 */

import type { ProxyCredentials } from "../../base/proxy_address.ts";
import type { Connection, PoolAddress } from "./connection.ts";
import { quoteBytes, readSome, writeAll } from "./handshake_bytes.ts";

/** The longest answer accepted. */
const MAX_HEAD_BYTES = 16 * 1024;

/** Most answers are a line or two. */
const FIRST_READ_BYTES = 1024;

/**
 * Asks the proxy on `connection` for a tunnel to `address`; the proxy looks the name up. Afterwards
 * the connection leads to `address`.
 *
 * @returns bytes of `address` that came together with the proxy's answer.
 * @throws Error that says why there is no tunnel, with "it" for the proxy. It quotes the proxy only
 * if the first line is not HTTP.
 */
export async function openHttpTunnel(
  connection: Connection,
  address: PoolAddress,
  credentials: ProxyCredentials | undefined,
): Promise<Uint8Array> {
  await writeAll(connection, connectRequest(address, credentials));
  const { head, rest } = await readHead(connection);
  const [, status] = /^HTTP\/1\.[01] ([1-5]\d\d)(?: |$)/.exec(firstLine(head)) ?? [];
  if (status === undefined) {
    throw new Error(`it is no HTTP proxy: it answers ${quoteBytes(head)}, wanted HTTP/1.1 200`);
  }
  if (!status.startsWith("2")) throw new Error(refusal(status, credentials !== undefined));
  return rest;
}

function connectRequest(
  { host, port }: PoolAddress,
  credentials: ProxyCredentials | undefined,
): Uint8Array {
  const to = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const encoder = new TextEncoder();
  const lines = [`CONNECT ${to} HTTP/1.1`, `Host: ${to}`];
  if (credentials !== undefined) {
    const bytes = encoder.encode(`${credentials.user}:${credentials.password}`);
    lines.push(`Proxy-Authorization: Basic ${btoa(String.fromCharCode(...bytes))}`);
  }
  return encoder.encode(`${lines.join("\r\n")}\r\n\r\n`);
}

/** Reads up to the empty line after the headers. */
async function readHead(
  connection: Connection,
): Promise<{ readonly head: Uint8Array; readonly rest: Uint8Array }> {
  let bytes = new Uint8Array(FIRST_READ_BYTES);
  let length = 0;
  let searchedTo = 0;
  for (;;) {
    if (length === bytes.length) {
      if (length >= MAX_HEAD_BYTES) {
        throw new Error(
          `its answer is too long: found more than ${MAX_HEAD_BYTES} bytes, wanted HTTP/1.1 200`,
        );
      }
      const grown = new Uint8Array(Math.min(length * 4, MAX_HEAD_BYTES));
      grown.set(bytes);
      bytes = grown;
    }
    length += await readSome(connection, bytes.subarray(length));
    const end = headEnd(bytes.subarray(0, length), searchedTo);
    if (end !== undefined) return { head: bytes.subarray(0, end), rest: bytes.slice(end, length) };
    // An answer that is not HTTP may never end.
    if (!couldBeHttp(bytes.subarray(0, length))) {
      throw new Error(
        `it is no HTTP proxy: it answers ${
          quoteBytes(bytes.subarray(0, length))
        }, wanted HTTP/1.1 200`,
      );
    }
    searchedTo = Math.max(0, length - 3);
  }
}

/** Where the empty line ends, searched from `from` on; a lone LF also ends a line. */
function headEnd(bytes: Uint8Array, from: number): number | undefined {
  for (let at = bytes.indexOf(0x0a, from); at >= 0; at = bytes.indexOf(0x0a, at + 1)) {
    if (bytes[at + 1] === 0x0a) return at + 2;
    if (bytes[at + 1] === 0x0d && bytes[at + 2] === 0x0a) return at + 3;
  }
  return undefined;
}

function couldBeHttp(bytes: Uint8Array): boolean {
  const wanted = new TextEncoder().encode("HTTP/1.");
  return bytes.subarray(0, wanted.length).every((byte, i) => byte === wanted[i]);
}

function firstLine(head: Uint8Array): string {
  const end = head.indexOf(0x0a);
  return new TextDecoder("latin1").decode(head.subarray(0, end)).trimEnd();
}

function refusal(status: string, hasCredentials: boolean): string {
  switch (status) {
    case "407":
      return hasCredentials
        ? "it refused our user and password (HTTP 407); check them, and that it allows Basic"
        : "it wants a user and a password (HTTP 407); put them into its address: " +
          "http://user:password@host:port";
    case "403":
      return "its rules do not allow this address (HTTP 403); many allow only port 443";
    case "405":
    case "501":
      return `it makes no tunnels (HTTP ${status}); use a proxy that allows CONNECT`;
    case "502":
    case "503":
    case "504":
      return `it cannot reach the pool (HTTP ${status})`;
    default:
      return `it refused (HTTP ${status})`;
  }
}
