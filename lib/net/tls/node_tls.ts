/**
 * TLS through `node:tls`, for what Deno's own cannot do: accept any certificate, compare it with
 * pins, and run over something else than a TCP connection (TLS through a proxy behind TLS).
 *
 * To be imported only when that is asked for: a running proxy then has 5 MB more resident than with
 * Deno's own (2.9.6).
 */

import { connect, type PeerCertificate } from "node:tls";
import type { Connection } from "../pools/connection.ts";
import type { Now } from "../../base/clock.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import { CarrierStream, SocketConnection } from "./node_streams.ts";
import type { TlsPolicy } from "./policy.ts";

const CARRIER_READ_BYTES = 16 * 1024;

/**
 * Speaks TLS over `carrier` and waits for the end of the handshake. Once this was called the
 * carrier is closed by what is returned, or when it fails.
 *
 * Trusted are the authorities of the policy or, if it names none, the well-known ones. A certificate
 * that signed itself is trusted by its pin alone: there is no authority to ask, and its fingerprint
 * says more than its name. It must be in force all the same.
 *
 * @param wallNow is what its certificate is judged by, in milliseconds since 1970.
 * @param seen is told the other side's certificate.
 * @throws Error of Node (rejects), or of ours when no pin is that of the certificate.
 */
export function startNodeTls(
  carrier: Connection,
  name: string,
  { isVerified, caCerts, pins }: TlsPolicy,
  wallNow: Now,
  seen?: (certificate: PeerCertificate) => void,
): Promise<Connection> {
  const stream = new CarrierStream(carrier, CARRIER_READ_BYTES);
  const socket = connect({
    socket: stream,
    host: name,
    // Node verifies `host` if there is no `servername`, which must be a name.
    ...(parseIpAddress(name) === undefined ? { servername: name } : {}),
    // With pins it is decided here, once the certificate can be looked at. That the other side has
    // its key was verified by then in any case.
    rejectUnauthorized: isVerified && pins.length === 0,
    // Those given here take the place of the well-known ones, which may only be listed with
    // --allow-sys=ca.
    ...(caCerts.length > 0 ? { ca: [...caCerts] } : {}),
  });
  const connection = new SocketConnection(socket, stream);
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      connection.close();
      reject(error);
    };
    const closed = () => fail(new Error("unexpected end of file"));
    socket.once("error", fail);
    socket.once("close", closed);
    socket.once("secureConnect", () => {
      socket.off("error", fail);
      socket.off("close", closed);
      const certificate = socket.getPeerCertificate();
      seen?.(certificate);
      const problem = isVerified && pins.length > 0
        ? problemOf(certificate, socket.authorizationError, wallNow())
        : undefined;
      const found = fingerprint(certificate);
      if (problem !== undefined) {
        fail(new Error(problem));
      } else if (pins.length > 0 && !pins.includes(found)) {
        fail(
          new Error(
            `the pool's certificate is not one of tls.certificate_sha256: found ${found}; if the ` +
              "pool says that this is its new one, add it to the list",
          ),
        );
      } else {
        resolve(connection);
      }
    });
  });
}

/** Why a certificate that has to be valid is not; `undefined` if it is. */
function problemOf(
  { subject, issuer, subjectaltname, valid_from: from, valid_to: to }: PeerCertificate,
  error: unknown,
  wallTime: number,
): string | undefined {
  // The code of what Node found first, though its types say an error.
  if (error === null || error === undefined) return undefined;
  if (Date.parse(from) > wallTime) return "certificate is not yet valid";
  if (Date.parse(to) < wallTime) return "certificate has expired";
  if (error === "ERR_TLS_CERT_ALTNAME_INVALID") return `found altnames: ${subjectaltname}`;
  const isSelfSigned = JSON.stringify(subject) === JSON.stringify(issuer);
  return isSelfSigned ? undefined : String(error);
}

/** SHA-256 of the certificate in DER, 64 lower-case hex digits. */
function fingerprint(certificate: PeerCertificate): string {
  return (certificate.fingerprint256 ?? "").replaceAll(":", "").toLowerCase();
}
