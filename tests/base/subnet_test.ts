/** The network of an address, as API and lists show it. */

import assert from "node:assert/strict";
import { subnetOf } from "../../lib/base/subnet.ts";

for (
  const [address, subnet] of [
    ["10.1.2.3", "10.1.2.0/24"],
    ["::ffff:10.1.2.3", "10.1.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8::/64"],
    ["2001:db8:0:1::9", "2001:db8:0:1::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["::1", "::/64"],
    ["0:0:0:5::1", "0:0:0:5::/64"],
    ["somewhere", ""],
  ] as const
) {
  Deno.test(`the network of ${address} is ${subnet}`, () => {
    assert.equal(subnetOf(address), subnet);
  });
}
