/** Networks in CIDR notation and the addresses that are of them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { addressBytes, isInNetwork, parseNetwork } from "../../lib/base/cidr.ts";

const CASES: readonly (readonly [network: string, inside: string[], outside: string[]])[] = [
  ["10.0.0.0/8", ["10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"], ["9.255.255.255", "11.0.0.0"]],
  ["10.1.2.3", ["10.1.2.3", "::ffff:a01:203"], ["10.1.2.2", "10.1.2.4", "::a01:203"]],
  ["192.168.4.0/22", ["192.168.4.0", "192.168.7.255"], ["192.168.3.255", "192.168.8.0"]],
  ["10.0.0.77/24", ["10.0.0.1"], ["10.0.1.1"]],
  ["0.0.0.0/0", ["1.2.3.4", "::ffff:1.2.3.4"], ["::1", "fd00::1"]],
  ["::/0", ["::1", "fd00::1", "fe80::1%eth0"], ["1.2.3.4", "::ffff:1.2.3.4"]],
  ["::ffff:10.0.0.0/104", ["10.9.9.9", "::ffff:10.9.9.9"], ["11.0.0.0", "::10.0.0.0"]],
  ["fd00::/8", ["fd00::1", "fdff:ffff::"], ["fc00::1", "fe00::1"]],
  ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "2001:db9::"]],
  ["::1/128", ["::1"], ["::", "::2"]],
];

for (const [text, inside, outside] of CASES) {
  Deno.test(`${text} has its addresses and no others`, () => {
    const network = parseNetwork(text)!;
    for (const address of inside) assert.ok(isInNetwork(addressBytes(address)!, network), address);
    for (const address of outside) {
      assert.ok(!isInNetwork(addressBytes(address)!, network), address);
    }
  });
}

Deno.test("a text that is not a network is not read as one", () => {
  for (
    const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/-1",
      "10.0.0.0/08",
      "10.0.0.0/8/8",
      "10.0.0/8",
      "010.0.0.0/8",
      "10.0.0.0 /8",
      "fd00::/129",
      "fd00::/1e1",
      "fe80::1%eth0/64",
      "localhost",
    ]
  ) {
    assert.equal(parseNetwork(text), undefined, text);
  }
});

Deno.test("an IPv4 address is of a network when their first bits are the same", () => {
  const address = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
  const bitsOf = (parts: number[]) =>
    parts.map((part) => part.toString(2).padStart(8, "0")).join("");
  fc.assert(
    fc.property(address, fc.nat(32), fc.nat(32), (base, length, flipped) => {
      const bits = bitsOf(base).split("");
      if (flipped < 32) bits[flipped] = bits[flipped] === "0" ? "1" : "0";
      const other = Array.from(
        { length: 4 },
        (_, i) => parseInt(bits.slice(8 * i, 8 * i + 8).join(""), 2),
      );
      const network = parseNetwork(`${base.join(".")}/${length}`)!;
      for (const text of [other.join("."), `::ffff:${other.join(".")}`]) {
        assert.equal(isInNetwork(addressBytes(text)!, network), flipped >= length);
      }
    }),
    { seed: 31, numRuns: 500 },
  );
});
