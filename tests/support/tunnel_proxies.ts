/**
 * Correct proxies over real sockets: SOCKS 5 and HTTP CONNECT.
 *
 * They share no code with the client, so that a mistake in one of them is found.
 */

import type { PoolAddress } from "../../lib/net/pools/connection.ts";
import { LoopbackServer, relay } from "./loopback_server.ts";
import type { ServerCertificate } from "./test_certificates.ts";

/** How a proxy behaves. */
export interface ProxyOptions {
  /** `user:password`; anybody may use it if not given. */
  readonly login?: string;
  /** Where `host:port` leads, as it was asked for; what is not listed cannot be reached. */
  readonly routes: Readonly<Record<string, PoolAddress>>;
  /** For an HTTP proxy behind TLS. */
  readonly certificate?: ServerCertificate;
}

/** A proxy and what it was asked for. */
export class TunnelProxy implements AsyncDisposable {
  readonly server: LoopbackServer;
  /** `host:port` of each tunnel asked for by someone who was let in. */
  readonly asked: string[] = [];
  readonly #options: ProxyOptions;

  private constructor(kind: "socks5" | "http", options: ProxyOptions) {
    this.#options = options;
    const serve = kind === "socks5" ? this.#serveSocks : this.#serveHttp;
    this.server = new LoopbackServer((conn) => serve.call(this, conn), options.certificate);
  }

  static socks5(options: ProxyOptions): TunnelProxy {
    return new TunnelProxy("socks5", options);
  }

  static http(options: ProxyOptions): TunnelProxy {
    return new TunnelProxy("http", options);
  }

  /** As in an address: `host:port`. */
  get hostPort(): string {
    return this.server.hostPort;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.server[Symbol.asyncDispose]();
  }

  async #serveSocks(conn: Deno.Conn): Promise<void> {
    const take = async (count: number) => {
      const bytes: number[] = [];
      while (bytes.length < count) {
        const byte = new Uint8Array(1);
        if (await conn.read(byte) === null) throw new Error("gone");
        bytes.push(byte[0]!);
      }
      return bytes;
    };
    const takeText = async () => {
      const [length] = await take(1);
      return new TextDecoder().decode(Uint8Array.from(await take(length!)));
    };
    const [, count] = await take(2);
    const offered = await take(count!);
    const { login, routes } = this.#options;
    const wanted = login === undefined ? 0 : 2;
    if (!offered.includes(wanted)) return void await conn.write(Uint8Array.of(5, 0xff));
    await conn.write(Uint8Array.of(5, wanted));
    if (login !== undefined) {
      await take(1);
      const isKnown = `${await takeText()}:${await takeText()}` === login;
      await conn.write(Uint8Array.of(1, isKnown ? 0 : 1));
      if (!isKnown) return;
    }
    const [, , , kind] = await take(4);
    const host = kind === 1
      ? (await take(4)).join(".")
      : kind === 4
      ? `[${ipv6Text(await take(16))}]`
      : await takeText();
    const [high, low] = await take(2);
    const target = `${host}:${high! << 8 | low!}`;
    this.asked.push(target);
    const there = await connect(routes[target]);
    // The address it connects from is a name here, which is the rarest form.
    const from = [3, 4, 0x68, 0x65, 0x72, 0x65, 0, 0];
    await conn.write(Uint8Array.of(5, there === undefined ? 4 : 0, 0, ...from));
    if (there !== undefined) await relay(conn, there);
  }

  async #serveHttp(conn: Deno.Conn): Promise<void> {
    let head = "";
    const byte = new Uint8Array(1);
    while (!head.endsWith("\r\n\r\n")) {
      if (await conn.read(byte) === null) return;
      head += String.fromCharCode(byte[0]!);
    }
    const answer = (text: string) => conn.write(new TextEncoder().encode(`${text}\r\n\r\n`));
    const { login, routes } = this.#options;
    const [, given] = /\r\nProxy-Authorization: Basic (\S+)\r\n/.exec(head) ?? [];
    const bytes = Uint8Array.from(atob(given ?? ""), (char) => char.charCodeAt(0));
    if (login !== undefined && new TextDecoder().decode(bytes) !== login) {
      const challenge = `Proxy-Authenticate: Basic realm="not ${new TextDecoder().decode(bytes)}"`;
      return void await answer(`HTTP/1.1 407 Proxy Authentication Required\r\n${challenge}`);
    }
    const [, target, host] = /^CONNECT (\S+) HTTP\/1.1\r\nHost: (\S+)\r\n/.exec(head) ?? [];
    if (target === undefined || host !== target) return void await answer("HTTP/1.1 400 Bad");
    this.asked.push(target);
    const there = await connect(routes[target]);
    if (there === undefined) return void await answer("HTTP/1.1 502 Bad Gateway");
    await answer("HTTP/1.1 200 Connection established\r\nVia: test");
    await relay(conn, there);
  }
}

async function connect(address: PoolAddress | undefined): Promise<Deno.Conn | undefined> {
  if (address === undefined) return undefined;
  try {
    return await Deno.connect({ hostname: address.host, port: address.port });
  } catch {
    return undefined;
  }
}

function ipv6Text(bytes: readonly number[]): string {
  const groups = Array.from({ length: 8 }, (_, i) => bytes[2 * i]! << 8 | bytes[2 * i + 1]!);
  return groups.map((group) => group.toString(16)).join(":");
}
