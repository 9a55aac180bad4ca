/** Addresses of proxies: what is read, what is refused, and that passwords stay secret. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatProxyAddress,
  parseProxyAddress,
  type ProxyAddress,
} from "../../lib/base/proxy_address.ts";

function address(
  protocol: ProxyAddress["protocol"],
  host: string,
  port: number,
  user?: string,
  password = "",
): ProxyAddress {
  return { protocol, host, port, credentials: user === undefined ? undefined : { user, password } };
}

const READ: [text: string, proxy: ProxyAddress][] = [
  ["socks5://10.0.0.1:1080", address("socks5", "10.0.0.1", 1080)],
  ["socks5h://proxy.example:1080", address("socks5", "proxy.example", 1080)],
  ["SOCKS5://h:1", address("socks5", "h", 1)],
  ["socks://h:1", address("socks5", "h", 1)],
  ["socks4a://h:1", address("socks5", "h", 1)],
  ["http://h:3128/", address("http", "h", 3128)],
  ["  https://h:443 ", address("https", "h", 443)],
  ["proxy.example:3128", address("http", "proxy.example", 3128)],
  ["socks5://[2001:db8::1]:65535", address("socks5", "2001:db8::1", 65535)],
  ["http://[fe80::1%eth0]:1", address("http", "fe80::1%eth0", 1)],
  ["socks5://me:secret@h:1", address("socks5", "h", 1, "me", "secret")],
  ["socks5://me@h:1", address("socks5", "h", 1, "me")],
  ["me:secret@h:1", address("http", "h", 1, "me", "secret")],
  ["http://m%40e:a%3Ab%25@h:1", address("http", "h", 1, "m@e", "a:b%")],
  ["http://me:a@b:c/d?e#f@h:1", address("http", "h", 1, "me", "a@b:c/d?e#f")],
  ["http://%C3%BC:%E5%AF%86@h:1", address("http", "h", 1, "ü", "密")],
];
for (const [text, proxy] of READ) {
  Deno.test(`${text} is read`, () => {
    assert.deepEqual(parseProxyAddress(text), { ok: true, proxy });
  });
}

const REFUSED: [text: string, found: string, hint?: string][] = [
  ["", "an empty address"],
  ["http://a b:1", "an address with a blank in it", "write a blank in a password as %20"],
  ["ftp://h:1", "an unknown kind of proxy before ://", "socks5, http and https are known"],
  ["://h:1", "an address that begins with ://", "socks5, http and https are known"],
  ["http://h", "an address without a port"],
  ["http://h:", "an address without a port"],
  ["http://me:secret@h", "an address without a port"],
  ["http://h:0", "an address whose port is no number 1..65535"],
  ["http://h:65536", "an address whose port is no number 1..65535"],
  ["http://h:1x", "an address whose port is no number 1..65535"],
  ["http://h:1/path", "an address whose port is no number 1..65535"],
  ["http://:1", "an address without a host"],
  ["http://h/x:1", "an address whose host is no name or IP address"],
  ["http://2001:db8::1:80", "an IPv6 address without [ ] around it, or too many colons"],
  ["http://[nonsense]:80", "an address whose host is no name or IP address"],
  ["http://me:100%@h:1", "a proxy address", "write a % in its user or password as %25"],
  [
    "http://:secret@h:1",
    "a proxy address",
    "put a user before its password, or leave out both and the @",
  ],
  [
    `http://me:${"x".repeat(256)}@h:1`,
    "a proxy address",
    "its user and its password may have 255 bytes each",
  ],
];
for (const [text, found, hint] of REFUSED) {
  Deno.test(`${JSON.stringify(text.slice(0, 40))} is refused: ${found}`, () => {
    const expected = { ok: false, found, ...(hint === undefined ? {} : { hint }) };
    assert.deepEqual(parseProxyAddress(text), expected);
  });
}

Deno.test("a formatted address has no user and no password", () => {
  assert.equal(
    formatProxyAddress(address("socks5", "2001:db8::1", 1080, "me", "secret")),
    "socks5://***@[2001:db8::1]:1080",
  );
  assert.equal(formatProxyAddress(address("http", "h", 1)), "http://h:1");
});

Deno.test("whatever the credentials are, they are read back and never shown", () => {
  const text = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(text, text, (user, password) => {
      const written = `socks5://${encodeURIComponent(user)}:${encodeURIComponent(password)}@h:1`;
      const result = parseProxyAddress(written);
      assert.ok(result.ok);
      assert.deepEqual(result.proxy.credentials, { user, password });
      assert.equal(formatProxyAddress(result.proxy), "socks5://***@h:1");
    }),
    { seed: 6, numRuns: 1000 },
  );
});

Deno.test("any text is an address or is refused in words that repeat none of it", () => {
  const piece = fc.constantFrom("://", "@", ":", "[", "]", "%", "socks5", "h", "1", "sEcReT", "/");
  const anyText = fc.oneof(
    fc.string({ unit: "binary", maxLength: 60 }),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join("")),
  );
  fc.assert(
    fc.property(anyText, (text) => {
      const result = parseProxyAddress(text);
      if (!result.ok) assert.doesNotMatch(`${result.found} ${result.hint}`, /sEcReT/);
    }),
    { seed: 6, numRuns: 3000 },
  );
});
