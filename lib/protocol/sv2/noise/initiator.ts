/**
 * Our side of the Noise handshake (NX): we send a key, the pool proves who it is.
 */

import type { Timers } from "../../../base/clock.ts";
import { PoolFault } from "../../../base/violation.ts";
import { ACT2 } from "./acts.ts";
import {
  type Certificate,
  type CertificateVerdict,
  judgeCertificate,
  readCertificate,
} from "./certificate.ts";
import { drawKeyPair, type KeyPair, sharedSecret, xOnlyOf } from "./curve.ts";
import { SymmetricState, type TransportKeys } from "./symmetric_state.ts";

/**
 * Act 1 begins with none of these bytes: LF, CR, a TLS record, a space, `G`, `P`, `{`. Pools that
 * serve HTTP, TLS and Stratum V1 on the same port decide by the first byte.
 */
const TAKEN_FIRST_BYTES: ReadonlySet<number> = new Set([
  ...[0x0a, 0x0d, 0x16, 0x20, 0x47, 0x50, 0x7b],
]);

/** Between two turns, in milliseconds: without a timer Deno would not serve its sockets there. */
const TURN_PAUSE_MS = 1;

/** How the pool's identity is checked. */
export interface Trust {
  /** The authority's key, x-only, 32 bytes; `undefined` to accept anybody. */
  readonly authority: Uint8Array | undefined;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallTime: number;
}

/** What a handshake settled. */
export interface Shaken {
  /** The keys of the transport. */
  readonly keys: TransportKeys;
  /** What the pool's certificate says. */
  readonly certificate: Certificate;
  /** What it is worth. Never `refused`. */
  readonly verdict: Exclude<CertificateVerdict, { readonly kind: "refused" }>;
}

/** One handshake. */
export class Initiator {
  /** The bytes to send, 64: in one write, because some pools read them in one piece only. */
  readonly act1: Uint8Array;
  readonly #keys: KeyPair;
  readonly #state: SymmetricState;

  /** Draws the key of this connection: 1 to 5 ms, and 15 ms the first time in a process. */
  constructor(draw: () => KeyPair = drawKeyPair) {
    let keys = draw();
    while (TAKEN_FIRST_BYTES.has(keys.encoded[0]!)) keys = draw();
    this.#keys = keys;
    this.act1 = keys.encoded;
    this.#state = new SymmetricState();
    this.#state.mixHash(this.act1);
    this.#state.mixHash(new Uint8Array(0));
  }

  /**
   * Reads act 2, exactly 234 bytes; what the pool sent after them belongs to the transport. Call it
   * once. It takes 4 to 10 ms in all, in three turns, between which others are served.
   *
   * @throws PoolFault (the promise rejects) `not-stratum-2` if the bytes cannot be opened, or the
   * code of a certificate that is refused.
   */
  async readAct2(
    act2: Uint8Array,
    { authority, wallTime }: Trust,
    timers: Pick<Timers, "after">,
  ): Promise<Shaken> {
    const turn = () => new Promise<void>((go) => void timers.after(TURN_PAUSE_MS, go));
    const state = this.#state;
    // The caller's buffer may be used again before the last turn.
    const answer = act2.slice();
    try {
      const theirKey = answer.subarray(ACT2.ephemeral, ACT2.static);
      state.mixHash(theirKey);
      state.mixKey(sharedSecret(this.#keys, theirKey, true));
      const staticKey = this.#open(answer.subarray(ACT2.static, ACT2.certificate), "key");
      await turn();
      state.mixKey(sharedSecret(this.#keys, staticKey, true));
      const bytes = this.#open(answer.subarray(ACT2.certificate, ACT2.bytes), "certificate");
      await turn();
      const verdict = judgeCertificate(bytes, xOnlyOf(staticKey), authority, wallTime);
      if (verdict.kind === "refused") {
        throw new PoolFault(verdict.code, `Cannot trust the pool: ${verdict.text}`);
      }
      return { keys: state.split(), certificate: readCertificate(bytes), verdict };
    } finally {
      this.#keys.secret.fill(0);
      state.erase();
    }
  }

  #open(sealed: Uint8Array, part: string): Uint8Array {
    const plain = this.#state.decryptAndHash(sealed);
    if (plain !== undefined) return plain;
    throw new PoolFault(
      "not-stratum-2",
      `Cannot open the ${part} in the pool's answer to the Noise handshake: it speaks no Stratum ` +
        "V2 on this port, or bytes were damaged on the way",
    );
  }
}
