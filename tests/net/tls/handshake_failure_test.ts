/** What an operator reads of a TLS handshake that failed. */

import assert from "node:assert/strict";
import { explainHandshake, whyNotTls } from "../../../lib/net/tls/handshake_failure.ts";

for (
  const [name, first, expected] of [
    ["a line of JSON", "{", /plain stratum to the TLS port; write stratum\+ssl/],
    ["a list", "[", /plain stratum/],
    ["an empty line", "\n", /plain stratum/],
    ["an HTTP request", "GET / HTTP/1.1\r\n", /^it spoke HTTP \(GET\)/],
    ["a cut HTTP request", "G", /does not speak TLS/],
    [
      "a PROXY header",
      "PROXY TCP4 10.1.2.3 10.0.0.1 50000 3333\r\n",
      /^it spoke the PROXY .*version 1/,
    ],
    ["a binary PROXY header", "\r\n\r\n\0\r\nQUIT\n", /^it spoke the PROXY protocol \(version 2\)/],
    ["an SSH greeting", "SSH-2.0-Go\r\n", /^it spoke SSH/],
    ["an SSL 2 hello", "\x80", /does not speak TLS/],
  ] as const
) {
  Deno.test(`what begins like ${name} cannot be TLS, and the reason says what it is`, () => {
    assert.match(whyNotTls(Uint8Array.from(first, (char) => char.charCodeAt(0)))!, expected);
  });
}

Deno.test("what begins like a TLS handshake may be one", () => {
  assert.equal(whyNotTls(Uint8Array.of(0x16)), undefined);
});

for (
  const [found, expected] of [
    [
      "received fatal alert: UnknownCA (SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca)",
      /does not trust our certificate.*\(received fatal alert: UnknownCA\)$/,
    ],
    ["received fatal alert: CertificateExpired", /expired; renew the certificate/],
    [
      "peer is incompatible: NoCipherSuitesInCommon",
      /no version, cipher or signature in common with us; this port speaks TLS 1\.3, or 1\.2 with ECDHE/,
    ],
    ["something new", /^its TLS handshake failed: something new$/],
  ] as const
) {
  Deno.test(`"${found}" is explained with what to do`, () => {
    assert.match(explainHandshake(found), expected);
  });
}
