/**
 * Which network of a farm an address is of: machines of one rack or container share it.
 */

import { addressBytes, isMappedIpv4 } from "./cidr.ts";

/** The IPv4 /24 or the IPv6 /64 of an address; empty for what is no address. */
export function subnetOf(address: string): string {
  const bytes = addressBytes(address);
  if (bytes === undefined) return "";
  if (isMappedIpv4(bytes)) return `${bytes.slice(12, 15).join(".")}.0/24`;
  const groups = [0, 2, 4, 6].map((at) => (bytes[at]! << 8 | bytes[at + 1]!).toString(16));
  // Zeros at the end are what "::" stands for.
  while (groups.at(-1) === "0") groups.pop();
  return `${groups.join(":")}::/64`;
}
