/**
 * The certificate that miners see: read from files, and checked before it is used.
 *
 * Import it only when TLS is wanted: it costs 10 MB, like `listener.ts`.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { fileTrouble } from "../../base/file_trouble.ts";
import { readTextFile } from "../../base/text_file.ts";
import { CannotUseCertificate, type CertificateFiles } from "./certificate_files.ts";

/** More than any chain of certificates needs. */
const MAX_FILE_BYTES = 1 << 20;

/** A certificate ready for use. */
export interface ServerCertificate {
  /** Node's context for new connections. */
  readonly context: SecureContext;
  /** The names it is for, such as `DNS:farm.example, IP Address:10.0.0.1`; else its subject. */
  readonly names: string;
  /** When it expires, in milliseconds since 1970. */
  readonly expiresAt: number;
  /** SHA-256 of the certificate, to detect a change. */
  readonly fingerprint: string;
}

/** Reads certificate and key. @throws CannotUseCertificate with the file and what to do. */
export async function readServerCertificate(files: CertificateFiles): Promise<ServerCertificate> {
  const { cert_file: certFile, key_file: keyFile } = files;
  const cert = await readPem("cert_file", certFile, "CERTIFICATE", "a certificate");
  const key = await readPem("key_file", keyFile, "PRIVATE KEY", "a private key");
  const certificate = attempt(() => new X509Certificate(cert), "cert_file", certFile);
  const privateKey = attempt(() => createPrivateKey(key), "key_file", keyFile);
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new CannotUseCertificate(
      `Cannot use tls.key_file (${keyFile}): it is not the key of the certificate in ` +
        `tls.cert_file (${certFile}), which is for ${namesOf(certificate)}; name the two files ` +
        "that belong together, with the server's own certificate before those of authorities",
    );
  }
  return {
    context: attempt(() => createSecureContext({ cert, key }), "cert_file", certFile),
    names: namesOf(certificate),
    expiresAt: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256,
  };
}

function namesOf({ subjectAltName, subject }: X509Certificate): string {
  return subjectAltName ?? subject.replaceAll("\n", ", ");
}

/** Reads a PEM file and checks that it has the wanted kind of block. */
async function readPem(
  option: keyof CertificateFiles,
  path: string,
  label: string,
  wanted: string,
): Promise<string> {
  const cannot = (found: string, advice: string, cause?: unknown) =>
    new CannotUseCertificate(`Cannot use tls.${option} (${path}): ${found}; ${advice}`, { cause });
  let text: string;
  try {
    text = await readTextFile(path, MAX_FILE_BYTES);
  } catch (error) {
    const found = fileTrouble(error);
    throw cannot(found, `name a file with ${wanted} that btcagent may read`, error);
  }
  if (text.includes("-----BEGIN ENCRYPTED PRIVATE KEY-----")) {
    throw cannot(
      "the key is encrypted",
      "remove the pass phrase (openssl pkey) and let only btcagent's user read the file",
    );
  }
  if (!new RegExp(`-----BEGIN (?:[A-Z]+ )?${label}-----`).test(text)) {
    throw cannot(`found no line -----BEGIN ${label}-----`, `wanted ${wanted} in PEM`);
  }
  return text;
}

function attempt<T>(make: () => T, option: keyof CertificateFiles, path: string): T {
  try {
    return make();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new CannotUseCertificate(
      `Cannot use tls.${option} (${path}): ${found}; have a new one issued`,
      { cause: error },
    );
  }
}
