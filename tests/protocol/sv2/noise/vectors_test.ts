/** Runs the vectors of the handshake, of certificates and of sealed frames, byte for byte. */

import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "@noble/hashes/sha2.js";
import assert from "node:assert/strict";
import { PoolFault } from "../../../../lib/base/violation.ts";
import {
  issueCertificate,
  judgeCertificate,
  readCertificate,
} from "../../../../lib/protocol/sv2/noise/certificate.ts";
import {
  type KeyPair,
  sharedSecret,
  xOnlyKeyOf,
  xOnlyOf,
} from "../../../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../../../lib/protocol/sv2/noise/frame_sealer.ts";
import { Initiator } from "../../../../lib/protocol/sv2/noise/initiator.ts";
import { answerAct1 } from "../../../../lib/protocol/sv2/noise/responder.ts";
import { sealedFrameBytes } from "../../../../lib/protocol/sv2/noise/sealed_frame.ts";
import { SymmetricState } from "../../../../lib/protocol/sv2/noise/symmetric_state.ts";
import { RUN_BY, type Vector, vector, vectorsOf } from "../vectors.ts";
import { AT_ONCE, openOne, sealAll } from "./rig.ts";

const HANDSHAKE = vector("noise-handshake");
const ACT1 = bytes(HANDSHAKE.act1);
const ACT2 = bytes(HANDSHAKE.act2);

/** A value of the handshake on its way. */
function step(name: string): string {
  const found = HANDSHAKE.steps!.find((one) => one[name] !== undefined);
  assert.ok(found, `no step ${name}`);
  return found[name]!;
}

function bytes(hex: unknown): Uint8Array {
  return Uint8Array.fromHex(String(hex));
}

function field({ fields }: Vector, name: string): Uint8Array {
  return bytes(fields![name]);
}

function pair(name: string): KeyPair {
  return {
    secret: field(HANDSHAKE, `${name}_secret`),
    encoded: field(HANDSHAKE, `${name}_ellswift`),
  };
}

/** Act 2 as far as the first shared secret, as the initiator computes it. */
function upToSecret(): SymmetricState {
  const state = new SymmetricState();
  state.mixHash(ACT1);
  state.mixHash(new Uint8Array(0));
  state.mixHash(ACT2.subarray(0, 64));
  return state;
}

function judge({ hex, fields }: Vector): ReturnType<typeof judgeCertificate> {
  const staticKey = field(vector("certificate"), "server_static_xonly");
  const now = Number(fields!.now ?? fields!.valid_from) * 1000;
  return judgeCertificate(bytes(hex), staticKey, bytes(fields!.authority_xonly), now);
}

function isRefused(one: Vector, code: string): void {
  const verdict = judge(one);
  assert.equal(verdict.kind === "refused" && verdict.code, code);
}

/** A time that is wrong by no more than clocks may be: only the skew lets it pass. */
function passesBySkewAlone(one: Vector, secondsBeyond: number, code: string): void {
  assert.deepEqual(judge(one), { kind: "valid" });
  const now = Number(one.fields!.now) + secondsBeyond;
  isRefused({ ...one, fields: { ...one.fields, now } }, code);
}

/** A frame of the vectors, sealed and opened by us. */
function runsBothWays(one: Vector): void {
  const plain = field(one, "plain");
  const key = field(one, "key");
  assert.equal(sealAll(new FrameSealer(key), [plain]).toHex(), one.hex);
  const frame = openOne(new FrameOpener(key, PoolFault), bytes(one.hex));
  assert.deepEqual(frame, plain);
}

const RUNS: Record<(typeof RUN_BY.noise)[number], (one: Vector) => void | Promise<void>> = {
  "noise-handshake": async () => {
    const state = new SymmetricState();
    assert.equal(state.hash.toHex(), step("h0"));
    state.mixHash(ACT1);
    assert.equal(state.hash.toHex(), step("h after act1 e"));
    state.mixHash(new Uint8Array(0));
    assert.equal(state.hash.toHex(), step("h after act1 empty payload"));
    state.mixHash(ACT2.subarray(0, 64));
    assert.equal(state.hash.toHex(), step("h after act2 e"));
    const ee = sharedSecret(pair("initiator_ephemeral"), ACT2.subarray(0, 64), true);
    assert.equal(ee.toHex(), step("ee shared secret"));
    state.mixKey(ee);
    const staticKey = state.decryptAndHash(ACT2.subarray(64, 144))!;
    assert.deepEqual(staticKey, pair("responder_static").encoded);
    assert.equal(state.hash.toHex(), step("h after act2 s"));
    const es = sharedSecret(pair("initiator_ephemeral"), staticKey, true);
    assert.equal(es.toHex(), step("es shared secret"));
    state.mixKey(es);
    const certificate = state.decryptAndHash(ACT2.subarray(144))!;
    assert.equal(certificate.toHex(), vector("certificate").hex);
    assert.equal(state.hash.toHex(), step("h after act2 certificate"));

    const keys = {
      fromInitiator: bytes(step("k1 initiator to responder")),
      fromResponder: bytes(step("k2 responder to initiator")),
    };
    assert.deepEqual(state.split(), keys);
    const initiator = new Initiator(() => pair("initiator_ephemeral"));
    assert.deepEqual(initiator.act1, ACT1);
    const trust = {
      authority: field(HANDSHAKE, "authority_xonly"),
      wallTime: Number(HANDSHAKE.fields!.now) * 1000,
    };
    assert.deepEqual(await initiator.readAct2(ACT2, trust, AT_ONCE), {
      keys,
      certificate: { version: 0, validFrom: 1_800_000_000_000, validTo: 1_800_003_600_000 },
      verdict: { kind: "valid" },
    });
    const responder = { keys: pair("responder_static"), certificate };
    assert.deepEqual(
      answerAct1(ACT1, responder, () => pair("responder_ephemeral")),
      { act2: ACT2, keys },
    );
  },
  "noise-raw-ecdh": () => {
    const state = upToSecret();
    const theirs = bytes("02" + xOnlyOf(ACT2.subarray(0, 64)).toHex());
    const ours = pair("initiator_ephemeral").secret;
    state.mixKey(secp256k1.getSharedSecret(ours, theirs).slice(1));
    assert.equal(state.decryptAndHash(ACT2.subarray(64, 144)), undefined);
  },
  certificate: (one) => {
    const { fields, hex } = one;
    const certificate = {
      version: Number(fields!.version),
      validFrom: Number(fields!.valid_from) * 1000,
      validTo: Number(fields!.not_valid_after) * 1000,
    };
    assert.deepEqual(readCertificate(bytes(hex)), certificate);
    assert.deepEqual(judge(one), { kind: "valid" });
    const staticKey = field(one, "server_static_xonly");
    assert.deepEqual(xOnlyOf(pair("responder_static").encoded), staticKey);
    const secret = field(HANDSHAKE, "authority_secret");
    assert.deepEqual(xOnlyKeyOf(secret), field(one, "authority_xonly"));
    const issued = issueCertificate(certificate, staticKey, secret, field(one, "bip340_aux"));
    assert.equal(issued.toHex(), hex);
  },
  "certificate-bad-signature": (one) => isRefused(one, "certificate-signature"),
  "certificate-other-authority": (one) => isRefused(one, "certificate-signature"),
  "certificate-expired": (one) => passesBySkewAlone(one, 300, "certificate-expired"),
  "certificate-not-yet-valid": (one) => passesBySkewAlone(one, -300, "certificate-not-yet-valid"),
  "certificate-version-1": (one) => isRefused(one, "certificate-version"),
  "frame-c2s-first": runsBothWays,
  "frame-s2c-first": runsBothWays,
  "frame-s2c-two-blocks": ({ fields }) => {
    const first = vector("frame-s2c-first");
    const second = new Uint8Array(6 + 70_000);
    second.set(bytes(fields!.header));
    for (let i = 0; i < 70_000; i++) second[6 + i] = i % 251;
    const key = field(first, "key");
    // It is the second frame of its direction: its counters are 2, 3 and 4.
    const stream = sealAll(new FrameSealer(key), [field(first, "plain"), second]);
    const sealed = stream.subarray(sealedFrameBytes(12));
    assert.equal(sealed.length, fields!.cipher_length);
    assert.equal(sealed.subarray(0, 40).toHex(), fields!.first40);
    assert.equal(sealed.subarray(-32).toHex(), fields!.last32);
    assert.equal(sha256(sealed).toHex(), fields!.cipher_sha256);
    const opener = new FrameOpener(key, PoolFault);
    openOne(opener, stream.subarray(0, sealedFrameBytes(12)));
    assert.deepEqual(openOne(opener, sealed), second);
  },
  "ecdh-bip324": () => {
    for (const { secret, ours, theirs, isInitiator, xOnly, shared } of BIP324) {
      const keys = { secret: bytes(secret), encoded: bytes(ours) };
      assert.equal(xOnlyOf(keys.encoded).toHex(), xOnly);
      assert.equal(xOnlyKeyOf(keys.secret).toHex(), xOnly);
      assert.equal(sharedSecret(keys, bytes(theirs), isInitiator).toHex(), shared);
    }
  },
};

/** Rows 1, 999, 0 and 769 of BIP 324's packet_encoding_test_vectors.csv. */
const BIP324 = [
  {
    secret: "e79f04ad4c684525ff3e3cf7c19f4cdb11193d387d7f3fe82a948a0c3165f5fe",
    ours: "4eff53ea1945e57b5d170565e760d771e5d496101c1005c302fd687af80d8b85" +
      "8c5a681c474fc4c0546ee464a1b95899ecb9d4f50c2c0854fe029fc054ae6777",
    theirs: "824a1da0530fa695b95b375fee2a56ec96ce375ddd2fcf8367cc8ec1c0b751a3" +
      "304bbef5dc96543acaac50c24be8cb39906ef8521727de0c6e96c2060a026bd7",
    isInitiator: true,
    xOnly: "b63341693587b4944b865485cffcc34707b3e0760a6ba8d1d402fc1c996c4e91",
    shared: "05ac09c882b2cddd57fd4a1a14f93ae78d78a2ab2adb8cb6d67176cdb3101e15",
  },
  {
    secret: "53a915e6d8f6c5bbb93e537081085e9e642dc525649acf05be74e3a825e20921",
    ours: "715d7b8357dd4d15a07b3f8c6764ebd9927140f75047fb50478c33ea8889d710" +
      "511cdf39aa0fd6b1e94ea660d87f9d97bffc548646f9e2aaebc1468fe563fb97",
    theirs: "cea7abc3112397b894bd3e89a615248af473f897bbdd30997c20e53e7ce499a2" +
      "95e55c4c5655cd3d21191e76c8af0aa1bbea10fd1b540a42d0fbed388dc59877",
    isInitiator: false,
    xOnly: "533bbaefc711f303be5e8271fdecfd31d03abd42128ff73479e2a427059e4a74",
    shared: "08cbe6a86ff92a9757b2aeea92b8b2f4d78426786a2caec99c3cc73d7dda47ab",
  },
  {
    secret: "dcf45714d450a32cdd05997b75acd34e8786969dfcff34295c287a13ba3225f0",
    ours: "feaa1ef8bb05296a8d5153855357868835fc5bc59d96dcbccb108e0e2dd67167" +
      "6c5683ad566ee4290ede5236ba6259ab47668e25853d64c0678641d27d5d0eed",
    theirs: "c8067851ccc5df7331e9f137e66ebce1220306c4644266ff3e38436a1036ea36" +
      "582dac8ce2c30de59a890f81611f866f659c1334bdd82cce1ea20ab0128b7f56",
    isInitiator: true,
    xOnly: "d23f19ad26c7ab984c682c5b1475f5a7df0452a05dd29a164974d2027a6e488a",
    shared: "33a1ef8464def100bf031dae882ae4b7837b481f6adbc63c44baa8ef61c102eb",
  },
  {
    secret: "810159fc6708a85aa9d6c8e7c4f8c587056594910174c0309b2c323055efaa6a",
    ours: "2a875927b98fd441d8c469f6902c167eb440e52d3331a4b7406f21cad216e809" +
      "17401ddb8795a9706fe42a7ddfca70fee7240b1e918b9f32414b8b26e611d571",
    theirs: "758bcf0381c0a1c35a174503a43b08f79eb407aa61eb9e6579a62400d4a13f8d" +
      "3cef884728c34cb79c7f088b4d4e735ce796361e71bd8b66d637f56326b49af3",
    isInitiator: false,
    xOnly: "27cdbeb6c8ef5f97982a7af00018a16ba243176fe6bb5d5c30c8a466a0193a47",
    shared: "17624a0ed455d13430bf27337e27a1d55402cb1c7ebb32a4a66b3ef2f9947f1d",
  },
] as const;

for (const one of vectorsOf("noise")) {
  Deno.test(`vector ${one.name}`, () => RUNS[one.name as (typeof RUN_BY.noise)[number]](one));
}
