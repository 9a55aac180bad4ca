/**
 * The certificate that a pool shows, even if something is wrong with it.
 */

import type { Attempt } from "../net/pools/attempt.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import type { TlsPolicy } from "../net/tls/policy.ts";
import { openConnection, type Way } from "../net/pools/way.ts";

/** What is shown of a certificate. */
export interface Certificate {
  /** The common name of its owner, or the names it is for. */
  readonly subject: string;
  /** The name of the authority that signed it. */
  readonly issuer: string;
  /** Its SHA-256 as 64 lower-case hex digits, as in `tls.certificate_sha256`. */
  readonly sha256: string;
  /** When it becomes valid, in milliseconds since 1970. */
  readonly validFrom: number;
  /** When it expires, in milliseconds since 1970. */
  readonly validTo: number;
}

/**
 * Asks for the certificate over a connection of its own, and verifies nothing.
 *
 * @throws Error if the connection fails or speaks no TLS.
 */
export async function fetchCertificate(
  { proxy }: Way,
  address: PoolAddress,
  proxyTls: TlsPolicy,
  attempt: Attempt,
): Promise<Certificate> {
  const carrier = attempt.hold(
    await openConnection(proxy, address, undefined, { ...proxyTls, pins: [] }, attempt),
  );
  const { startNodeTls } = await import("../net/tls/node_tls.ts");
  let certificate: Certificate | undefined;
  const connection = await startNodeTls(
    carrier,
    address.host,
    { isVerified: false, caCerts: [], pins: [] },
    attempt.wallNow,
    ({ subject, subjectaltname, issuer, valid_from, valid_to, fingerprint256 }) => {
      certificate = {
        subject: subject?.CN ?? subjectaltname ?? "no name",
        issuer: issuer?.CN ?? issuer?.O ?? "no name",
        sha256: fingerprint256.replaceAll(":", "").toLowerCase(),
        validFrom: Date.parse(valid_from),
        validTo: Date.parse(valid_to),
      };
    },
  );
  connection.close();
  return certificate!;
}
