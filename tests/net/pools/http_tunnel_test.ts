/** What is said to an HTTP proxy, and what is made of its answers. */

import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProxyCredentials } from "../../../lib/base/proxy_address.ts";
import { openHttpTunnel } from "../../../lib/net/pools/http_tunnel.ts";
import { everyCut } from "../../support/any_cut.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

const LOGIN: ProxyCredentials = { user: "mé", password: "se:cret" };
const POOL = { host: "pool.example", port: 3333 };

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Asks a proxy that answers `text` and closes; what came behind its answer. */
async function ask(text: string, credentials?: ProxyCredentials): Promise<string> {
  const connection = new FakeConnection();
  connection.deliver(encode(text));
  connection.end();
  return decode(await openHttpTunnel(connection, POOL, credentials));
}

async function request(host: string, credentials?: ProxyCredentials): Promise<string> {
  const connection = new FakeConnection();
  connection.deliver(encode("HTTP/1.1 200 OK\r\n\r\n"));
  await openHttpTunnel(connection, { host, port: 443 }, credentials);
  return decode(connection.written);
}

Deno.test("a tunnel is asked for by name, without credentials if there are none", async () => {
  assert.equal(
    await request("pool.example"),
    "CONNECT pool.example:443 HTTP/1.1\r\nHost: pool.example:443\r\n\r\n",
  );
});

Deno.test("an IPv6 address stands in brackets", async () => {
  assert.match(await request("2001:db8::1"), /^CONNECT \[2001:db8::1\]:443 HTTP\/1\.1\r\n/);
});

Deno.test("credentials go as Basic, in UTF-8", async () => {
  const [, base64] = /\r\nProxy-Authorization: Basic (\S+)\r\n\r\n$/.exec(
    await request("h", LOGIN),
  )!;
  const bytes = Uint8Array.from(atob(base64!), (char) => char.charCodeAt(0));
  assert.equal(decode(bytes), "mé:se:cret");
});

const GRANTED = [
  "HTTP/1.1 200 Connection established\r\n\r\n",
  "HTTP/1.0 200 OK\r\nVia: x\r\nContent-Length: 5\r\n\r\n",
  "HTTP/1.1 200\r\n\r\n",
  "HTTP/1.1 204 fine\r\n\r\n",
  "HTTP/1.1 200 OK\nVia: x\n\n",
];
for (const head of GRANTED) {
  Deno.test(`${JSON.stringify(head)} opens the tunnel, and no byte after it is lost`, async () => {
    assert.equal(await ask(head), "");
    assert.equal(await ask(`${head}{"id":1}\r\n\r\n`), '{"id":1}\r\n\r\n');
    for (const { name, chunks } of everyCut(encode(`${head}{`))) {
      const connection = new FakeConnection();
      for (const chunk of chunks) connection.deliver(chunk);
      const ahead = await openHttpTunnel(connection, POOL, undefined);
      const rest = new Uint8Array(8);
      const count = ahead.length > 0 ? 0 : await connection.read(rest);
      assert.equal(decode(ahead) + decode(rest.subarray(0, count!)), "{", name);
    }
  });
}

const REFUSALS: [answer: string, credentials: ProxyCredentials | undefined, reason: RegExp][] = [
  ["", undefined, /^it closed the connection$/],
  ["HTTP/1.1 200 OK\r\n", undefined, /^it closed the connection$/],
  [
    "HTTP/1.1 407 No\r\n\r\n",
    undefined,
    /^it wants a user and a password \(HTTP 407\); put them into its address: http:\/\/user:/,
  ],
  [
    "HTTP/1.1 407 mé:se:cret\r\nX: se:cret\r\n\r\n",
    LOGIN,
    /^it refused our user and password \(HTTP 407\); check them, and that it allows Basic$/,
  ],
  ["HTTP/1.1 403 No\r\n\r\n", undefined, /^its rules do not allow this address \(HTTP 403\)/],
  ["HTTP/1.1 405 No\r\n\r\n", undefined, /^it makes no tunnels \(HTTP 405\)/],
  ["HTTP/1.1 502 No\r\n\r\n", undefined, /^it cannot reach the pool \(HTTP 502\)$/],
  ["HTTP/1.1 302 se:cret\r\n\r\n", LOGIN, /^it refused \(HTTP 302\)$/],
  ["HTTP/1.1 20 OK\r\n\r\n", undefined, /^it is no HTTP proxy: it answers "HTTP\/1.1 20 OK"/],
  ["HTTP/1.1 2000\r\n\r\n", undefined, /^it is no HTTP proxy/],
  ["HTTP/2 200\r\n\r\n", undefined, /^it is no HTTP proxy: it answers "HTTP\/2 200"/],
  [
    "SSH-2.0-x\r\n",
    undefined,
    /^it is no HTTP proxy: it answers "SSH-2.0-x", wanted HTTP\/1.1 200$/,
  ],
  ["\x05\xff\x1b[2J", undefined, /^it is no HTTP proxy: it answers "\?+\[2J"/],
  ["x".repeat(100), undefined, /^it is no HTTP proxy: it answers "x{40}\.\.\."/],
];
for (const [answer, credentials, reason] of REFUSALS) {
  Deno.test(`${JSON.stringify(answer.slice(0, 30))} is explained: ${reason.source}`, async () => {
    await assert.rejects(ask(answer, credentials), (error: Error) => {
      assert.match(error.message, reason);
      assert.doesNotMatch(error.message, /se:cret|mé/);
      return true;
    });
  });
}

Deno.test("an answer that is not HTTP is refused at its first byte, not when it ends", async () => {
  const connection = new FakeConnection();
  connection.deliver(encode("S"));
  await assert.rejects(openHttpTunnel(connection, POOL, undefined), /no HTTP proxy/);
});

Deno.test("an answer of more than 16 KiB is refused, one of less is read to its end", async () => {
  const head = (length: number) => {
    const frame = "HTTP/1.1 200 OK\r\nX: \r\n\r\n".length;
    return `HTTP/1.1 200 OK\r\nX: ${"x".repeat(length - frame)}\r\n\r\n`;
  };
  assert.equal(await ask(`${head(16 * 1024)}`), "");
  await assert.rejects(ask(head(16 * 1024 + 1)), /^Error: its answer is too long: found more than/);
});

Deno.test("any bytes of a proxy end in a tunnel or an error", async () => {
  const piece = fc.constantFrom("HTTP/1.", "1 ", "200", "407", "\r\n", "\n", "\r", " ", "x", "\0");
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 20 }), async (pieces) => {
      try {
        await ask(`HTTP/1.1 ${pieces.join("")}`, LOGIN);
      } catch (error) {
        assert.ok(error instanceof Error);
        assert.doesNotMatch(error.message, /cret/);
      }
    }),
    { seed: 6, numRuns: 1000 },
  );
});
