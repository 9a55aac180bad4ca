/**
 * The files of a listening port's certificate, and the error if they cannot be used.
 */

/** Two files in PEM, under the configuration's keys. */
export interface CertificateFiles {
  /** The certificate, followed by those of intermediate authorities. */
  readonly cert_file: string;
  /** Its private key, not encrypted. */
  readonly key_file: string;
}

/**
 * Certificate or key cannot be used; the message says which file, what was found, and what to do.
 */
export class CannotUseCertificate extends Error {
  /** The class's own name. */
  override readonly name = "CannotUseCertificate";
}
