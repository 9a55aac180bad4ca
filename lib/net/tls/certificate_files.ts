/**
 * Where the certificate of a listening port is, and the error when it cannot be used.
 */

/** Two files in PEM; the keys are those of the configuration. */
export interface CertificateFiles {
  /** The certificate, and behind it those of authorities in between. */
  readonly cert_file: string;
  /** Its private key, not encrypted. */
  readonly key_file: string;
}

/** Certificate or key cannot be used; the message says which file, what was found, what to do. */
export class CannotUseCertificate extends Error {
  /** The class's own name. */
  override readonly name = "CannotUseCertificate";
}
