/** IP addresses as bytes. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseIpAddress } from "../../lib/base/ip_address.ts";

/** What the bytes are in hex; `undefined` if there are none. */
function hex(text: string): string | undefined {
  const bytes = parseIpAddress(text);
  return bytes && Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const READ: [text: string, bytes: string][] = [
  ["10.0.200.255", "0a00c8ff"],
  ["0.0.0.0", "00000000"],
  ["::", "00".repeat(16)],
  ["::1", `${"00".repeat(15)}01`],
  ["1::", `0001${"00".repeat(14)}`],
  ["2001:db8::a:b", "20010db8000000000000000000".slice(0, 24) + "000a000b"],
  ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
  ["::ffff:1.2.3.4", `${"00".repeat(10)}ffff01020304`],
  ["FE80::ABCD", `fe80${"00".repeat(12)}abcd`],
];
for (const [text, bytes] of READ) {
  Deno.test(`${text} is ${bytes}`, () => assert.equal(hex(text), bytes));
}

const OTHER = [
  "",
  "pool.example",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.256",
  "1.2.3.04",
  "1.2.3.-4",
  ":",
  ":::",
  "1::2::3",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4::5:6:7:8",
  "12345::",
  "::1.2.3.4:5",
  "[::1]",
  "fe80::1%eth0",
];
for (const text of OTHER) {
  Deno.test(`${JSON.stringify(text)} is no IP address`, () => assert.equal(hex(text), undefined));
}

Deno.test("every IPv6 address is read, shortened or not", () => {
  const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
  fc.assert(
    fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), fc.nat(7), (groups, from) => {
      const words = groups.map((value) => value.toString(16));
      const bytes = groups.map((value) => value.toString(16).padStart(4, "0")).join("");
      assert.equal(hex(words.join(":")), bytes);
      // Two zeros or more from `from` on may be left out.
      let to = from;
      while (groups[to] === 0) to++;
      if (to === from) return;
      const short = `${words.slice(0, from).join(":")}::${words.slice(to).join(":")}`;
      assert.equal(hex(short), bytes);
    }),
    { seed: 1, numRuns: 1000 },
  );
});
