/**
 * scanShare and the slow way (decodeStratum, then parseShare) read the same share out of every
 * line; the scanner may only give up, and never does on what firmware sends.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { parseShare, type Share } from "../../../lib/protocol/stratum/share.ts";
import { scanShare } from "../../../lib/protocol/stratum/share_scanner.ts";
import { decodeStratum } from "../../../lib/protocol/stratum/message.ts";
import { MinerFault } from "../../../lib/base/violation.ts";

const encoder = new TextEncoder();

/** The share in a line, read the obvious way. */
function readSlowly(line: Uint8Array): Share | undefined {
  try {
    const message = decodeStratum(line, MinerFault);
    return message.kind === "request" && message.method === "mining.submit"
      ? parseShare(message.id, message.params)
      : undefined;
  } catch (error) {
    assert.ok(error instanceof MinerFault);
    return undefined;
  }
}

/** How many of the lines checked so far the scanner has answered for. */
let answered = 0;

/** Fails if the scanner answers and the slow way says anything else. */
function mustAgree(line: Uint8Array): void {
  const before = line.slice();
  const scanned = scanShare(line);
  assert.deepEqual(line, before, "the line is left as it is");
  if (scanned === undefined) return;
  answered++;
  assert.deepEqual(scanned, readSlowly(line));
}

/** Runs a property and fails unless the scanner answered for a good part of its lines. */
function checkAgreement(line: fc.Arbitrary<Uint8Array>, seed: number, leastShare: number): void {
  const numRuns = 6000;
  answered = 0;
  fc.assert(fc.property(line, mustAgree), { seed, numRuns });
  assert.ok(answered >= numRuns * leastShare, `answered ${answered} of ${numRuns}`);
}

// What firmware sends

const FIRMWARE = {
  "Antminer (cgminer, bmminer)":
    '{"params": ["alice.S19x1", "1a2", "0000002a", "650d1b20", "1234abcd", "0a3f4000"], "id": 17, "method": "mining.submit"}',
  "cgminer without ASICBoost":
    '{"params": ["alice.rig", "1a2", "2a000000", "650d1b20", "1234abcd"], "id": 4, "method": "mining.submit"}',
  "WhatsMiner (btminer)":
    '{"id":902,"method":"mining.submit","params":["alice.m30","1a2","0000002a","650d1b20","1234abcd","1fffe000"]}',
  "Braiins OS (BOSminer)":
    '{"id":0,"method":"mining.submit","params":["alice.bos","1a2","0000002a","650d1b20","1234abcd","00000000"]}',
  "bfgminer, with a text id":
    '{"id":"s_5","method":"mining.submit","params":["alice.bfg","1a2","0000002a","650d1b20","1234abcd"]}',
  "Bitaxe":
    '{"id": 9, "method": "mining.submit", "params": ["bc1qxyz.bitaxe", "1a2", "0000002a", "650d1b20", "1234abcd", "00002000"]}',
  "Avalon, capital digits":
    '{"params": ["alice.avalon", "1a2", "0000002A", "650D1B20", "1234ABCD"], "id": 999999999999999, "method": "mining.submit"}',
  "blanks and tabs everywhere":
    ' { "id" :\t1 , "method" : "mining.submit" ,\t"params" : [ "a" , "1a2" , "2a" , "650d1b20" , "1" ] } ',
};

for (const [name, text] of Object.entries(FIRMWARE)) {
  Deno.test(`scanShare reads the line of ${name} without giving up`, () => {
    const line = encoder.encode(text);
    const share = scanShare(line);
    assert.ok(share);
    assert.deepEqual(share, readSlowly(line));
    assert.equal(share.jobId, parseInt("1a2", 36));
  });
}

Deno.test("scanShare reads a line that is a view inside a larger buffer", () => {
  const text = FIRMWARE["WhatsMiner (btminer)"];
  const buffer = encoder.encode(`9${text}9`);
  assert.deepEqual(scanShare(buffer.subarray(1, -1)), scanShare(encoder.encode(text)));
});

for (
  const [why, text] of [
    ["a null id", '{"id":null,"method":"mining.submit","params":["a","1","2","3","4"]}'],
    ["no id", '{"method":"mining.submit","params":["a","1","2","3","4"]}'],
    ["a fraction for an id", '{"id":1.5,"method":"mining.submit","params":["a","1","2","3","4"]}'],
    ["an id twice", '{"id":1,"id":2,"method":"mining.submit","params":["a","1","2","3","4"]}'],
    ["an escaped id", '{"id":"\\u0031","method":"mining.submit","params":["a","1","2","3","4"]}'],
    [
      "a seventh parameter",
      '{"id":1,"method":"mining.submit","params":["a","1","2","3","4","5",6]}',
    ],
    ["a null version", '{"id":1,"method":"mining.submit","params":["a","1","2","3","4",null]}'],
    ["a worker in Chinese", '{"id":1,"method":"mining.submit","params":["矿","1","2","3","4"]}'],
    ["a member more", '{"id":1,"method":"mining.submit","params":["a","1","2","3","4"],"x":1}'],
    ["a CR for a blank", '{"id":1,\r"method":"mining.submit","params":["a","1","2","3","4"]}'],
  ] as const
) {
  Deno.test(`scanShare leaves a line with ${why} to the slow way, which reads it`, () => {
    const line = encoder.encode(text);
    assert.equal(scanShare(line), undefined);
    assert.ok(readSlowly(line));
  });
}

Deno.test("scanShare leaves a long text id to the slow way, which refuses one over 256 bytes", () => {
  for (const length of [65, 1000, 1 << 20]) {
    const id = JSON.stringify("i".repeat(length));
    const line = encoder.encode(
      `{"id":${id},"method":"mining.submit","params":["a","1","2","3","4"]}`,
    );
    assert.equal(scanShare(line), undefined);
    assert.equal(readSlowly(line)?.id, length < 200 ? id : undefined);
  }
});

Deno.test("scanShare gives up on every line cut short and on everything behind the object", () => {
  for (const text of Object.values(FIRMWARE)) {
    const line = encoder.encode(text.trim());
    for (let length = 0; length < line.length; length++) {
      assert.equal(scanShare(line.subarray(0, length)), undefined, `${length} of ${text}`);
    }
    for (const tail of ["}", ",", "x", "{}", "\0", '"']) {
      assert.equal(scanShare(encoder.encode(text + tail)), undefined);
    }
  }
});

// Generated lines

const usually = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<T>) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: odd });

const blank = usually(fc.constant(""), fc.stringMatching(/^[ \t]{1,3}$|^[\r\n\v\f\u00a0]$/));
const hexDigits = fc.string({
  unit: fc.constantFrom(..."0123456789abcdefABCDEF".split("")),
  minLength: 1,
  maxLength: 8,
});
const hexParam = usually(
  hexDigits.map((digits) => JSON.stringify(digits)),
  fc.oneof(
    fc.string({ unit: fc.constantFrom(..."09afAFgGxX -+@`/:".split("")), maxLength: 10 }).map(
      (text) => JSON.stringify(text),
    ),
    fc.string({ unit: fc.constantFrom(..."0f".split("")), minLength: 9, maxLength: 10 }).map(
      (text) => JSON.stringify(text),
    ),
    fc.constantFrom("null", "1", "true", "[]", "{}", '"\\u0031"', '"1\\n"', ""),
  ),
);
const jobParam = usually(
  fc.nat({ max: 36 ** 9 }).map((job) => JSON.stringify(job.toString(36))),
  fc.oneof(
    fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.constantFrom('"00"', '"A"', '"zzzzzzzzzz"', '""', "null", "17", '"\\u0031"'),
  ),
);
const workerParam = usually(
  fc.constantFrom('"alice.rig1"', '""', '"a b"', '"x.y.z"'),
  fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)),
    fc.constantFrom("null", "5", '"\\""', '"\\\\"', '"\x7f"', '"\t"', "[[]]", '{"id":9}'),
  ),
);
const idValue = usually(
  fc.oneof(
    fc.nat().map(String),
    fc.constantFrom("0", "999999999999999", '"text"', '""', '"0"', '"null"', '"{"'),
  ),
  fc.oneof(
    fc.string({ unit: "grapheme" }).map((text) => JSON.stringify(text)),
    fc.constantFrom("null", "-0", "-1", "00", "01", "1.0", "1.5", "1e3", "1000000000000000"),
    fc.constantFrom("9007199254740993", "true", "[]", '{"id":1}', "", '"\\u0069"', "0x1", "1_0"),
  ),
);
const method = usually(
  fc.constant('"mining.submit"'),
  fc.constantFrom(
    '"mining.submi"',
    '"mining.submitt"',
    '"MINING.SUBMIT"',
    '"mining\\u002esubmit"',
    '""',
    "null",
    "1",
  ),
);
const key = (name: string, escaped: string) =>
  usually(fc.constant(`"${name}"`), fc.constantFrom(escaped, `"${name} "`, `"${name}x"`, name));

/** Joins texts with commas, blanks strewn in between. */
const joined = (texts: readonly string[], blanks: readonly string[]) =>
  texts.map((text, i) => blanks[2 * i]! + text + blanks[2 * i + 1]!).join(",");

const blanks = fc.array(blank, { minLength: 20, maxLength: 20 });

const params = fc.tuple(
  workerParam,
  jobParam,
  hexParam,
  hexParam,
  hexParam,
  fc.option(hexParam, { nil: undefined }),
  usually(fc.constant<number | undefined>(undefined), fc.nat({ max: 8 })),
  blanks,
).map(([worker, job, extranonce2, ntime, nonce, version, count, gaps]) => {
  const all = [worker, job, extranonce2, ntime, nonce, ...(version === undefined ? [] : [version])];
  const some = count === undefined ? all : [...all, '"x"', "null", '"0"'].slice(0, count);
  return `[${joined(some, gaps)}]`;
});

/** A submit line, most of them good and a few wrong in one or more ways. */
const submitLine = fc.tuple(
  fc.tuple(key("id", '"\\u0069d"'), idValue),
  fc.tuple(key("method", '"meth\\u006fd"'), method),
  fc.tuple(key("params", '"p\\u0061rams"'), params),
  usually(
    fc.constant<readonly string[]>([]),
    fc.constantFrom(['"id":5'], ['"x":1'], ['"params":[]'], ['"method":"x"'], ['"jsonrpc":"2.0"']),
  ),
  fc.array(fc.nat(), { minLength: 4, maxLength: 4 }),
  blanks,
).map(([id, method, params, more, ranks, gaps]) => {
  const members = [id, method, params].map(([name, value], i) =>
    `${name}${gaps[12 + i]}:${gaps[15 + i]}${value}`
  );
  const inOrder = [...members, ...more]
    .map((member, i) => ({ member, rank: ranks[i]! }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ member }) => member);
  return encoder.encode(`${gaps[18]}{${joined(inOrder, gaps)}}${gaps[19]}`);
});

Deno.test("scanShare agrees with the slow way on generated lines, and answers for many", () => {
  checkAgreement(submitLine, 20240607, 0.1);
});

/** A good line with a few bytes flipped, put in, taken out or doubled. */
const damagedLine = fc.tuple(
  fc.oneof(fc.constantFrom(...Object.values(FIRMWARE)).map((text) => encoder.encode(text))),
  fc.array(
    fc.record({
      at: fc.nat(),
      how: fc.constantFrom("flip", "insert", "delete", "replace"),
      byte: fc.oneof(
        fc.nat({ max: 255 }),
        fc.constantFrom(...encoder.encode('0123456789abcdefAFgz"\\,:{}[] \t\r\n\0.-e/`@')),
      ),
    }),
    { minLength: 1, maxLength: 3 },
  ),
).map(([line, changes]) => {
  const bytes = Array.from(line);
  for (const { at, how, byte } of changes) {
    const place = at % bytes.length;
    if (how === "flip") bytes[place]! ^= 1 << (byte % 8);
    else if (how === "replace") bytes[place] = byte;
    else if (how === "insert") bytes.splice(place, 0, byte);
    else bytes.splice(place, 1);
  }
  return Uint8Array.from(bytes);
});

Deno.test("scanShare agrees with the slow way on damaged lines, and answers for many", () => {
  checkAgreement(damagedLine, 20240608, 0.05);
});

Deno.test("scanShare agrees with the slow way when any one byte becomes any other", () => {
  answered = 0;
  const line = encoder.encode(
    '{"id":10,"method":"mining.submit","params":["a","1a","2","3","4","50"]}',
  );
  for (let at = 0; at < line.length; at++) {
    const original = line[at]!;
    for (let byte = 0; byte < 256; byte++) {
      line[at] = byte;
      mustAgree(line);
    }
    line[at] = original;
  }
  assert.ok(answered > 256);
});
