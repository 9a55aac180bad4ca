/**
 * The certificates of `certificates/make.sh`: a test authority, and the certificates that it
 * signed.
 */

import type { CertificateFiles } from "../../lib/net/tls/certificate_files.ts";

const FOLDER = new URL("./certificates/", import.meta.url);

/**
 * `pool` is for pool.test, 127.0.0.1 and ::1, `elsewhere` for elsewhere.test and other.test. The
 * `self_signed` ones are for the names of `pool`; but for the leaf they say that they are a CA's.
 */
export type CertificateName =
  | "authority"
  | "pool"
  | "elsewhere"
  | "expired"
  | "self_signed"
  | "self_signed_leaf"
  | "self_signed_expired";

/** What a server needs to use a certificate. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** The file that makes the others trusted. */
export const AUTHORITY_FILE: string = new URL("authority.pem", FOLDER).pathname;

/** Where a certificate and its key are. */
export function certificateFiles(name: CertificateName): CertificateFiles {
  return {
    cert_file: new URL(`${name}.pem`, FOLDER).pathname,
    key_file: new URL(`${name}_key.pem`, FOLDER).pathname,
  };
}

/** A certificate with its key. */
export function serverCertificate(name: CertificateName): ServerCertificate {
  return {
    cert: Deno.readTextFileSync(new URL(`${name}.pem`, FOLDER)),
    key: Deno.readTextFileSync(new URL(`${name}_key.pem`, FOLDER)),
  };
}

/** SHA-256 of the certificate in DER, 64 lower-case hex digits. */
export async function fingerprint(name: CertificateName): Promise<string> {
  const base64 = serverCertificate(name).cert.replace(/-----[A-Z ]+-----|\s/g, "");
  const der = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", der));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
