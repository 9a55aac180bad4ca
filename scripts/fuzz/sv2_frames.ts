/**
 * Fuzz target: all that a Stratum V2 pool may send, from its part of the handshake on: sealed
 * frames, and the messages in them.
 */

import assert from "node:assert/strict";
import { PoolFault } from "../../lib/base/violation.ts";
import { writeFrameHeader } from "../../lib/protocol/sv2/frame.ts";
import { ACT2, ActReader } from "../../lib/protocol/sv2/noise/acts.ts";
import { issueCertificate } from "../../lib/protocol/sv2/noise/certificate.ts";
import { type KeyPair, xOnlyOf } from "../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../lib/protocol/sv2/noise/frame_sealer.ts";
import { Initiator } from "../../lib/protocol/sv2/noise/initiator.ts";
import { answerAct1 } from "../../lib/protocol/sv2/noise/responder.ts";
import { AT_ONCE, plainOf, sealAll } from "../../tests/protocol/sv2/noise/rig.ts";
import { vector } from "../../tests/protocol/sv2/vectors.ts";
import { plainFrame } from "./sv2_frame.ts";
import { checkPoolMessage } from "./sv2_messages.ts";
import { chunksOf, type Dice, type FuzzTarget, joined, mutate, Reached } from "./target.ts";

const reached = new Reached({
  "the transport": 0.3,
  "a message": 0.3,
  "a broken seal": 0.1,
  "a refused handshake": 0.05,
});

/** The handshake whose secrets are known, so that inputs can be sealed and told again. */
const { fields, steps, act2: GOOD_ACT } = vector("noise-handshake");
const bytesOf = (name: string) => Uint8Array.fromHex(String(fields![name]));
const keysOf = (name: string): KeyPair => ({
  secret: bytesOf(`${name}_secret`),
  encoded: bytesOf(`${name}_ellswift`),
});

/** What the pool seals with. */
const KEY = Uint8Array.fromHex(steps!.at(-1)!["k2 responder to initiator"]!);

const HALF_A_HANDSHAKE = "half a handshake";

const TEXT = "text of another protocol";

const NOW = Number(fields!["now"]) * 1000;
const AUTHORITY = bytesOf("authority_xonly");

/** The pool's part of the handshake: the good one, then ones whose certificate is no good. */
let knownActs: readonly Uint8Array[] | undefined;

function acts(): readonly Uint8Array[] {
  return knownActs ??= [Uint8Array.fromHex(GOOD_ACT!), ...badActs()];
}

function badActs(): Uint8Array[] {
  const keys = keysOf("responder_static");
  const secret = bytesOf("authority_secret");
  const xOnly = xOnlyOf(keys.encoded);
  // The signature's chance: the same bytes each time.
  const random = new Uint8Array(32);
  const good = { version: 0, validFrom: NOW, validTo: NOW + 3_600_000 };
  const certificates = [
    issueCertificate({ ...good, version: 1 }, xOnly, secret, random),
    issueCertificate({ ...good, validTo: NOW - 301_000 }, xOnly, secret, random),
    issueCertificate({ ...good, validFrom: NOW + 301_000 }, xOnly, secret, random),
    issueCertificate(good, xOnly, keys.secret, random),
  ];
  const act1 = bytesOf("initiator_ephemeral_ellswift");
  return certificates.map((certificate) =>
    answerAct1(act1, { keys, certificate }, () => keysOf("responder_ephemeral")).act2
  );
}

/** What a handshake came to: the key of the transport, or the code of the refusal. */
type Outcome = Uint8Array | string;

/** Of the known acts: a handshake takes milliseconds and is the same each time. */
const outcomes = new Map<string, Promise<Outcome>>();

function shakeHands(act2: Uint8Array): Promise<Outcome> {
  const name = act2.toHex();
  const known = outcomes.get(name);
  if (known !== undefined) return known;
  const outcome = shake(act2);
  if (acts().some((act) => act.toHex() === name)) outcomes.set(name, outcome);
  return outcome;
}

async function shake(act2: Uint8Array): Promise<Outcome> {
  const initiator = new Initiator(() => keysOf("initiator_ephemeral"));
  const trust = { authority: AUTHORITY, wallTime: NOW };
  try {
    return (await initiator.readAct2(act2, trust, AT_ONCE)).keys.fromResponder;
  } catch (error) {
    if (!(error instanceof PoolFault)) throw error;
    assert.match(error.code, /^(?:not-stratum-2|certificate-[a-z-]+)$/);
    return error.code;
  }
}

/** What a stream came to. */
interface Read {
  /** The key of the transport, if the handshake was good. */
  readonly key: Uint8Array | undefined;
  /** The frames that were opened, as they were before they were sealed. */
  readonly frames: readonly Uint8Array[];
  /** What checks of their messages found. */
  readonly stages: ReadonlySet<string>;
  /** Where it ended: in the middle, or by a violation. */
  readonly end: string;
}

async function readStream(chunks: Iterable<Uint8Array>): Promise<Read> {
  const reader = new ActReader(ACT2.bytes);
  const frames: Uint8Array[] = [];
  const stages = new Set<string>();
  let key: Uint8Array | undefined;
  let opener: FrameOpener | undefined;
  for (const chunk of chunks) {
    const rest = opener === undefined ? reader.push(chunk) : chunk;
    if (reader.act === undefined) continue;
    if (opener === undefined) {
      const outcome = await shakeHands(reader.act);
      if (typeof outcome === "string") return { key, frames, stages, end: outcome };
      key = outcome;
      opener = new FrameOpener(key, PoolFault);
    }
    try {
      opener.push(rest);
      for (let frame = opener.next(); frame; frame = opener.next()) {
        frames.push(plainOf(frame));
        stages.add(checkPoolMessage(frame));
      }
    } catch (error) {
      if (!(error instanceof PoolFault)) throw error;
      return { key, frames, stages, end: error.code };
    }
  }
  opener?.erase();
  if (key !== undefined) return { key, frames, stages, end: "half a frame" };
  return { key, frames, stages, end: reader.text === undefined ? HALF_A_HANDSHAKE : TEXT };
}

/** The stream of a pool, sealed. */
export const SV2_FRAMES: FuzzTarget = {
  name: "sv2-frames",
  reached,

  generate(dice) {
    const act2 = dice.oneIn(20) ? dice.pick(acts()) : acts()[0]!;
    const frames = [frame(dice), ...dice.many(3, () => frame(dice))];
    const stream = sealAll(new FrameSealer(KEY), frames);
    // Damage in the handshake ends it: most goes into the frames.
    if (dice.oneIn(12)) return mutate(dice, joined(act2, stream));
    return joined(act2, dice.oneIn(3) ? mutate(dice, stream) : stream);
  },

  async run(input) {
    reached.input();
    const whole = await readStream([input]);
    assert.deepEqual(await readStream(chunksOf(input)), whole, "cuts change nothing");
    const { key, frames, stages, end } = whole;
    if (key !== undefined) {
      reached.count("the transport");
      const sealed = sealAll(new FrameSealer(key), frames);
      const sent = input.slice(ACT2.bytes, ACT2.bytes + sealed.length);
      assert.deepEqual(sealed, sent, "nothing is opened but what was sealed, in its order");
    } else if (end !== HALF_A_HANDSHAKE) reached.count("a refused handshake");
    if (end === "bad-seal") reached.count("a broken seal");
    if (stages.has("a message")) reached.count("a message");
  },
};

/** A plain frame; now and then one whose header states another length. */
function frame(dice: Dice): Uint8Array {
  const plain = plainFrame(dice);
  if (!dice.oneIn(30)) return plain;
  const length = dice.oneIn(2) ? dice.below(2 ** 24) : dice.below(200);
  writeFrameHeader(new DataView(plain.buffer), 0, 0x8000, dice.below(256), length);
  return plain;
}
