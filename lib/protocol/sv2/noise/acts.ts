/**
 * The two acts of the handshake: their lengths, and where their parts stand.
 */

import { MAC_BYTES } from "./cipher.ts";
import { CERTIFICATE_BYTES } from "./certificate.ts";
import { ENCODED_KEY_BYTES } from "./curve.ts";

/** Act 1, from the initiator: its key of this connection. */
export const ACT1_BYTES: number = ENCODED_KEY_BYTES;

/** Where the parts of act 2 begin, and how long it is. */
export const ACT2 = {
  /** The responder's key of this connection, in clear. */
  ephemeral: 0,
  /** Its static key, sealed. */
  static: ENCODED_KEY_BYTES,
  /** Its certificate, sealed. */
  certificate: 2 * ENCODED_KEY_BYTES + MAC_BYTES,
  /** The whole of it: 234 bytes. */
  bytes: 2 * ENCODED_KEY_BYTES + CERTIFICATE_BYTES + 2 * MAC_BYTES,
} as const;
