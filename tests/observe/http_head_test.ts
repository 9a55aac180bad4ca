/** Heads of HTTP requests: what is read in them, and what is no request. */

import assert from "node:assert/strict";
import { BadRequest, headEnd, parseHead } from "../../lib/observe/http/head.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function refused(text: string): number {
  try {
    parseHead(text);
  } catch (error) {
    assert.ok(error instanceof BadRequest, String(error));
    return error.status;
  }
  return 200;
}

Deno.test("a head is read: method, target, headers in any case, how long the body is", () => {
  const head = parseHead(
    "POST /a?b=c HTTP/1.1\r\nHoST: x:1\r\ncontent-length:  5 \r\nAccept: a\r\nACCEPT:b\r\nX:\r\n\r\n",
  );
  assert.deepEqual([head.method, head.target, head.bodyLength], ["POST", "/a?b=c", 5]);
  assert.equal(head.headers.get("host"), "x:1");
  assert.equal(head.headers.get("accept"), "a, b");
  assert.equal(head.headers.get("x"), "");
  assert.ok(head.keepsOpen && head.knowsChunks);
});

Deno.test("HTTP/1.0 closes unless it asks not to, HTTP/1.1 keeps open unless it asks not to", () => {
  const keeps = (version: string, connection: string) =>
    parseHead(`GET / HTTP/${version}\r\nConnection: ${connection}\r\n\r\n`).keepsOpen;
  assert.deepEqual(
    [keeps("1.0", ""), keeps("1.0", "Keep-Alive"), keeps("1.1", ""), keeps("1.1", "TE, Close")],
    [false, true, true, false],
  );
});

Deno.test("a probe without headers, with bare line ends, is a request", () => {
  assert.equal(parseHead("GET /healthz HTTP/1.0\n\n").target, "/healthz");
  assert.equal(headEnd(bytes("GET / HTTP/1.0\n\nrest"), 0, 20), 16);
});

Deno.test("what could be taken for another request by a proxy before us is refused", () => {
  const get = "GET / HTTP/1.1\r\n";
  for (
    const [status, lines] of [
      [400, "Content-Length: 5\r\nContent-Length: 6\r\n"],
      [400, "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
      [400, "Content-Length: +5\r\n"],
      [400, "Content-Length: 5, 5\r\n"],
      [400, "Content-Length: 0x5\r\n"],
      [400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"],
      [501, "Transfer-Encoding: gzip, chunked\r\n"],
      [501, "Transfer-Encoding: xchunked\r\n"],
      [400, "Host: a\r\nHost: b\r\n"],
      [400, "Host : a\r\n"],
      [400, " folded: a\r\n"],
      [400, "A: b\r\n folded\r\n"],
      [400, "A: b\x00\r\n"],
      [400, "A: b\rc\r\n"],
      [400, ": a\r\n"],
      [400, "Authorization: a\r\nAuthorization: b\r\n"],
      [431, "A: b\r\n".repeat(101)],
    ] as const
  ) {
    assert.equal(refused(`${get}${lines}\r\n`), status, lines.slice(0, 60));
  }
  assert.equal(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
});

Deno.test("what is no request line is refused", () => {
  for (
    const [status, line] of [
      [400, ""],
      [400, "GET /"],
      [400, "GET  / HTTP/1.1"],
      [400, "GET / HTTP/1.1 "],
      [400, "GET /\u00e9 HTTP/1.1"],
      [400, "G\u00e9T / HTTP/1.1"],
      [400, "\x16\x03\x01\x02\x00\x01"],
      [505, "PRI * HTTP/2.0"],
      [505, "GET / HTTP/3.0"],
    ] as const
  ) {
    assert.equal(refused(`${line}\r\n\r\n`), status, line);
  }
});

Deno.test("the end of a head is found wherever it is cut", () => {
  const text = "GET / HTTP/1.1\r\nA: b\r\n\r\nbody\r\n\r\n";
  const all = bytes(text);
  const end = text.indexOf("body");
  for (let cut = 0; cut <= all.length; cut++) {
    assert.equal(headEnd(all, 0, cut), cut < end ? -1 : end, `cut at byte ${cut}`);
  }
});
