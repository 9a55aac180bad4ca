/** Addresses as the kernel writes them, in the words Deno has for them. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeSockaddr, SOCKADDR_BYTES } from "../../../lib/net/libc/sockaddr.ts";

function sockaddr(family: number, port: number, at: number, address: readonly number[]): DataView {
  const bytes = new Uint8Array(SOCKADDR_BYTES).fill(0xee);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family, true);
  view.setUint16(2, port);
  bytes.set(address, at);
  return view;
}

function ipv6(groups: readonly number[]): string {
  const address = groups.flatMap((group) => [group >> 8, group & 0xff]);
  const decoded = decodeSockaddr(sockaddr(10, 1, 8, address));
  assert.equal(decoded?.port, 1);
  return decoded.hostname;
}

Deno.test("an IPv4 address and its port come out of struct sockaddr_in", () => {
  assert.deepEqual(decodeSockaddr(sockaddr(2, 3333, 4, [10, 0, 255, 7])), {
    hostname: "10.0.255.7",
    port: 3333,
  });
  assert.equal(decodeSockaddr(sockaddr(2, 65535, 4, [0, 0, 0, 0]))?.port, 65535);
});

Deno.test("a family that is neither IPv4 nor IPv6 is no address", () => {
  for (const family of [0, 1, 0x0200, 0x0a00]) {
    assert.equal(decodeSockaddr(sockaddr(family, 1, 4, [1, 2, 3, 4])), undefined);
  }
});

for (
  const [groups, text] of [
    [[0, 0, 0, 0, 0, 0, 0, 0], "::"],
    [[0, 0, 0, 0, 0, 0, 0, 1], "::1"],
    [[0xfe80, 0, 0, 0, 0, 0, 0, 0], "fe80::"],
    [[0xfd00, 0, 0, 1, 0, 0, 0, 7], "fd00:0:0:1::7"],
    [[0xfd00, 0, 0, 1, 0, 0, 7, 7], "fd00::1:0:0:7:7"],
    [[1, 2, 3, 4, 5, 6, 7, 8], "1:2:3:4:5:6:7:8"],
    [[1, 0, 2, 0, 3, 0, 4, 0], "1:0:2:0:3:0:4:0"],
    [[0x2001, 0xdb8, 0, 0, 0, 0, 0xabcd, 0xf], "2001:db8::abcd:f"],
    [[0, 0, 0, 0, 0, 0xffff, 0x0a00, 0x0007], "::ffff:10.0.0.7"],
    [[0, 0, 0, 0, 0, 0xfffe, 0x0a00, 0x0007], "::fffe:a00:7"],
    [[1, 0, 0, 0, 0, 0xffff, 0x0a00, 0x0007], "1::ffff:a00:7"],
  ] as const
) {
  Deno.test(`an IPv6 address is written ${text}`, () => assert.equal(ipv6(groups), text));
}

Deno.test("an IPv6 address is always written as the URL standard writes it", () => {
  const group = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.integer({ max: 0xffff }));
  const groups = fc.array(group, { minLength: 8, maxLength: 8 })
    .map((groups) => groups.map((value) => value & 0xffff))
    .filter((groups) =>
      !(groups[5] === 0xffff && groups.slice(0, 5).every((value) => value === 0))
    );
  fc.assert(
    fc.property(groups, (groups) => {
      const full = groups.map((value) => value.toString(16)).join(":");
      assert.equal(`[${ipv6(groups)}]`, new URL(`http://[${full}]/`).hostname);
    }),
    { seed: 2373, numRuns: 2000 },
  );
});
