/**
 * TLS through `node:tls`, for everything that Deno's own TLS cannot do: accept any certificate,
 * compare it with pins, and run over something other than a TCP connection (TLS through a proxy
 * with TLS).
 *
 * Import it only when that is needed: it takes 5 MB more memory than Deno's own TLS (2.9.6).
 */

import { connect, type PeerCertificate } from "node:tls";
import type { Connection } from "../pools/connection.ts";
import type { Now } from "../../base/clock.ts";
import { parseIpAddress } from "../../base/ip_address.ts";
import { CarrierStream, SocketConnection } from "./node_streams.ts";
import type { TlsPolicy } from "./policy.ts";

const CARRIER_READ_BYTES = 16 * 1024;

/**
 * Speaks TLS over `carrier` and waits for the end of the handshake. From then on the returned
 * connection owns the carrier; if the handshake fails, the carrier is closed.
 *
 * Trusts the authorities of the policy or, if it names none, the well-known ones. A self-signed
 * certificate is trusted only by its pin: there is no authority to ask, and its fingerprint says
 * more than its name. It must still be within its dates.
 *
 * @param wallNow the time that its certificate is checked against, in milliseconds since 1970.
 * @param seen is called with the peer's certificate.
 * @throws Error of Node, or of ours if no pin matches the certificate (the promise rejects).
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
    // With pins we decide, once the certificate is known. By then TLS has verified in any case that
    // the peer has its key.
    rejectUnauthorized: isVerified && pins.length === 0,
    // These replace the well-known ones, which cannot be listed without --allow-sys=ca.
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

/** Why a certificate is not valid; `undefined` if it is. */
function problemOf(
  { subject, issuer, subjectaltname, valid_from: from, valid_to: to }: PeerCertificate,
  error: unknown,
  wallTime: number,
): string | undefined {
  // The code of the first problem that Node found, although its type says Error.
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
