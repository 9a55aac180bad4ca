/**
 * How the peer of a TLS connection must prove its identity.
 */

import { fileTrouble } from "../../base/file_trouble.ts";
import { readTextFile } from "../../base/text_file.ts";

/** The operator's settings. */
export interface TlsSettings {
  /**
   * Whether a certificate must be signed by a known authority, be for the right name, and be within
   * its dates.
   */
  readonly isVerified: boolean;
  /** A file with certificates of additional authorities, in PEM. */
  readonly caFile: string | undefined;
  /**
   * If not empty: SHA-256 of the only pool certificates accepted, 64 lower-case hex digits each.
   */
  readonly pins: readonly string[];
}

/** The settings with the file's content. */
export interface TlsPolicy extends Pick<TlsSettings, "isVerified" | "pins"> {
  /** Certificates of additional authorities, in PEM; each text may hold more than one. */
  readonly caCerts: readonly string[];
}

/** The longest file of certificates accepted: those of all well-known authorities have 0.25 MB. */
const MAX_CA_FILE_BYTES = 1 << 20;

/** Reads the file again each time, so that it can be replaced. @throws Error if it is not PEM. */
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
  // Text that is not a certificate would be ignored silently.
  if (!text.includes("-----BEGIN CERTIFICATE-----")) {
    throw new Error(
      `Cannot read the certificates in tls.ca_file (${path}): found no line ` +
        "-----BEGIN CERTIFICATE-----, wanted certificates in PEM",
    );
  }
  return text;
}
