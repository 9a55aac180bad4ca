/** The authority of the benchmark's Stratum V2 pool, known to everybody. */

import { formatAuthorityKey } from "../../lib/protocol/sv2/authority_key.ts";

/** Its secret, 1: so its key is the x coordinate of the curve's generator. */
export const AUTHORITY_SECRET: Uint8Array = Uint8Array.fromHex("01".padStart(64, "0"));

/** Its key as it stands in an address. */
export const AUTHORITY_KEY: string = formatAuthorityKey(
  Uint8Array.fromHex("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"),
);
