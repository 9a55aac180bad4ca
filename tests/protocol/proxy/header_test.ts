/** Headers of load balancers: what is taken, what is refused, and at which byte. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { addressBytes } from "../../../lib/base/cidr.ts";
import { MinerFault } from "../../../lib/base/violation.ts";
import { MAX_HEADER_BYTES, readProxyHeader } from "../../../lib/protocol/proxy/header.ts";
import { headerV1, headerV2, rawHeaderV2 } from "../../support/proxy_headers.ts";

const text = (line: string) => Uint8Array.from(line, (char) => char.charCodeAt(0));
const zeros = (count: number) => Array<number>(count).fill(0);

const address = fc.oneof(
  fc.ipV4(),
  fc.array(fc.nat(0xffff), { minLength: 8, maxLength: 8 }).map((groups) =>
    groups.map((group) => group.toString(16)).join(":")
  ),
);

Deno.test("any miner's address and port come out of both versions, whatever extensions follow", () => {
  fc.assert(
    fc.property(
      address,
      fc.nat(65535),
      fc.array(fc.nat(255), { maxLength: 500 }),
      (hostname, port, extensions) => {
        const headers = [
          headerV1({ hostname, port }),
          headerV2({ hostname, port }),
          headerV2({ hostname, port }, extensions),
        ];
        for (const bytes of headers) {
          const header = readProxyHeader(bytes);
          assert.equal(header?.length, bytes.length);
          assert.equal(header.source?.port, port);
          assert.deepEqual(addressBytes(header.source.hostname), addressBytes(hostname));
          assert.equal(readProxyHeader(bytes.subarray(0, -1)), undefined);
        }
      },
    ),
    { seed: 5, numRuns: 300 },
  );
});

for (
  const [what, bytes, said] of [
    ["a miner's request", text('{"id":1,"meth'), /^began without a PROXY header: found "\{"id":1/],
    ["TLS", Uint8Array.of(0x16, 3, 1), /^began without a PROXY header: found 3 bytes, no text/],
    ["another word in capitals", text("POST / HTTP/1.1"), /^began without a PROXY header/],
    ["half of the signature, then text", text("\r\n\r\n{}"), /^began without a PROXY header/],
    ["a line without CR", text("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\n"), /wanted a line that ends/],
    ["a line of 108 bytes", text(`PROXY UNKNOWN ${"x".repeat(93)}`), /at most 107 bytes/],
    ["UDP4", text("PROXY UDP4 1.2.3.4 5.6.7.8 9 10\r\n"), /wanted TCP4 or TCP6/],
    ["no addresses", text("PROXY TCP4\r\n"), /wanted TCP4 or TCP6, two addresses/],
    ["a word too many", text("PROXY TCP4 1.2.3.4 5.6.7.8 9 10 11\r\n"), /one space/],
    ["two spaces", text("PROXY TCP4 1.2.3.4  5.6.7.8 9 10\r\n"), /one space/],
    ["an address of the other kind", text("PROXY TCP4 ::1 ::1 9 10\r\n"), /two addresses/],
    ["a name", text("PROXY TCP4 localhost 5.6.7.8 9 10\r\n"), /two addresses/],
    ["a bad destination", text("PROXY TCP4 1.2.3.4 5.6.7 9 10\r\n"), /two addresses/],
    ["port 65536", text("PROXY TCP4 1.2.3.4 5.6.7.8 65536 10\r\n"), /two ports/],
    ["port 01", text("PROXY TCP4 1.2.3.4 5.6.7.8 01 10\r\n"), /two ports/],
    ["version 1 in binary", rawHeaderV2(0x11, 0x11, zeros(12)), /wanted version 2/],
    ["an unknown command", rawHeaderV2(0x22, 0x11, zeros(12)), /LOCAL or PROXY/],
    ["UDP over IPv4", rawHeaderV2(0x21, 0x12, zeros(12)), /wanted TCP over IPv4/],
    ["a family without a stream", rawHeaderV2(0x21, 0x10, zeros(12)), /wanted TCP over IPv4/],
    ["11 bytes for IPv4", rawHeaderV2(0x21, 0x11, zeros(11)), /at least 12 bytes/],
    ["12 bytes for IPv6", rawHeaderV2(0x21, 0x21, zeros(12)), /at least 36 bytes/],
    ["a short unix address", rawHeaderV2(0x21, 0x31, zeros(215)), /at least 216 bytes/],
    ["537 bytes", rawHeaderV2(0x20, 0, zeros(537)).subarray(0, 16), /at most 536 bytes/],
  ] as const
) {
  Deno.test(`${what} is no header, and the log says why`, () => {
    assert.throws(() => readProxyHeader(bytes), (error) => {
      assert.ok(error instanceof MinerFault);
      assert.match(error.message, said);
      assert.match(error.message, /^[\x20-\x7e…]*$/);
      return true;
    });
  });
}

Deno.test("the longest headers are taken, and a client on a unix socket is the balancer's", () => {
  assert.equal(readProxyHeader(text(`PROXY UNKNOWN ${"x".repeat(91)}\r\n`))?.length, 107);
  assert.equal(readProxyHeader(rawHeaderV2(0x20, 0, zeros(536)))?.length, MAX_HEADER_BYTES);
  const unix = readProxyHeader(rawHeaderV2(0x21, 0x31, zeros(216)));
  assert.deepEqual(unix, { length: 232, source: undefined });
});

Deno.test("a refused beginning is refused at its first wrong byte, not waited for", () => {
  const good = headerV2({ hostname: "10.1.2.3", port: 1 });
  for (let at = 0; at < 12; at++) {
    const bytes = good.slice(0, at + 1);
    assert.equal(readProxyHeader(bytes), undefined);
    bytes[at]! ^= 0x80;
    assert.throws(() => readProxyHeader(bytes), MinerFault);
  }
});
