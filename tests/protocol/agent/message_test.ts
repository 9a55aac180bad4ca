/** The binary messages against a reference codec, and what is refused or dropped. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { COMMAND, viewOf, writeFrameHeader } from "../../../lib/protocol/agent/frame.ts";
import {
  decodeAgentFrame,
  decodePoolFrame,
  encodeRegister,
  encodeSetDifficulty,
  encodeVerdict,
  type Submit,
  writeSubmit,
  writeUnregister,
} from "../../../lib/protocol/agent/message.ts";
import { PoolStreamDecoder } from "../../../lib/protocol/agent/stream.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { cutAt, feed } from "../../support/any_cut.ts";
import {
  decodeFields,
  encodeDifficulties,
  encodeFields,
  encodeRegistration,
  type Fields,
  frame,
} from "../../support/reference_codec.ts";

const u8 = fc.nat({ max: 0xff });
const u16 = fc.oneof(fc.nat({ max: 0xfffe }), fc.constantFrom(0, 0x0a0a, 0x7f7f, 0xfffe));
const u32 = fc.oneof(fc.nat({ max: 0xffffffff }), fc.constantFrom(0, 1, 0x80000000, 0xffffffff));
const RUNS = { seed: 20240603, numRuns: 2000 };

/** A message and its bytes according to the reference codec. */
interface Sample {
  readonly message: unknown;
  readonly bytes: readonly number[];
}

const submit: fc.Arbitrary<Submit> = fc.record({
  kind: fc.constant("submit" as const),
  jobId: u8,
  sessionId: u16,
  extranonce2: u32,
  nonce: u32,
  ntime: fc.option(u32, { nil: undefined }),
  versionBits: u32,
}, { noNullPrototype: true });

function sampleSubmit(message: Submit): Sample {
  const hasTime = message.ntime !== undefined;
  const hasVersion = message.versionBits !== 0;
  const command = hasTime ? (hasVersion ? 0x13 : 0x03) : (hasVersion ? 0x12 : 0x02);
  const { kind: _, ntime = 0, ...numbers } = message;
  return { message, bytes: encodeFields(command, { ...numbers, ntime }) };
}

/** Two names and a frame's other 8 bytes are 100 bytes at most. */
const name = fc.string({ unit: "grapheme-ascii", maxLength: 46 });

const fromAgent: fc.Arbitrary<Sample> = fc.oneof(
  submit.map(sampleSubmit),
  u16.map((sessionId) => ({
    message: { kind: "unregister", sessionId },
    bytes: encodeFields(0x04, { sessionId }),
  })),
  fc.tuple(u16, name, name).map(([sessionId, clientAgent, workerName]) => ({
    message: { kind: "register", sessionId, clientAgent, workerName },
    bytes: encodeRegistration(sessionId, clientAgent, workerName),
  })),
);

const fromPool: fc.Arbitrary<Sample> = fc.oneof(
  fc.tuple(fc.nat({ max: 63 }), fc.array(u16, { maxLength: 20 })).map(([exponent, sessionIds]) => ({
    message: { kind: "setDifficulty", exponent, sessionIds },
    bytes: encodeDifficulties(exponent, sessionIds),
  })),
  fc.tuple(fc.nat({ max: 0xffff }), u32).map(([index, status]) => ({
    message: { kind: "verdict", index, status: status | 0 },
    bytes: encodeFields(0x10, { index, status }),
  })),
  fc.tuple(fc.integer({ min: 0x20, max: 0xff }), fc.uint8Array({ maxLength: 30 })).map((
    [command, body],
  ) => ({ message: { kind: "unknown", command }, bytes: frame(command, [...body]) })),
);

/** The bytes our encoders write for a message. */
function encode(message: unknown): Uint8Array | undefined {
  const known = message as ReturnType<typeof decodeAgentFrame> | ReturnType<typeof decodePoolFrame>;
  const room = new Uint8Array(30).fill(0xcc);
  switch (known?.kind) {
    case "submit":
      return room.slice(3, writeSubmit(viewOf(room), 3, known));
    case "unregister":
      return room.slice(3, writeUnregister(viewOf(room), 3, known.sessionId));
    case "register":
      return encodeRegister(known.sessionId, known.clientAgent, known.workerName);
    case "setDifficulty":
      return encodeSetDifficulty(known.exponent, known.sessionIds);
    case "verdict":
      return encodeVerdict(known.index, known.status);
    default:
      return undefined;
  }
}

for (
  const { direction, sample, decode } of [
    { direction: "agent to pool", sample: fromAgent, decode: decodeAgentFrame },
    { direction: "pool to agent", sample: fromPool, decode: decodePoolFrame },
  ]
) {
  Deno.test(`every message from ${direction} is the bytes of the reference codec`, () => {
    fc.assert(
      fc.property(sample, ({ message, bytes }) => {
        const encoded = encode(message);
        if (encoded !== undefined) assert.deepEqual(Array.from(encoded), bytes);
        // Frames are views somewhere inside a buffer.
        const buffer = Uint8Array.from([0xee, ...bytes, 0xee]);
        assert.deepEqual(decode(buffer.subarray(1, -1)), message);
      }),
      RUNS,
    );
  });

  Deno.test(`a stream of messages from ${direction} reads the same, however cut`, () => {
    fc.assert(
      fc.property(
        fc.array(sample, { maxLength: 12 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (samples, cuts) => {
          const stream = Uint8Array.from(samples.flatMap(({ bytes }) => bytes));
          const points = cuts.map((cut) => cut % (stream.length + 1));
          const seen = feed(
            new PoolStreamDecoder(PoolFault),
            cutAt(stream, points),
            ({ bytes }): unknown => decode(bytes),
          );
          assert.deepEqual(seen, samples.map(({ message }) => message));
        },
      ),
      { ...RUNS, numRuns: 500 },
    );
  });
}

Deno.test("encodeRegister refuses what the pool would drop without a word", () => {
  const refused: [number, string, string][] = [
    [1, "a".repeat(30), "w".repeat(63)],
    [1, "a".repeat(93), ""],
    [1, "", "w".repeat(500)],
    [1, "café", "w"],
    [1, "a", "矿机"],
    [1, "a\0b", "w"],
    [1, "a", "w\n"],
    [0xffff, "a", "w"],
    [65536, "a", "w"],
    [-1, "a", "w"],
    [NaN, "a", "w"],
  ];
  for (const [sessionId, agent, worker] of refused) {
    assert.throws(
      () => encodeRegister(sessionId, agent, worker),
      RangeError,
      `${sessionId} ${agent} ${worker}`,
    );
  }
  assert.equal(encodeRegister(0xfffe, "a".repeat(30), "w".repeat(62)).length, 100);
});

Deno.test("encodeSetDifficulty refuses more sessions than a length field can count", () => {
  assert.equal(encodeSetDifficulty(1, new Array<number>(32764).fill(7)).length, 65535);
  assert.throws(() => encodeSetDifficulty(1, new Array<number>(32765).fill(7)), RangeError);
});

Deno.test("decodeAgentFrame reads names as the pool does, whatever zeros a frame holds", () => {
  const body = (...bytes: number[]) => Uint8Array.from(frame(0x01, [9, 0, ...bytes]));
  for (
    const { bytes, clientAgent, workerName } of [
      { bytes: [0x61, 0, 0x62, 0], clientAgent: "a", workerName: "b" },
      { bytes: [0x61, 0, 0x62, 0x63], clientAgent: "a", workerName: "b" },
      { bytes: [0x61, 0x62, 0x63, 0], clientAgent: "abc", workerName: "" },
      { bytes: [0x61, 0x62, 0x63, 0x64], clientAgent: "abc", workerName: "" },
      { bytes: [0x61, 0, 0x62, 0, 0x63, 0], clientAgent: "a", workerName: "b" },
      { bytes: [0, 0], clientAgent: "", workerName: "" },
    ]
  ) {
    assert.deepEqual(decodeAgentFrame(body(...bytes)), {
      kind: "register",
      sessionId: 9,
      clientAgent,
      workerName,
    });
  }
  assert.equal(decodeAgentFrame(body(0)), undefined, "7 bytes are too few");
});

Deno.test("decodeAgentFrame drops every frame whose length is not its command's", () => {
  const lengths: Record<number, number> = { 2: 15, 3: 19, 4: 6, 0x12: 19, 0x13: 23 };
  for (const [command, wanted] of Object.entries(lengths)) {
    for (let length = 4; length < 30; length++) {
      const bytes = Uint8Array.from(frame(Number(command), new Array<number>(length - 4).fill(1)));
      assert.equal(
        decodeAgentFrame(bytes) !== undefined,
        length === wanted,
        `${command} ${length}`,
      );
    }
  }
});

Deno.test("decodeAgentFrame drops a frame that states another length than it has", () => {
  const bytes = new Uint8Array(15);
  writeFrameHeader(viewOf(bytes), 0, COMMAND.submit, 19);
  assert.equal(decodeAgentFrame(bytes), undefined);
});

Deno.test("decodePoolFrame refuses frames whose length or exponent cannot be", () => {
  for (
    const bytes of [
      frame(0x05, []),
      frame(0x05, [13, 1]),
      frame(0x05, [13, 1, 0]),
      frame(0x05, [13, 1, 0, 7]),
      frame(0x05, [13, 1, 0, 7, 0, 0]),
      frame(0x05, [13, 0xff, 0xff, 7, 0]),
      frame(0x05, [64, 0, 0]),
      frame(0x10, []),
      frame(0x10, [0, 0, 22, 0, 0]),
      frame(0x10, [0, 0, 22, 0, 0, 0, 0]),
    ]
  ) {
    assert.throws(() => decodePoolFrame(Uint8Array.from(bytes)), (error) => {
      assert.ok(error instanceof PoolFault);
      assert.equal(error.code, "bad-frame");
      assert.match(error.message, new RegExp(`command 0x(05|10): its ${bytes.length} bytes`));
      return true;
    });
  }
});

Deno.test("any whole frame is read, dropped or refused, and nothing else", () => {
  const known = [...Object.values(COMMAND), 0x14, 0x21, 0x22];
  fc.assert(
    fc.property(
      fc.oneof(fc.constantFrom(...known), u8),
      fc.uint8Array({ maxLength: 110 }),
      (command, body) => {
        const bytes = frame(command, [...body]);
        const message = decodeAgentFrame(Uint8Array.from(bytes));
        if (message?.kind === "submit" || message?.kind === "unregister") {
          const { kind: _, ...read } = message;
          const fields: Fields = decodeFields(bytes)!;
          assert.deepEqual({ ntime: undefined, versionBits: 0, ...fields }, {
            ntime: undefined,
            versionBits: 0,
            ...read,
          });
        }
        try {
          decodePoolFrame(Uint8Array.from(bytes));
        } catch (error) {
          assert.ok(error instanceof PoolFault);
        }
      },
    ),
    RUNS,
  );
});
