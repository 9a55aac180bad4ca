/**
 * The pool's side of the Noise handshake. Only the simulator loads it.
 */

import { ACT1_BYTES, ACT2 } from "./acts.ts";
import { drawKeyPair, type KeyPair, sharedSecret } from "./curve.ts";
import { SymmetricState, type TransportKeys } from "./symmetric_state.ts";

/** The identity of a responder. */
export interface Identity {
  /** Its static keys. */
  readonly keys: KeyPair;
  /** The certificate of them, 74 bytes: see `issueCertificate` in certificate.ts. */
  readonly certificate: Uint8Array;
}

/** Act 2 to send, 234 bytes, and the keys of the transport after it. */
export interface Answered {
  /** What to send. */
  readonly act2: Uint8Array;
  /** The keys of the transport. */
  readonly keys: TransportKeys;
}

/** Answers act 1, which is any 64 bytes. */
export function answerAct1(
  act1: Uint8Array,
  identity: Identity,
  draw: () => KeyPair = drawKeyPair,
): Answered {
  const theirKey = act1.slice(0, ACT1_BYTES);
  const ours = draw();
  const state = new SymmetricState();
  state.mixHash(theirKey);
  state.mixHash(new Uint8Array(0));

  const act2 = new Uint8Array(ACT2.bytes);
  act2.set(ours.encoded, ACT2.ephemeral);
  state.mixHash(ours.encoded);
  state.mixKey(sharedSecret(ours, theirKey, false));
  act2.set(state.encryptAndHash(identity.keys.encoded), ACT2.static);
  state.mixKey(sharedSecret(identity.keys, theirKey, false));
  act2.set(state.encryptAndHash(identity.certificate), ACT2.certificate);
  ours.secret.fill(0);
  return { act2, keys: state.split() };
}
