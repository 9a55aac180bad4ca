/**
 * Explains to the operator why a miner's TLS handshake failed; pure.
 */

import { languageOf } from "../../base/foreign_speech.ts";

/** Thrown by a connection whose TLS handshake failed. */
export class TlsHandshakeFailed extends Error {
  /** The class's own name. */
  override readonly name = "TlsHandshakeFailed";
}

/** Every TLS connection begins with a record of this kind. */
const HANDSHAKE_RECORD = 0x16;

/** The characters that a line of JSON can begin with. */
const LINE_STARTS = new Set([..."{[ \t\r\n"].map((char) => char.charCodeAt(0)));

/** Why a connection that begins with these bytes is not TLS; `undefined` if it may be. */
export function whyNotTls(start: Uint8Array): string | undefined {
  if (start[0] === HANDSHAKE_RECORD) return undefined;
  const spoken = languageOf(start);
  if (spoken !== undefined) return spoken;
  return LINE_STARTS.has(start[0]!)
    ? "it speaks plain stratum to the TLS port; write stratum+ssl:// in its settings, or give it " +
      "a port without TLS"
    : "it does not speak TLS, but this is the TLS port";
}

/** Node's messages, and what we say about each. */
const EXPLANATIONS: readonly (readonly [pattern: RegExp, text: string])[] = [
  [
    /alert: CertificateExpired/i,
    "it considers our certificate expired; renew the certificate, or set the miner's clock",
  ],
  [
    /alert: (?:UnknownCA|BadCertificate|CertificateUnknown|UnsupportedCertificate|CertificateRevoked)/i,
    "it does not trust our certificate; make it trust the authority that signed the " +
    "certificate, or turn its certificate check off",
  ],
  [
    /peer is incompatible|alert: (?:HandshakeFailure|ProtocolVersion|InsufficientSecurity)/i,
    "it has no version, cipher or signature in common with us; this port speaks TLS 1.3, or 1.2 " +
    "with ECDHE",
  ],
];

/** The reason for the log when Node ends a handshake with the message `found`. */
export function explainHandshake(found: string): string {
  const [message] = found.split(" (SSL routines:");
  const known = EXPLANATIONS.find(([pattern]) => pattern.test(found))?.[1];
  return known === undefined
    ? `its TLS handshake failed: ${message}`
    : `its TLS handshake failed: ${known} (${message})`;
}
