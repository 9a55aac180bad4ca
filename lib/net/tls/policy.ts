/**
 * How the other side of a TLS connection has to prove who it is.
 */

import { fileTrouble } from "../../base/file_trouble.ts";
import { readTextFile } from "../../base/text_file.ts";

/** What the operator chose. */
export interface TlsSettings {
  /** Whether a certificate must be signed by a known authority, for its name, and in force. */
  readonly isVerified: boolean;
  /** A file with certificates of more authorities, in PEM. */
  readonly caFile: string | undefined;
  /** If there are any: SHA-256 of the pool certificates accepted, 64 lower-case hex digits each. */
  readonly pins: readonly string[];
}

/** The same with everything at hand. */
export interface TlsPolicy extends Pick<TlsSettings, "isVerified" | "pins"> {
  /** Certificates of more authorities, in PEM; more than one may be in each text. */
  readonly caCerts: readonly string[];
}

/** The longest file of certificates that is read: all known authorities have 0.25 MB. */
const MAX_CA_FILE_BYTES = 1 << 20;

/** Reads the file, each time anew, so that it can be replaced. @throws Error when it is no PEM. */
export async function readTlsPolicy({ isVerified, caFile, pins }: TlsSettings): Promise<TlsPolicy> {
  return {
    isVerified,
    pins,
    caCerts: caFile === undefined ? [] : [await readCaFile(caFile)],
  };
}

async function readCaFile(path: string): Promise<string> {
  let text: string;
  try {
    text = await readTextFile(path, MAX_CA_FILE_BYTES);
  } catch (error) {
    const found = fileTrouble(error);
    throw new Error(`Cannot read the certificates in tls.ca_file (${path}): ${found}`, {
      cause: error,
    });
  }
  // What is no certificate would be passed over without a word.
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(
      `Cannot read the certificates in tls.ca_file (${path}): found no line ` +
        "-----BEGIN CERTIFICATE-----, wanted certificates in PEM",
    );
  }
  return text;
}
