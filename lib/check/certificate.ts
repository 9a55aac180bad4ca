/**
 * The certificate a pool shows, whatever there may be wrong with it.
 */

import type { Attempt } from "../net/pools/attempt.ts";
import type { PoolAddress } from "../net/pools/connection.ts";
import type { TlsPolicy } from "../net/tls/policy.ts";
import { openConnection, type Way } from "../net/pools/way.ts";

/** What is shown of a certificate. */
export interface Certificate {
  /** Whose it is: the common name, or the names it is for. */
  readonly subject: string;
  /** Who signed it. */
  readonly issuer: string;
  /** SHA-256 of it, 64 lower-case hex digits: what `tls.certificate_sha256` takes. */
  readonly sha256: string;
  /** When it begins to be in force, in milliseconds since 1970. */
  readonly validFrom: number;
  /** When it ends, in milliseconds since 1970. */
  readonly validTo: number;
}

/**
 * Asks for the certificate over a connection of its own, and verifies nothing.
 *
 * @throws Error when there is no way there or no TLS.
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
        subject: subject?.CN ?? subjectaltname ?? "nobody named",
        issuer: issuer?.CN ?? issuer?.O ?? "nobody named",
        sha256: fingerprint256.replaceAll(":", "").toLowerCase(),
        validFrom: Date.parse(valid_from),
        validTo: Date.parse(valid_to),
      };
    },
  );
  connection.close();
  return certificate!;
}
