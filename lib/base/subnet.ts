/**
 * The network that an address is in: the machines of one rack or container share it.
 */

import { addressBytes, isMappedIpv4 } from "./cidr.ts";
import { ipv4Number } from "./ip_address.ts";

/** The IPv4 /24 or the IPv6 /64 of an address; empty if the text is not an address. */
export function subnetOf(address: string): string {
  if (ipv4Number(address) !== undefined) {
    return `${address.slice(0, address.lastIndexOf("."))}.0/24`;
  }
  const bytes = addressBytes(address);
  if (bytes === undefined) return "";
  if (isMappedIpv4(bytes)) return `${bytes.slice(12, 15).join(".")}.0/24`;
  const groups = [0, 2, 4, 6].map((at) => (bytes[at]! << 8 | bytes[at + 1]!).toString(16));
  // "::" stands for the zeros at the end.
  while (groups.at(-1) === "0") groups.pop();
  return `${groups.join(":")}::/64`;
}
