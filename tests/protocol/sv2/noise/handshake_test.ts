/** The handshake as a pool's peer and as its attacker see it. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PoolFault } from "../../../../lib/base/violation.ts";
import { ACT1_BYTES, ACT2, ActReader } from "../../../../lib/protocol/sv2/noise/acts.ts";
import { issueCertificate } from "../../../../lib/protocol/sv2/noise/certificate.ts";
import {
  drawKeyPair,
  type KeyPair,
  xOnlyKeyOf,
  xOnlyOf,
} from "../../../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../../../lib/protocol/sv2/noise/frame_sealer.ts";
import { Initiator, type Shaken } from "../../../../lib/protocol/sv2/noise/initiator.ts";
import { answerAct1 } from "../../../../lib/protocol/sv2/noise/responder.ts";
import { everyCut } from "../../../support/any_cut.ts";
import { AT_ONCE, openOne, plainFrame, sealAll } from "./rig.ts";

const NOW = Date.UTC(2027, 0, 15);
const HOUR_MS = 3_600_000;

/** First bytes by which servers of several protocols tell HTTP, TLS and Stratum V1. */
const TAKEN = [0x0a, 0x0d, 0x16, 0x20, 0x47, 0x50, 0x7b];

/** A pool, its authority, and a client with the address of that pool. */
function freshPool(): { authority: Uint8Array; keys: KeyPair; certificate: Uint8Array } {
  const keys = drawKeyPair();
  const { secret } = drawKeyPair();
  const times = { version: 0, validFrom: NOW, validTo: NOW + HOUR_MS };
  return {
    authority: xOnlyKeyOf(secret),
    keys,
    certificate: issueCertificate(times, xOnlyOf(keys.encoded), secret),
  };
}

const POOL = freshPool();

function finish(initiator: Initiator, act2: Uint8Array, pool = POOL): Promise<Shaken> {
  return initiator.readAct2(act2, { authority: pool.authority, wallTime: NOW }, AT_ONCE);
}

Deno.test("both sides arrive at the same keys, and read each other's frames", async () => {
  for (let i = 0; i < 20; i++) {
    const pool = freshPool();
    const initiator = new Initiator();
    assert.equal(initiator.act1.length, ACT1_BYTES);
    const answered = answerAct1(initiator.act1, pool);
    assert.equal(answered.act2.length, 234);
    const { keys, certificate, verdict } = await finish(initiator, answered.act2, pool);
    assert.deepEqual(certificate, { version: 0, validFrom: NOW, validTo: NOW + HOUR_MS });
    assert.deepEqual(verdict, { kind: "valid" });

    const frame = plainFrame(1, 30);
    const up = sealAll(new FrameSealer(keys.fromInitiator), [frame]);
    assert.deepEqual(openOne(new FrameOpener(answered.keys.fromInitiator, PoolFault), up), frame);
    const down = sealAll(new FrameSealer(answered.keys.fromResponder), [frame]);
    assert.deepEqual(openOne(new FrameOpener(keys.fromResponder, PoolFault), down), frame);
    assert.notDeepEqual(up, down);
  }
});

Deno.test("no two handshakes have a key in common", async () => {
  const seen = new Set<string>();
  for (let i = 0; i < 10; i++) {
    const initiator = new Initiator();
    const { act2 } = answerAct1(initiator.act1, POOL);
    const { fromInitiator, fromResponder } = (await finish(initiator, act2)).keys;
    seen.add(fromInitiator.toHex()).add(fromResponder.toHex());
  }
  assert.equal(seen.size, 20);
});

Deno.test("act 2 is read whole however it is cut, and what follows is left to the transport", async () => {
  const initiator = new Initiator();
  const { act2 } = answerAct1(initiator.act1, POOL);
  const behind = Uint8Array.of(1, 2, 3, 4, 5);
  const stream = new Uint8Array([...act2, ...behind]);
  for (const { name, chunks } of everyCut(stream)) {
    const reader = new ActReader(ACT2.bytes);
    const rest: number[] = [];
    let come = 0;
    for (const chunk of chunks) {
      const readBuffer = chunk.slice();
      rest.push(...reader.push(readBuffer));
      readBuffer.fill(0xee);
      come += chunk.length;
      assert.equal(reader.act !== undefined, come >= act2.length, name);
      assert.equal(reader.text, undefined, name);
    }
    assert.deepEqual(reader.act, act2, name);
    assert.deepEqual(rest, [...behind], name);
  }
  const reader = new ActReader(ACT2.bytes);
  reader.push(stream);
  assert.equal((await finish(initiator, reader.act!)).verdict.kind, "valid");
});

Deno.test("a changed bit in any byte of act 2 ends the handshake, and the message says why", async () => {
  for (let at = 0; at < ACT2.bytes; at++) {
    const initiator = new Initiator();
    const { act2 } = answerAct1(initiator.act1, POOL);
    act2[at]! ^= 1 << at % 8;
    await assert.rejects(finish(initiator, act2), (error) => {
      assert.ok(error instanceof PoolFault, String(error));
      assert.equal(error.code, "not-stratum-2", `byte ${at}`);
      const part = at < ACT2.certificate ? "key" : "certificate";
      assert.match(error.message, new RegExp(`^Cannot open the ${part} in the pool's answer`));
      return true;
    });
  }
});

Deno.test("bytes that are no act 2 end the handshake", async () => {
  const any = fc.uint8Array({ minLength: ACT2.bytes, maxLength: ACT2.bytes });
  const hasFailed = async (act2: Uint8Array) => {
    await assert.rejects(finish(new Initiator(), act2), { code: "not-stratum-2" });
  };
  await fc.assert(fc.asyncProperty(any, hasFailed), { numRuns: 30 });
  for (const byte of [0x00, 0xff]) await hasFailed(new Uint8Array(ACT2.bytes).fill(byte));
});

Deno.test("an answer to somebody else's act 1 ends the handshake", async () => {
  const { act2 } = answerAct1(new Initiator().act1, POOL);
  await assert.rejects(finish(new Initiator(), act2), { code: "not-stratum-2" });
});

Deno.test("a pool without the certificate of the authority is refused", async () => {
  const impostor = { ...freshPool(), certificate: POOL.certificate };
  const initiator = new Initiator();
  const { act2 } = answerAct1(initiator.act1, impostor);
  await assert.rejects(finish(initiator, act2), {
    code: "certificate-signature",
    message: "Cannot trust the pool: its certificate is not signed by the authority whose key is " +
      "in the pool's address; compare the key with the one the pool publishes",
  });
});

Deno.test("act 1 begins with no byte that a server takes for another protocol, in 10,000 keys", () => {
  const seen = new Set<number>();
  for (let i = 0; i < 10_000; i++) {
    const { act1 } = new Initiator(() => ({
      secret: new Uint8Array(32),
      encoded: crypto.getRandomValues(new Uint8Array(ACT1_BYTES)),
    }));
    seen.add(act1[0]!);
  }
  assert.deepEqual(
    Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => !seen.has(byte)),
    TAKEN,
  );
});

Deno.test("act 1 is drawn again while a server would take it for another protocol", () => {
  const firstBytes = [...TAKEN, 0x0b];
  const drawn: KeyPair[] = firstBytes.map((byte) => ({
    secret: new Uint8Array(32),
    encoded: new Uint8Array(ACT1_BYTES).fill(byte),
  }));
  const { act1 } = new Initiator(() => drawn.shift()!);
  assert.equal(act1[0], 0x0b);
  assert.equal(drawn.length, 0);
});

Deno.test("300 keys of the curve begin with no such byte", () => {
  for (let i = 0; i < 300; i++) assert.ok(!TAKEN.includes(new Initiator().act1[0]!));
});

Deno.test("the secret of a connection is overwritten once the handshake is over, well or not", async () => {
  for (const isDamaged of [false, true]) {
    const ours = drawKeyPair();
    while (TAKEN.includes(ours.encoded[0]!)) Object.assign(ours, drawKeyPair());
    const theirs = drawKeyPair();
    const initiator = new Initiator(() => ours);
    const { act2 } = answerAct1(initiator.act1, POOL, () => theirs);
    if (isDamaged) act2[100]! ^= 1;
    await finish(initiator, act2).catch(() => {});
    assert.deepEqual(ours.secret, new Uint8Array(32));
    assert.deepEqual(theirs.secret, new Uint8Array(32));
  }
  assert.notDeepEqual(POOL.keys.secret, new Uint8Array(32), "a pool keeps its static secret");
});

Deno.test("act 2 is worked on in three turns, and the caller's buffer is free after the first", async () => {
  const initiator = new Initiator();
  const { act2 } = answerAct1(initiator.act1, POOL);
  const waiting: (() => void)[] = [];
  const time = { after: (_: number, act: () => void) => waiting.push(act) };
  const trust = { authority: POOL.authority, wallTime: NOW };
  const shaken = initiator.readAct2(act2, trust, time);
  act2.fill(0xee);
  for (let turn = 0; turn < 2; turn++) {
    assert.equal(waiting.length, 1);
    waiting.shift()!();
    await new Promise((resolve) => setTimeout(resolve));
  }
  assert.equal(waiting.length, 0);
  assert.equal((await shaken).verdict.kind, "valid");
});

Deno.test("the text of another protocol is told from an act as soon as 16 bytes have come", () => {
  const line = new TextEncoder().encode('{"id":1,"error":[20,"bad",null]}\r\n');
  const reader = new ActReader(ACT2.bytes);
  reader.push(line.subarray(0, 15));
  assert.equal(reader.text, undefined);
  reader.push(line.subarray(15));
  assert.deepEqual(reader.text, line);
  assert.equal(reader.act, undefined);
});
