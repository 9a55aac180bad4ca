/** The HTTP server over loopback: requests one after the other, and clients that mean no good. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { CLIENT_TIMES, HttpConnection, type Stream } from "../../lib/observe/http/connection.ts";
import type { ConnectionOptions } from "../../lib/observe/http/connection.ts";
import { HttpServer } from "../../lib/observe/http/server.ts";
import { until } from "../support/test_proxy.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A server that tells what it was asked, with a clock that a test moves. */
class Rig {
  readonly server: HttpServer;
  readonly asked: string[] = [];
  time = 0;
  full = 0;
  /** What connections and requests wait for. */
  turn: () => Promise<void> = () => Promise.resolve();
  /** What is answered; the request told back if nothing else is said. */
  answer: () => Response | undefined = () => undefined;

  constructor(maxConnections = 8) {
    this.server = new HttpServer({
      ...this.options,
      hostname: "127.0.0.1",
      port: 0,
      maxConnections,
      full: () => this.full++,
    });
  }

  get options(): ConnectionOptions {
    return {
      answer: async ({ method, url, body }) => {
        const text = body === null ? "" : await new Response(body).text().catch(() => "broken");
        this.asked.push(`${method} ${url} ${text}`);
        const said = `${method} ${text}`;
        const headers = { "content-type": "text/plain", "content-length": String(said.length) };
        return this.answer() ?? new Response(said, { headers });
      },
      refuse: ({ status, message }) =>
        new Response(message, { status, headers: { "content-length": String(message.length) } }),
      turn: () => this.turn(),
      now: () => this.time,
      time: systemTime,
    };
  }

  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.server.address.port });
  }

  /** All that is answered to `text` until the server closes. */
  async say(text: string): Promise<string> {
    const conn = await this.connect();
    await conn.write(encoder.encode(text));
    return await new Response(conn.readable).text();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server.stop();
  }
}

/** A client in memory that sends `parts` and keeps what it is sent. */
class Memory implements Stream {
  readonly #parts: Uint8Array[];
  text = "";

  constructor(parts: readonly Uint8Array[]) {
    this.#parts = [...parts];
  }

  read(into: Uint8Array): Promise<number | null> {
    const part = this.#parts.shift();
    if (part === undefined) return Promise.resolve(null);
    into.set(part);
    return Promise.resolve(part.length);
  }

  write(bytes: Uint8Array): Promise<number> {
    // Three bytes at a time: the rest has to be written again.
    this.text += decoder.decode(bytes.subarray(0, 3));
    return Promise.resolve(Math.min(3, bytes.length));
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

const PIPELINE = "GET /1 HTTP/1.1\r\nHost: h\r\n\r\n" +
  "POST /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc\r\n" +
  "HEAD /3 HTTP/1.1\r\nHost: h\r\n\r\n" +
  "POST /4 HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" +
  "2;x=y\r\nde\r\n1\r\nf\r\n0\r\nTrailer: x\r\n\r\n" +
  "GET /5 HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";

Deno.test("requests one after the other are the same wherever their bytes are cut", async () => {
  await using rig = new Rig();
  const all = encoder.encode(PIPELINE);
  let wanted: string | undefined;
  for (let cut = 1; cut < all.length; cut++) {
    rig.asked.length = 0;
    const client = new Memory([all.subarray(0, cut), all.subarray(cut)]);
    await new HttpConnection(client, rig.options).serve();
    const text = client.text.replaceAll(/^date: .*$/gm, "date");
    assert.deepEqual(rig.asked, [
      "GET http://h/1 ",
      "POST http://h/2 abc",
      "HEAD http://h/3 ",
      "POST http://h/4 def",
      "GET http://h/5 ",
    ], `cut at byte ${cut}`);
    assert.equal(text, wanted ??= text, `cut at byte ${cut}`);
  }
  assert.equal(wanted!.match(/HTTP\/1\.1 200 OK\r\n/g)!.length, 5);
  assert.match(wanted!, /content-length: 5\r\n[^]*?\r\n\r\nHTTP/, "a HEAD has no body");
});

Deno.test("HTTP/1.0 as load balancers speak it: no name, one answer, then the end", async () => {
  await using rig = new Rig();
  const text = await rig.say("GET /healthz HTTP/1.0\r\n\r\n");
  assert.match(text, /^HTTP\/1\.1 200 OK\r\n[^]*connection: close[^]*\r\n\r\nGET $/);
  assert.deepEqual(rig.asked, ["GET http://localhost/healthz "]);
});

Deno.test("a client that waits for a word before it sends its body gets it", async () => {
  await using rig = new Rig();
  const text = await rig.say(
    "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n" +
      "Connection: close\r\n\r\nhi",
  );
  assert.match(text, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
});

Deno.test("an answer without a length is sent in chunks; to HTTP/1.0 until the end", async () => {
  await using rig = new Rig();
  rig.answer = () => new Response(new Blob(["some text"]).stream());
  const chunks = await rig.say("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  assert.match(chunks, /transfer-encoding: chunked\r\n[^]*\r\n?9\r\nsome text\r\n0\r\n\r\n$/);
  const plain = await rig.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  assert.match(plain, /connection: close\r\n[^]*\r\n\r\nsome text$/);
});

Deno.test("long texts are compressed for those who take it, and for nobody else", async () => {
  await using rig = new Rig();
  const long = "x".repeat(5000);
  rig.answer = () =>
    new Response(long, {
      headers: { "content-type": "application/json", "content-length": "5000" },
    });
  const at = `http://127.0.0.1:${rig.server.address.port}/`;
  for (
    const [accepted, encoding] of [["gzip", "gzip"], ["br;q=1, GZIP;q=0.5", "gzip"], [
      "gzip;q=0",
      null,
    ], ["identity", null]]
  ) {
    const response = await fetch(at, { headers: { "accept-encoding": accepted! } });
    assert.equal(response.headers.get("content-encoding"), encoding, accepted!);
    assert.equal(await response.text(), long);
  }
});

Deno.test("a request that breaks off, or is none, is refused, and the server serves on", async () => {
  await using rig = new Rig();
  for (
    const [status, text] of [
      [400, "rubbish\r\n\r\n"],
      [431, `GET / HTTP/1.1\r\nA: ${"b".repeat(20_000)}\r\n\r\n`],
      [505, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
    ] as const
  ) {
    assert.match(await rig.say(text), new RegExp(`^HTTP/1\\.1 ${status} `));
  }
  const chunked =
    "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const body of ["zz\r\n", "-1\r\n", "2\r\nabc\r\n", "fffffffff\r\n"]) {
    assert.match(await rig.say(chunked + body), /POST broken$/, body);
  }
  assert.match(await rig.say("GET / HTTP/1.0\r\n\r\n"), /GET $/);
});

Deno.test("when all places are taken, the client that has waited longest makes room", async () => {
  await using rig = new Rig(4);
  const idle: Deno.TcpConn[] = [];
  for (let i = 0; i < 20; i++) {
    rig.time++;
    idle.push(await rig.connect());
    // A head that never ends, from some of them.
    if (i % 2 === 0) await idle.at(-1)!.write(encoder.encode("GET / HTTP/1.1\r\nA:"));
  }
  rig.time++;
  assert.match(await rig.say("GET / HTTP/1.0\r\n\r\n"), /GET $/);
  await until(() => rig.server.connections <= 4, "no more than four are open");
  assert.ok(rig.full >= 16, `${rig.full}`);
  for (const conn of idle) conn.close();
});

Deno.test("each connection and each request waits for its turn", async () => {
  await using rig = new Rig();
  let turns = 0;
  rig.turn = () => Promise.resolve(void turns++);
  for (let i = 0; i < 3; i++) await rig.say("GET / HTTP/1.0\r\n\r\n");
  await until(() => turns === 6, "three connections, three requests");
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.turn = () => promise;
  const waiting = [rig.say("GET /a HTTP/1.0\r\n\r\n"), rig.say("GET /b HTTP/1.0\r\n\r\n")];
  await until(() => rig.server.connections === 1, "one is in, the other waits in the kernel");
  assert.equal(rig.asked.length, 3);
  resolve();
  for (const text of await Promise.all(waiting)) assert.match(text, /GET $/);
});

Deno.test("a client at work is not what makes room; with only such the new one is closed", async () => {
  await using rig = new Rig(1);
  const { promise, resolve } = Promise.withResolvers<void>();
  rig.answer = () =>
    new Response(
      new ReadableStream({
        async pull(controller) {
          await promise;
          controller.enqueue(encoder.encode("late"));
          controller.close();
        },
      }),
    );
  const working = rig.say("GET / HTTP/1.0\r\n\r\n");
  await until(() => rig.asked.length === 1, "it is asked");
  assert.equal(await rig.say(""), "");
  resolve();
  assert.match(await working, /late$/);
});

Deno.test("a head that never ends, a client that is idle, and one that does not read: each is closed in time", async () => {
  await using rig = new Rig();
  rig.answer = () => new Response(new Blob([new Uint8Array(20e6)]).stream());
  const [head, idle, deaf] = [await rig.connect(), await rig.connect(), await rig.connect()];
  await head.write(encoder.encode("GET / HT"));
  await deaf.write(encoder.encode("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  await until(() => rig.asked.length === 1, "the deaf one is answered");
  await until(() => rig.server.connections === 3, "all are there");
  rig.time = CLIENT_TIMES.headMs + 1;
  assert.equal(await head.read(new Uint8Array(1)).catch(() => null), null);
  assert.equal(await idle.read(new Uint8Array(1)).catch(() => null), null);
  rig.time += CLIENT_TIMES.writeMs + 1;
  await until(() => rig.server.connections === 0, "the deaf one is closed");
  for (const conn of [head, idle, deaf]) conn.close();
});

Deno.test("a client that leaves ends an answer without an end at once", async () => {
  await using rig = new Rig();
  let isCancelled = false;
  rig.answer = () =>
    new Response(
      new ReadableStream({
        start: (controller) => controller.enqueue(encoder.encode("data: 1\n\n")),
        cancel: () => void (isCancelled = true),
      }),
      { headers: { "content-type": "text/event-stream" } },
    );
  const conn = await rig.connect();
  await conn.write(encoder.encode("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  await conn.read(new Uint8Array(1000));
  conn.close();
  await until(() => isCancelled, "the stream is cancelled");
});
