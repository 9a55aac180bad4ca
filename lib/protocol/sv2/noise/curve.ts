/**
 * What Stratum V2 needs of secp256k1: keys in ElligatorSwift's encoding, their shared secrets, and
 * BIP340 signatures.
 *
 * Load it, and all of this folder, only for a pool of this kind: the libraries take 15 MB.
 */

import { schnorr, secp256k1 } from "@noble/curves/secp256k1.js";
import { elligatorSwift } from "@scure/btc-signer/p2p.js";

/** The length of a public key as it goes over the wire. */
export const ENCODED_KEY_BYTES = 64;

// By default the first multiplication of the generator fills a table, which takes 40 ms at once
// and pays off only after dozens of handshakes.
secp256k1.Point.BASE.precompute(1);

/** A key pair. Its encoding is one of many for the same key: others cannot replace it. */
export interface KeyPair {
  /** The secret, 32 bytes. */
  readonly secret: Uint8Array;
  /** The public key in ElligatorSwift's encoding, 64 bytes that look random. */
  readonly encoded: Uint8Array;
}

/** A new pair. It takes 1 ms, and up to 5 ms if chance wills. */
export function drawKeyPair(): KeyPair {
  const { privateKey, publicKey } = elligatorSwift.keygen();
  return { secret: privateKey, encoded: publicKey };
}

/**
 * The secret that both sides of a connection arrive at, 32 bytes: BIP324's, a hash of the shared x
 * coordinate and of both encodings. The name of Stratum V2's protocol suggests the coordinate
 * itself, but no implementation takes that.
 *
 * @param isInitiator whether `ours` belongs to the side that speaks first.
 */
export function sharedSecret(ours: KeyPair, theirs: Uint8Array, isInitiator: boolean): Uint8Array {
  return elligatorSwift.getSharedSecretBip324(ours.secret, theirs, ours.encoded, isInitiator);
}

/** The x coordinate, 32 bytes, of an encoded key. Any 64 bytes encode one. */
export function xOnlyOf(encoded: Uint8Array): Uint8Array {
  return elligatorSwift.decode(encoded);
}

/** The x coordinate, 32 bytes, of the public key of `secret`. */
export function xOnlyKeyOf(secret: Uint8Array): Uint8Array {
  return schnorr.getPublicKey(secret);
}

/** Signs 32 bytes by BIP340. `random` are 32 bytes of chance, drawn if absent. */
export function sign(digest: Uint8Array, secret: Uint8Array, random?: Uint8Array): Uint8Array {
  return schnorr.sign(digest, secret, random);
}

/** Whether `signature`, 64 bytes, of `digest` is by the owner of an x-only key that exists. */
export function isSigned(digest: Uint8Array, signature: Uint8Array, xOnly: Uint8Array): boolean {
  return schnorr.verify(signature, digest, xOnly);
}
