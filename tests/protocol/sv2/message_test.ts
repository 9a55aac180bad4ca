/** Messages of Stratum V2 with any values, and with none that are right. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { ProtocolViolation } from "../../../lib/base/violation.ts";
import { decodeAgentMessage, encodeAgentMessage } from "../../../lib/protocol/sv2/agent_message.ts";
import type { Frame } from "../../../lib/protocol/sv2/frame.ts";
import {
  decodePoolMessage,
  encodePoolMessage,
  type KnownPoolMessage,
} from "../../../lib/protocol/sv2/pool_message.ts";
import { referenceFrame } from "../../support/reference_sv2.ts";
import { AGENT_MESSAGES, POOL_MESSAGES } from "./arbitrary.ts";
import { AGENT, type AnyMessage, framed, POOL, refusalOf, type Side } from "./codec.ts";
import { meaningOf } from "./meaning.ts";
import { vector } from "./vectors.ts";

const RUNS = { numRuns: 300 };

const ANY_TARGET = new Uint8Array(32).fill(0xff);

/** One kind of message. */
interface Kind {
  readonly kind: string;
  readonly name: string;
  readonly side: Side;
  /** Any of that kind. */
  readonly message: fc.Arbitrary<AnyMessage>;
}

/** Every kind of message, with any of that kind. */
const KINDS: readonly Kind[] = [
  ...POOL_MESSAGES.map((one) => ({ ...one, side: POOL, name: `${one.kind} of a pool` })),
  ...AGENT_MESSAGES.map((one) => ({ ...one, side: AGENT, name: `${one.kind} of ours` })),
];

/** The frame of a vector. */
function frameOf(name: string): Frame {
  return framed(Uint8Array.fromHex(vector(name).hex!));
}

for (const { name, message, side } of KINDS) {
  Deno.test(`any ${name} is written as by the obvious encoder, and read as it was`, () => {
    fc.assert(
      fc.property(message, (one) => {
        const bytes = side.encode(one);
        assert.equal(bytes.toHex(), referenceFrame(one), "as the obvious encoder writes it");
        const read = side.decode(framed(bytes));
        assert.deepEqual(read, one);
        assert.equal(side.encode(read).toHex(), bytes.toHex());
      }),
      RUNS,
    );
  });

  Deno.test(`any cut of ${name} is read or refused, and nothing else`, () => {
    fc.assert(
      fc.property(message, fc.nat({ max: 10_000 }), (one, end) => {
        const frame = framed(side.encode(one));
        const payload = frame.payload.slice(0, end % (frame.payload.length + 1));
        checkHarmless(side, { ...frame, payload });
      }),
      RUNS,
    );
  });

  Deno.test(`random bytes as ${name} are read or refused, in no more memory than they are`, () => {
    const sample = framed(side.encode(fc.sample(message, 1)[0]!));
    const small = fc.uint8Array({ maxLength: 400 });
    const large = fc.uint8Array({ minLength: 60_000, maxLength: 70_000, size: "max" });
    fc.assert(
      fc.property(fc.oneof({ weight: 40, arbitrary: small }, { weight: 1, arbitrary: large }), (
        payload,
      ) => checkHarmless(side, { ...sample, payload })),
      { numRuns: 500 },
    );
  });
}

/** Reads a frame, which may fail with the protocol's own error, and checks what it takes. */
function checkHarmless({ decode }: Side, frame: Frame): void {
  let message: AnyMessage;
  try {
    message = decode(frame);
  } catch (error) {
    assert.ok(error instanceof ProtocolViolation, String(error));
    return;
  }
  const taken = bytesOf(Object.values(message));
  assert.ok(taken <= frame.payload.length, `${taken} bytes of ${frame.payload.length}`);
}

/** How many bytes of memory the buffers in these values have. */
function bytesOf(values: readonly unknown[]): number {
  let sum = 0;
  for (const value of values) {
    if (Array.isArray(value)) sum += bytesOf(value);
    else if (ArrayBuffer.isView(value)) sum += value.buffer.byteLength;
  }
  return sum;
}

Deno.test("a count that the payload cannot hold is refused before anything is made of it", () => {
  const frame = (hex: string, extensionType: number, messageType: number) => ({
    extensionType,
    messageType,
    payload: Uint8Array.fromHex(hex),
  });
  const refused: [Frame, RegExp][] = [
    [frame("01000000ffff02000000", 0, 0x25), /channelIds, 4 of 262140 bytes are left/],
    [frame("0100ffff0200", 1, 0x01), /extensions, 2 of 131070 bytes are left/],
    [
      frame("0200000003000000000000002001ff", 0x8000, 0x1f),
      /merklePath, 0 of 8160/,
    ],
    [frame("0200000020" + "00".repeat(31), 0x8000, 0x19), /extranoncePrefix, 31 of 32/],
    [frame("0200000008000000ff61", 0x8000, 0x1d), /errorCode, 1 of 255/],
  ];
  for (const [one, words] of refused) {
    assert.match(refusalOf(() => decodePoolMessage(one)).message, words);
  }
});

Deno.test("values that no field may have are refused, with what was found", () => {
  const prefix = frameOf("msg-SetExtranoncePrefix");
  const long = new Uint8Array([...prefix.payload.slice(0, 4), 33, ...new Uint8Array(33)]);
  assert.match(
    refusalOf(() => decodePoolMessage({ ...prefix, payload: long })).message,
    /^Cannot read SetExtranoncePrefix of 38 bytes: for extranoncePrefix, found 33 bytes, at most 32/,
  );

  const job = frameOf("msg-NewExtendedMiningJob-now");
  for (const count of [2, 255]) {
    const payload = job.payload.with(8, count);
    assert.match(
      refusalOf(() => decodePoolMessage({ ...job, payload })).message,
      new RegExp(`for minNtime, found ${count} values, wanted 0 or 1`),
    );
  }

  const update = frameOf("msg-UpdateChannel");
  for (const single of [NaN, Infinity, -Infinity, -1, -1e-45]) {
    const payload = update.payload.slice();
    new DataView(payload.buffer).setFloat32(4, single, true);
    assert.match(
      refusalOf(() => decodeAgentMessage({ ...update, payload })).message,
      /for nominalHashRate, found (NaN|-?[\d.e+-]+|-?Infinity), wanted a finite number/,
    );
  }
});

Deno.test("only bit 0 of a BOOL counts", () => {
  const job = frameOf("msg-NewExtendedMiningJob-future");
  const at = 4 + 4 + 1 + 4;
  for (const [byte, isAllowed] of [[0, false], [1, true], [2, false], [0xff, true]] as const) {
    const message = decodePoolMessage({ ...job, payload: job.payload.with(at, byte) });
    assert.ok(message.kind === "newExtendedMiningJob");
    assert.equal(message.isVersionRollingAllowed, isAllowed, `byte ${byte}`);
  }
});

Deno.test("a text that is no UTF-8 gets replacement characters, and a BOM stays", () => {
  const frame = frameOf("msg-SubmitShares.Error");
  const withCode = (...code: number[]) => {
    const payload = new Uint8Array([...frame.payload.slice(0, 8), code.length, ...code]);
    const message = decodePoolMessage({ ...frame, payload });
    assert.ok(message.kind === "submitSharesError");
    return message.errorCode;
  };
  assert.equal(withCode(0x61, 0xff, 0xc3, 0x62), "a\ufffd\ufffdb");
  assert.equal(withCode(0xef, 0xbb, 0xbf, 0x61), "\ufeffa");
  assert.equal(withCode(), "");
});

Deno.test("a sum of shares above 2^53 is the nearest double", () => {
  const frame = frameOf("msg-SubmitShares.Success");
  const payload = frame.payload.slice().fill(0xff, 12);
  const message = decodePoolMessage({ ...frame, payload });
  assert.ok(message.kind === "submitSharesSuccess");
  assert.equal(message.sharesSum, 2 ** 64);
});

Deno.test("unknown messages and extensions are values of their own, with either bit", () => {
  const payload = Uint8Array.of(1, 2, 3);
  // Standard channels and custom jobs are not ours; 0x7fff is an extension nobody has.
  const unknown: [extension: number, type: number][] = [
    [0, 0x10],
    [0, 0x11],
    [0, 0x15],
    [0, 0x1a],
    [0, 0x1e],
    [0, 0x22],
    [0, 0x26],
    [0, 0xff],
    [1, 0x03],
    [2, 0x00],
    [0x7fff, 0x1f],
  ];
  for (const [extension, type] of unknown) {
    for (const bit of [0, 0x8000]) {
      const frame = { extensionType: extension | bit, messageType: type, payload };
      const message = { kind: "unknown", extension, type };
      assert.deepEqual(decodePoolMessage(frame), message);
      assert.deepEqual(decodeAgentMessage(frame), message);
    }
  }
});

Deno.test("messages of the other side are unknown: a pool never sends ours, nor we a pool's", () => {
  for (const { message, side, kind } of KINDS) {
    if (kind === "closeChannel") continue;
    const frame = framed(side.encode(fc.sample(message, 1)[0]!));
    const other = side === POOL ? AGENT : POOL;
    assert.equal(other.decode(frame).kind, "unknown", kind);
  }
});

Deno.test("a message keeps nothing of the payload, not even of a Buffer", () => {
  for (const { message, side } of KINDS) {
    fc.assert(
      fc.property(message, fc.boolean(), (one, isBuffer) => {
        const frame = framed(side.encode(one));
        const payload = isBuffer ? Buffer.from(frame.payload) : frame.payload;
        const read = side.decode({ ...frame, payload });
        payload.fill(0xee);
        assert.deepEqual(read, one);
      }),
      { numRuns: 20 },
    );
  }
});

Deno.test("encoders refuse values that their field cannot hold", () => {
  const setup = meaningOf("msg-SetupConnection");
  const job = meaningOf("msg-NewExtendedMiningJob-now");
  const share = meaningOf("msg-SubmitSharesExtended");
  const update = meaningOf("msg-UpdateChannel");
  const refused: [Side, AnyMessage, object][] = [
    [AGENT, setup, { protocol: 256 }],
    [AGENT, setup, { minVersion: 65_536 }],
    [AGENT, setup, { flags: 2 ** 32 }],
    [AGENT, setup, { flags: -1 }],
    [AGENT, setup, { flags: 1.5 }],
    [AGENT, setup, { endpointPort: NaN }],
    [AGENT, setup, { vendor: "é".repeat(128) }],
    [AGENT, update, { nominalHashRate: NaN }],
    [AGENT, update, { nominalHashRate: -1 }],
    [AGENT, update, { nominalHashRate: 3.5e38 }],
    [AGENT, update, { maxTarget: new Uint8Array(31) }],
    [AGENT, share, { extranonce: new Uint8Array(33) }],
    [AGENT, share, { workerName: new Uint8Array(0) }],
    [AGENT, share, { workerName: new Uint8Array(33) }],
    [POOL, job, { coinbasePrefix: new Uint8Array(65_536) }],
    [POOL, job, { merklePath: new Array(256).fill(ANY_TARGET) }],
    [POOL, job, { merklePath: [new Uint8Array(33)] }],
    [
      POOL,
      { kind: "setGroupChannel", groupChannelId: 1, channelIds: new Uint32Array(65_536) },
      {},
    ],
  ];
  for (const [side, message, change] of refused) {
    assert.throws(
      () => side.encode({ ...message, ...change } as AnyMessage),
      RangeError,
      `${message.kind} ${Object.keys(change)}`,
    );
  }
});

Deno.test("the largest group and the largest job fit into a frame that is accepted", () => {
  const channelIds = new Uint32Array(65_534).fill(7);
  const group = encodePoolMessage({ kind: "setGroupChannel", groupChannelId: 1, channelIds });
  assert.deepEqual(decodePoolMessage(framed(group)), {
    kind: "setGroupChannel",
    groupChannelId: 1,
    channelIds,
  });
  const job = {
    ...meaningOf("msg-NewExtendedMiningJob-now"),
    merklePath: new Array<Uint8Array>(255).fill(ANY_TARGET),
    coinbasePrefix: new Uint8Array(0xffff),
    coinbaseSuffix: new Uint8Array(0xffff),
  } as KnownPoolMessage;
  assert.equal(framed(encodePoolMessage(job)).payload.length, 139_253);
});

Deno.test("a hashrate may follow a text that makes the frame grow", () => {
  for (let length = 0; length <= 255; length++) {
    const message = {
      kind: "openExtendedMiningChannel",
      requestId: 1,
      userIdentity: "x".repeat(length),
      nominalHashRate: 1.5,
      maxTarget: new Uint8Array(32),
      minExtranonceSize: 8,
    } as const;
    assert.equal(encodeAgentMessage(message).length, 6 + 4 + 1 + length + 4 + 32 + 2);
  }
});
