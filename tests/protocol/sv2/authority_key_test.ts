/** The key in a pool's address. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { doubleSha256 } from "../../../lib/bitcoin/sha256.ts";
import { formatAuthorityKey, parseAuthorityKey } from "../../../lib/protocol/sv2/authority_key.ts";
import { vector, vectorsOf } from "./vectors.ts";

for (const { name, fields, negative, expect } of vectorsOf("authorityKey")) {
  const text = String(fields!["base58"]);
  Deno.test(`vector ${name}: ${expect}`, () => {
    const result = parseAuthorityKey(text);
    if (negative) {
      assert.ok(!result.ok);
      assert.ok(result.found.includes(expect!.split(" ")[1]!), result.found);
      return;
    }
    assert.ok(result.ok);
    assert.equal(result.key.toHex(), fields!["xonly"]);
    assert.equal(formatAuthorityKey(result.key), text);
  });
}

Deno.test("the authority's key of the handshake's vector is read and printed", () => {
  const { fields } = vector("noise-handshake");
  const key = Uint8Array.fromHex(String(fields!["authority_xonly"]));
  const text = String(fields!["authority_base58"]);
  assert.equal(formatAuthorityKey(key), text);
  assert.deepEqual(parseAuthorityKey(text), { ok: true, key });
});

const KEY = "9avdFUsdssXnmUSaEXEpe5R5mmqTXyxCnXQBBcTVwCGKCYoMkis";

/** Any 38 bytes whose checksum is right, as a key is printed. */
function base58Of(version: string, key: string): string {
  const body = Uint8Array.fromHex(version + key);
  const bytes = new Uint8Array([...body, ...doubleSha256(body).subarray(0, 4)]);
  const characters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
  let text = "";
  for (let rest = BigInt(`0x${bytes.toHex()}`); rest > 0n; rest /= 58n) {
    text = characters[Number(rest % 58n)] + text;
  }
  return text;
}

Deno.test("a key is refused with what was found and what is wanted", () => {
  const x = "26b8b3060887af89138135c8facb3bbb56cc29b52df00c7cd512ec37a733a27f";
  assert.equal(base58Of("0100", x), KEY);
  const refused: [text: string, found: string, wanted: string][] = [
    ["", "an authority key of 0 characters", "51 characters"],
    [KEY.slice(1), "an authority key of 50 characters", "51 characters"],
    [KEY + "1", "an authority key of 52 characters", "51 characters"],
    ["0" + KEY.slice(1), '"0" in the authority key', "letters and digits without 0, O, I and l"],
    [
      KEY.slice(0, -1) + " ",
      '" " in the authority key',
      "letters and digits without 0, O, I and l",
    ],
    [KEY + "?", '"?" in the authority key', "letters and digits without 0, O, I and l"],
    [KEY + "😀", '"😀" in the authority key', "letters and digits without 0, O, I and l"],
    ["1".repeat(51), "an authority key of 51 bytes", "38 bytes"],
    [
      base58Of("0200", x),
      "an authority key of version 0200",
      "0100, with which a key begins with 9",
    ],
    [KEY.slice(0, -1) + "t", "an authority key with checksum ", ": a character is wrong"],
    // x³ + 7 is no square for these: 0, 5, and the prime and more than it.
    [base58Of("0100", "00".repeat(32)), "no point of secp256k1", "that the pool publishes"],
    [base58Of("0100", "05".padStart(64, "0")), "no point of secp256k1", "that the pool publishes"],
    [base58Of("0100", "ff".repeat(32)), "no point of secp256k1", "that the pool publishes"],
    [
      base58Of("0100", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc30"),
      "no point of secp256k1",
      "that the pool publishes",
    ],
  ];
  for (const [text, found, wanted] of refused) {
    const result = parseAuthorityKey(text);
    assert.ok(!result.ok, text);
    assert.ok(result.found.includes(found), `${text}: ${result.found}`);
    assert.ok(result.wanted.includes(wanted), `${text}: ${result.wanted}`);
  }
});

Deno.test("every key is printed with 51 characters, a 9 first, and about half are points", () => {
  let points = 0;
  const keys = 400;
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (key) => {
      const text = formatAuthorityKey(key);
      assert.match(text, /^9.{50}$/);
      const result = parseAuthorityKey(text);
      if (result.ok) {
        points++;
        assert.deepEqual(result.key, key);
      } else assert.match(result.found, /no point/);
    }),
    { numRuns: keys, seed: 21 },
  );
  assert.ok(points > keys / 4 && points < 3 * keys / 4, `${points} points`);
});

Deno.test("one wrong character anywhere is found", () => {
  fc.assert(fc.property(
    fc.nat({ max: KEY.length - 1 }),
    fc.constantFrom(..."123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"),
    (at, character) => {
      const text = KEY.slice(0, at) + character + KEY.slice(at + 1);
      assert.equal(parseAuthorityKey(text).ok, text === KEY);
    },
  ));
});
