/** Addresses of pools: what each says, and what is said of those that say nothing. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parsePoolUrl } from "../../lib/config/pool_url.ts";
import { parseAuthorityKey } from "../../lib/protocol/sv2/authority_key.ts";

const READ: [text: string, host: string, port: number, kind: string, usesTls?: boolean][] = [
  ["stratum+tcp://pool.example:3333", "pool.example", 3333, "stratum", false],
  ["stratum+ssl://pool.example:443", "pool.example", 443, "stratum", true],
  ["stratum+tls://pool.example:443", "pool.example", 443, "stratum", true],
  ["STRATUM+TCP://Pool.Example:1", "Pool.Example", 1, "stratum", false],
  ["btcagent+tcp://10.0.0.1:65535", "10.0.0.1", 65535, "agent", false],
  ["btcagent+tls://[2001:db8::1]:443", "2001:db8::1", 443, "agent", true],
  ["pool.example:3333", "pool.example", 3333, "unknown"],
  ["[::1]:25", "::1", 25, "unknown"],
  ["stratum+tcp://[fe80::1%eth0]:3333", "fe80::1%eth0", 3333, "stratum", false],
];
for (const [text, host, port, kind, usesTls] of READ) {
  Deno.test(`${text} is ${kind} at ${host}, port ${port}`, () => {
    assert.deepEqual(parsePoolUrl(text), {
      ok: true,
      url: { host, port, kind, usesTls, authorityKey: undefined },
    });
  });
}

const KEY = "9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh";

Deno.test("a Stratum V2 address ends with the key by which the pool proves itself, or without one", () => {
  const url = { host: "2001:db8::1", port: 3336, kind: "sv2", usesTls: false };
  const authorityKey = parseAuthorityKey(KEY);
  assert.ok(authorityKey.ok);
  assert.deepEqual(parsePoolUrl(`Stratum2+TCP://[2001:db8::1]:3336/${KEY}`), {
    ok: true,
    url: { ...url, authorityKey: authorityKey.key.toHex() },
  });
  assert.deepEqual(parsePoolUrl("stratum2+tcp://[2001:db8::1]:3336"), {
    ok: true,
    url: { ...url, authorityKey: undefined },
  });
});

const WRONG_KEYS: [key: string, found: string, wanted: string][] = [
  ["", "an authority key of 0 characters", "51 characters"],
  [`${KEY}/`, '"/" in the authority key', "letters and digits without 0, O, I and l"],
  [`${KEY}?`, '"?" in the authority key', "letters and digits without 0, O, I and l"],
  [KEY.replace("X", "0"), '"0" in the authority key', "letters and digits without 0, O, I and l"],
  [KEY.slice(1), "an authority key of 50 characters", "51 characters"],
];
for (const [key, found, wanted] of WRONG_KEYS) {
  Deno.test(`the authority key ${JSON.stringify(key)} is refused: ${found}`, () => {
    const result = parsePoolUrl(`stratum2+tcp://pool.example:3336/${key}`);
    assert.deepEqual(result, { ok: false, found, wanted });
  });
}

Deno.test("an authority key with one wrong character is refused, whichever it is", () => {
  for (let at = 0; at < KEY.length; at++) {
    const other = KEY[at] === "z" ? "y" : "z";
    const key = KEY.slice(0, at) + other + KEY.slice(at + 1);
    const result = parsePoolUrl(`stratum2+tcp://pool.example:3336/${key}`);
    assert.ok(!result.ok, key);
    assert.match(result.found, /^an authority key /);
  }
});

const PORT = "add the port; 3333 is usual: ";
const SCHEMES =
  "write stratum+tcp://, or stratum+ssl:// for TLS; for a pool with the agent protocol " +
  "btcagent+tcp:// or btcagent+tls://";
const USER = 'put the name into "user" and the password into "password" or "password_file"';
const BRACKETS = "write an IPv6 address in brackets, as in ";
const NO_HOST = "write a host name or an IP address, then : and the port";
const WRITE_V2 = "write stratum2+tcp://host:port/AUTHORITY_KEY";
const REFUSED: [text: string, hint: string][] = [
  ["stratum+tcp://pool.example", `${PORT}"stratum+tcp://pool.example:3333"`],
  ["stratum+tcp://pool.example:", `${PORT}"stratum+tcp://pool.example:3333"`],
  ["btcagent+tcp://[::1]", `${PORT}"btcagent+tcp://[::1]:3333"`],
  ["pool.example", `${PORT}"pool.example:3333"`],
  ["stratum+tcp://pool.example:0", "the port must be a number 1..65535"],
  ["stratum+tcp://pool.example:65536", "the port must be a number 1..65535"],
  ["stratum+tcp://pool.example:0x1", "the port must be a number 1..65535"],
  ["stratum+tcp://pool.example:3333 ", "remove the blanks around it"],
  [" stratum+tcp://pool.example:3333", "remove the blanks around it"],
  ["stratum+tcp://pool.example:3333/", 'remove "/": an address ends with the port'],
  ["stratum+tcp://pool.example:3333/x", 'remove "/x": an address ends with the port'],
  ["pool.example:3333#xnsub", 'remove "#xnsub": an address ends with the port'],
  ["stratum+tcp://2001:db8::1:3333", `${BRACKETS}"stratum+tcp://[2001:db8::1]:3333"`],
  ["::1", `${BRACKETS}"[2001:db8::1]:3333"`],
  ["stratum+tcp://[pool.example]:3333", NO_HOST],
  ["stratum+tcp://[]:3333", NO_HOST],
  ["stratum+tcp://:3333", NO_HOST],
  ["stratum+tcp://", NO_HOST],
  ["", NO_HOST],
  [
    "stratum+tcp://p\u043eol.example:1",
    "\u043e is U+043E, not a letter of this alphabet: type it again",
  ],
  ["tcp://pool.example:3333", SCHEMES],
  ["stratum://pool.example:3333", SCHEMES],
  ["://pool.example:3333", SCHEMES],
  ["ssl://pool.example:3333", "for TLS write stratum+ssl://"],
  ["btcagent+ssl://pool.example:3333", "write btcagent+tls://"],
  [
    `stratum+tcp://pool.example:3336/${KEY}`,
    "an authority key is for Stratum V2: write stratum2+tcp://",
  ],
  [`stratum2+tls://pool.example:3336/${KEY}`, `Stratum V2 encrypts without TLS: ${WRITE_V2}`],
  ["stratum2://pool.example:3336", `this is Stratum V2: ${WRITE_V2}`],
  ["sv2+tcp://pool.example:3336", `this is Stratum V2: ${WRITE_V2}`],
  [
    `stratum2+tcp://pool.example/${KEY}`,
    `add the port that the pool publishes, as in "stratum2+tcp://pool.example:3336/AUTHORITY_KEY"`,
  ],
  [
    `stratum2+tcp://2001:db8::1:3336/${KEY}`,
    `${BRACKETS}"stratum2+tcp://[2001:db8::1]:3336/AUTHORITY_KEY"`,
  ],
  ["stratum2+tcp://pool.example:3336#xnsub", 'remove "#xnsub": an address ends with the key'],
  ["stratum+tcp://me:hunter2@pool.example:3333", USER],
  ["me:hunter2@pool.example:3333", USER],
];
for (const [text, hint] of REFUSED) {
  Deno.test(`${JSON.stringify(text)} is refused: ${hint}`, () => {
    const result = parsePoolUrl(text);
    assert.ok(!result.ok);
    assert.equal(result.hint, hint);
    assert.doesNotMatch(result.found, /hunter2/);
  });
}

Deno.test("any text is an address or refused, and what comes after an @ or before is never shown", () => {
  const part = fc.constantFrom(
    "stratum+tcp",
    "stratum2+tcp",
    "://",
    ":",
    "@",
    "[",
    "]",
    "/",
    "3333",
    "h",
    "::1",
  );
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(part, { maxLength: 8 }).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(text, (text) => {
      const result = parsePoolUrl(text);
      if (result.ok) {
        assert.ok(result.url.port >= 1 && result.url.port <= 65535);
        assert.match(result.url.host, /^[\w.:%-]+$/);
      } else {
        assert.ok(result.hint !== "" && result.wanted !== "");
        if (text.includes("@")) assert.equal(result.found, "an address with a user in it");
      }
    }),
    { seed: 14, numRuns: 1000 },
  );
});
