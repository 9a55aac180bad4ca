/**
 * The first bytes of a client that tries TLS on a port.
 */

/** Key exchange groups, an extension every client sends: its number is 10, an LF. */
const SUPPORTED_GROUPS = [0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x1d];
const EXTENSIONS = [...SUPPORTED_GROUPS];
const BODY = [
  ...[0x03, 0x03],
  ...Array.from({ length: 32 }, (_, i) => 0xa5 ^ i), // random
  0x00, // no session
  ...[0x00, 0x02, 0x13, 0x01], // one cipher suite
  ...[0x01, 0x00], // no compression
  ...[0x00, EXTENSIONS.length],
  ...EXTENSIONS,
];

/** A whole ClientHello in its record. */
export const TLS_HELLO: Uint8Array = Uint8Array.of(
  ...[0x16, 0x03, 0x01, 0x00, BODY.length + 4],
  ...[0x01, 0x00, 0x00, BODY.length],
  ...BODY,
);
