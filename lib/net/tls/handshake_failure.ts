/**
 * A miner's TLS handshake that failed: what an operator reads of it. Pure.
 */

import { languageOf } from "../../base/foreign_speech.ts";

/** Thrown by a connection whose peer broke the rules of TLS before it was under way. */
export class TlsHandshakeFailed extends Error {
  /** The class's own name. */
  override readonly name = "TlsHandshakeFailed";
}

/** Every TLS connection begins with a record of this kind. */
const HANDSHAKE_RECORD = 0x16;

/** How a line of JSON can begin. */
const LINE_STARTS = new Set([..."{[ \t\r\n"].map((char) => char.charCodeAt(0)));

/** Why a connection that begins with these bytes cannot be one of TLS; `undefined` if it can. */
export function whyNotTls(start: Uint8Array): string | undefined {
  if (start[0] === HANDSHAKE_RECORD) return undefined;
  const spoken = languageOf(start);
  if (spoken !== undefined) return spoken;
  return LINE_STARTS.has(start[0]!)
    ? "it speaks plain stratum to the TLS port; write stratum+ssl:// in its settings, or give it " +
      "a port without TLS"
    : "it does not speak TLS, but this is the TLS port";
}

/** What Node says, and what there is to say about it. */
const EXPLANATIONS: readonly (readonly [pattern: RegExp, text: string])[] = [
  [
    /alert: CertificateExpired/i,
    "it takes our certificate for expired; renew the certificate, or set the miner's clock",
  ],
  [
    /alert: (?:UnknownCA|BadCertificate|CertificateUnknown|UnsupportedCertificate|CertificateRevoked)/i,
    "it does not trust our certificate; let it trust the authority that signed the certificate, " +
    "or set it to check none",
  ],
  [
    /peer is incompatible|alert: (?:HandshakeFailure|ProtocolVersion|InsufficientSecurity)/i,
    "we have no version, cipher or signature in common; here it is TLS 1.3, or 1.2 with ECDHE",
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
