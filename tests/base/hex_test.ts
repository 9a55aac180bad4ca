/** Hex numbers as stratum writes them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatHex32, isHex, isHexBytes, parseHex32 } from "../../lib/base/hex.ts";

Deno.test("every 32-bit number prints as 8 digits and reads back, in either case", () => {
  fc.assert(
    fc.property(fc.nat({ max: 0xffffffff }), (value) => {
      const text = formatHex32(value);
      assert.match(text, /^[0-9a-f]{8}$/);
      assert.equal(parseHex32(text), value);
      assert.equal(parseHex32(text.toUpperCase()), value);
      assert.equal(parseHex32(text.replace(/^0{1,7}/, "")), value);
    }),
    { seed: 20240606, numRuns: 2000 },
  );
});

Deno.test("formatHex32 prints known numbers, and others modulo 2^32", () => {
  assert.equal(formatHex32(0), "00000000");
  assert.equal(formatHex32(0x1122), "00001122");
  assert.equal(formatHex32(0xffffffff), "ffffffff");
  assert.equal(formatHex32(-1), "ffffffff");
  assert.equal(formatHex32(2 ** 32 + 5), "00000005");
});

for (
  const text of ["", "123456789", "000000001", "-1", "+1", " 1", "1 ", "0x1", "1g", "1\n", "१"]
) {
  Deno.test(`parseHex32 refuses ${JSON.stringify(text)}`, () => {
    assert.equal(parseHex32(text), undefined);
  });
}

Deno.test("isHex wants whole bytes, isHexBytes a given number of them", () => {
  for (const good of ["", "00", "aF", "0123456789abcdefABCDEF00", "0".repeat(1 << 20)]) {
    assert.ok(isHex(good), good.slice(0, 30));
    assert.ok(isHexBytes(good, good.length / 2));
    assert.ok(!isHexBytes(good, good.length / 2 + 1));
  }
  for (const bad of ["0", "abc", "0g", "0x00", " 00 ", "00\n0", "é0", "00\n"]) {
    assert.ok(!isHex(bad), bad);
    assert.ok(!isHexBytes(bad, bad.length / 2));
  }
});
