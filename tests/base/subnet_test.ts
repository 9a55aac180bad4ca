/** Which network of a farm an address is of. */

import assert from "node:assert/strict";
import { subnetOf } from "../../lib/base/subnet.ts";

for (
  const [address, subnet] of [
    ["10.1.2.3", "10.1.2.0/24"],
    ["::ffff:10.1.2.3", "10.1.2.0/24"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8::5", "2001:db8::/64"],
    ["fe80::1%eth0", "fe80::/64"],
    ["::1", "::/64"],
    ["no address", ""],
  ] as const
) {
  Deno.test(`the network of ${address} is ${subnet || "none"}`, () => {
    assert.equal(subnetOf(address), subnet);
  });
}
