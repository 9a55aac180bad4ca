/**
 * The identity of a simulated Stratum V2 pool: the authority whose key is in its address, its static keys,
 * and the certificates that the authority issues for them.
 */

import { formatAuthorityKey } from "../../protocol/sv2/authority_key.ts";
import { issueCertificate } from "../../protocol/sv2/noise/certificate.ts";
import { drawKeyPair, xOnlyKeyOf, xOnlyOf } from "../../protocol/sv2/noise/curve.ts";
import type { Identity } from "../../protocol/sv2/noise/responder.ts";
import type { Sv2PoolSettings } from "./settings.ts";

/** A certificate serves this long, so that 10,000 connections do not cost 10,000 signatures. */
const REISSUE_MS = 1_000;
const UNKNOWN_VERSION = 1;

/** The settings that say what a certificate is like. */
type CertificateSettings = Pick<
  Sv2PoolSettings,
  "authoritySecret" | "certificateFlaw" | "certificateAgeMs" | "certificateLifeMs" | "time"
>;

/** The pool's authority and its static keys. */
export class Sv2Authority {
  /** Its key as it stands in the pool's address. */
  readonly key: string;
  readonly #keys = drawKeyPair();
  readonly #settings: CertificateSettings;
  readonly #signer: Uint8Array;
  #identity: Identity | undefined;
  #issuedAtMs = -Infinity;

  /** Draws static keys. */
  constructor(settings: CertificateSettings) {
    this.#settings = settings;
    const secret = settings.authoritySecret ?? drawKeyPair().secret;
    this.key = formatAuthorityKey(xOnlyKeyOf(secret));
    this.#signer = settings.certificateFlaw === "authority" ? drawKeyPair().secret : secret;
  }

  /** What a handshake needs, with a certificate for now. */
  identity(): Identity {
    const { certificateFlaw, certificateAgeMs, certificateLifeMs, time } = this.#settings;
    const now = time.now();
    if (this.#identity === undefined || now - this.#issuedAtMs >= REISSUE_MS) {
      const wall = time.wallNow();
      const certificate = {
        version: certificateFlaw === "version" ? UNKNOWN_VERSION : 0,
        validFrom: wall - certificateAgeMs,
        validTo: wall + certificateLifeMs,
      };
      this.#identity = {
        keys: this.#keys,
        certificate: issueCertificate(certificate, xOnlyOf(this.#keys.encoded), this.#signer),
      };
      this.#issuedAtMs = now;
    }
    return this.#identity;
  }
}
