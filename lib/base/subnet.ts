/**
 * The network of an address, as farms are wired: one switch, one rack, one site.
 */

import { addressBytes, isMappedIpv4 } from "./cidr.ts";

/** `10.1.2.0/24` of an IPv4 address, `2001:db8:0:1::/64` of an IPv6 one; `text` if it is none. */
export function subnetOf(text: string): string {
  const bytes = addressBytes(text);
  if (bytes === undefined) return text;
  if (isMappedIpv4(bytes)) return `${bytes.subarray(12, 15).join(".")}.0/24`;
  const groups = Array.from(
    { length: 4 },
    (_, i) => (bytes[2 * i]! << 8 | bytes[2 * i + 1]!).toString(16),
  );
  const head = groups.join(":").replace(/(?::0)+$/, "");
  return `${head === "0" ? "" : head}::/64`;
}
