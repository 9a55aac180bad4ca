/**
 * The certificate by which a pool proves that its static key belongs to the authority whose key is
 * in the pool's address.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 2 | version, 0 |
 * | 2 | 4 | valid from, seconds since 1970 |
 * | 6 | 4 | valid to, seconds since 1970, inclusive |
 * | 10 | 64 | BIP340 signature over SHA-256 of the ten bytes before and the x-only static key |
 *
 * Numbers are little-endian.
 */

import { sha256 } from "@noble/hashes/sha2.js";
import { isClockSet } from "../../../base/wall_clock.ts";
import { isSigned, sign } from "./curve.ts";

/** The length of a certificate. */
export const CERTIFICATE_BYTES = 74;

/** How far clocks may differ, in seconds: pools issue certificates from this very second on. */
export const SKEW_SECONDS = 300;

const AT = { version: 0, validFrom: 2, validTo: 6, signature: 10 } as const;

const VERSION = 0;

const LAST_SECOND = 0xffff_ffff;

/** What a certificate says, whether true or not. */
export interface Certificate {
  /** Which form it has; only 0 is known. */
  readonly version: number;
  /** When it becomes valid, in milliseconds since 1970. */
  readonly validFrom: number;
  /** The last second it is valid in, in milliseconds since 1970. */
  readonly validTo: number;
}

/** Why a certificate is refused. */
export type CertificateRefusal =
  | "certificate-version"
  | "certificate-signature"
  | "certificate-expired"
  | "certificate-not-yet-valid";

/**
 * What a certificate is worth.
 *
 * `valid`: signed by the authority, and the time is right. `undated`: signed by the authority, but
 * this machine's clock was never set, so nobody can say whether it is still valid. `unchecked`:
 * the operator gave no authority. `refused`: `text` continues "Cannot trust the pool: ".
 */
export type CertificateVerdict =
  | { readonly kind: "valid" | "undated" | "unchecked" }
  | { readonly kind: "refused"; readonly code: CertificateRefusal; readonly text: string };

/** Reads the fields of the 74 bytes. */
export function readCertificate(bytes: Uint8Array): Certificate {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    version: view.getUint16(AT.version, true),
    validFrom: view.getUint32(AT.validFrom, true) * 1000,
    validTo: view.getUint32(AT.validTo, true) * 1000,
  };
}

/**
 * Judges the 74 bytes.
 *
 * Most pools' TLS certificates are refused by a machine whose clock says 1970. This one is not: the
 * signature still proves who the pool is, and a router that never learns the time has to mine.
 *
 * @param staticKey the pool's static key, x-only.
 * @param authority the authority's key, x-only; `undefined` for nobody's.
 * @param wallTime this machine's clock, in milliseconds since 1970.
 */
export function judgeCertificate(
  bytes: Uint8Array,
  staticKey: Uint8Array,
  authority: Uint8Array | undefined,
  wallTime: number,
): CertificateVerdict {
  if (authority === undefined) return { kind: "unchecked" };
  const certificate = readCertificate(bytes);
  if (certificate.version !== VERSION) {
    return refused(
      "certificate-version",
      `its certificate has version ${certificate.version}, only ${VERSION} is known`,
    );
  }
  const signature = bytes.subarray(AT.signature, CERTIFICATE_BYTES);
  if (!isSigned(digestOf(bytes, staticKey), signature, authority)) {
    return refused(
      "certificate-signature",
      "its certificate is not signed by the authority whose key is in the pool's address; " +
        "compare the key with the one the pool publishes",
    );
  }
  return isClockSet(wallTime) ? judgeTimes(certificate, wallTime) : { kind: "undated" };
}

function judgeTimes({ validFrom, validTo }: Certificate, wallTime: number): CertificateVerdict {
  const now = Math.floor(wallTime / 1000);
  const secondsEarly = validFrom / 1000 - now;
  const secondsLate = now - validTo / 1000;
  if (secondsEarly > SKEW_SECONDS) {
    return refused(
      "certificate-not-yet-valid",
      `${clockIsOff(secondsEarly, wallTime)} begins only at ${formatTime(validFrom)}; ${ADVICE}`,
    );
  }
  if (secondsLate > SKEW_SECONDS) {
    return refused(
      "certificate-expired",
      `${clockIsOff(secondsLate, wallTime)} ended at ${formatTime(validTo)}; ${ADVICE}`,
    );
  }
  return { kind: "valid" };
}

const ADVICE = "set the clock, or tell the pool";

function clockIsOff(seconds: number, wallTime: number): string {
  return `this machine's clock is ${seconds} s off (it shows ${formatTime(wallTime)}), or the ` +
    "pool's certificate";
}

function formatTime(time: number): string {
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

function refused(code: CertificateRefusal, text: string): CertificateVerdict {
  return { kind: "refused", code, text };
}

/** What is signed: SHA-256 of all before the signature, and of the static key. */
function digestOf(bytes: Uint8Array, staticKey: Uint8Array): Uint8Array {
  return sha256.create().update(bytes.subarray(0, AT.signature)).update(staticKey).digest();
}

/**
 * Issues a certificate, as a pool does: 74 bytes. Times beyond 32 bits of seconds become the last.
 *
 * @param staticKey the pool's static key, x-only.
 * @param authoritySecret the authority's secret, 32 bytes.
 * @param random 32 bytes of chance for the signature, drawn if absent.
 */
export function issueCertificate(
  { version, validFrom, validTo }: Certificate,
  staticKey: Uint8Array,
  authoritySecret: Uint8Array,
  random?: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(CERTIFICATE_BYTES);
  const view = new DataView(bytes.buffer);
  view.setUint16(AT.version, version, true);
  view.setUint32(AT.validFrom, secondsOf(validFrom), true);
  view.setUint32(AT.validTo, secondsOf(validTo), true);
  bytes.set(sign(digestOf(bytes, staticKey), authoritySecret, random), AT.signature);
  return bytes;
}

function secondsOf(time: number): number {
  return Math.min(Math.max(Math.floor(time / 1000), 0), LAST_SECOND);
}
