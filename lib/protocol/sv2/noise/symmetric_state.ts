/**
 * The symmetric state of a Noise handshake: what both sides have hashed and mixed so far. Names and
 * rules are those of the Noise specification, section 5.2.
 */

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { Cipher, MAC_BYTES } from "./cipher.ts";

const PROTOCOL_NAME = "Noise_NX_Secp256k1+EllSwift_ChaChaPoly_SHA256";

const NOTHING = new Uint8Array(0);

/** The keys of the transport that a handshake ends with, 32 bytes each. */
export interface TransportKeys {
  /** For what the initiator sends. */
  readonly fromInitiator: Uint8Array;
  /** For what the responder sends. */
  readonly fromResponder: Uint8Array;
}

/** One side's state of one handshake. */
export class SymmetricState {
  /** The chaining key (`ck`). */
  #chainingKey: Uint8Array;
  /** The hash of all that was sent (`h`). */
  #hash: Uint8Array;
  /** The key of the moment (`k` and `n`). */
  #cipher: Cipher | undefined;

  /** The state before the first byte, with an empty prologue. */
  constructor() {
    // The name is longer than a hash, so its hash stands for it.
    this.#chainingKey = sha256(new TextEncoder().encode(PROTOCOL_NAME));
    this.#hash = sha256(this.#chainingKey);
  }

  /** The hash of all that was sent so far, 32 bytes. */
  get hash(): Uint8Array {
    return this.#hash;
  }

  /** MixHash: adds bytes that were sent or read in clear. */
  mixHash(bytes: Uint8Array): void {
    this.#hash = sha256.create().update(this.#hash).update(bytes).digest();
  }

  /** MixKey: adds a shared secret, 32 bytes, and overwrites it. */
  mixKey(secret: Uint8Array): void {
    const [chainingKey, key] = expand(this.#chainingKey, secret);
    secret.fill(0);
    this.#chainingKey.fill(0);
    this.#chainingKey = chainingKey;
    this.#cipher?.erase();
    this.#cipher = new Cipher(key);
    key.fill(0);
  }

  /** EncryptAndHash: what to send for `plain`. Needs a key. */
  encryptAndHash(plain: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(plain.length + MAC_BYTES);
    this.#cipher!.seal(plain, sealed, this.#hash);
    this.mixHash(sealed);
    return sealed;
  }

  /** DecryptAndHash: what was sent; `undefined` if the bytes are not what it would be. */
  decryptAndHash(sealed: Uint8Array): Uint8Array | undefined {
    const plain = new Uint8Array(sealed.length - MAC_BYTES);
    if (!this.#cipher!.open(sealed, plain, this.#hash)) return undefined;
    this.mixHash(sealed);
    return plain;
  }

  /** Split: the keys of the transport. Overwrites this state, which is of no use afterwards. */
  split(): TransportKeys {
    const [fromInitiator, fromResponder] = expand(this.#chainingKey, NOTHING);
    this.erase();
    return { fromInitiator, fromResponder };
  }

  /** Overwrites all secrets. */
  erase(): void {
    this.#chainingKey.fill(0);
    this.#cipher?.erase();
  }
}

/** HKDF with two outputs of 32 bytes. */
function expand(chainingKey: Uint8Array, input: Uint8Array): [Uint8Array, Uint8Array] {
  const temporary = hmac(sha256, chainingKey, input);
  const first = hmac(sha256, temporary, Uint8Array.of(1));
  const second = hmac.create(sha256, temporary).update(first).update(Uint8Array.of(2)).digest();
  temporary.fill(0);
  return [first, second];
}
