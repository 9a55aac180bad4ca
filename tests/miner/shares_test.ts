/** A miner's shares: read two ways, answered one way, counted once. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { scanShare } from "../../lib/protocol/stratum/share_scanner.ts";
import { FakeMiners } from "../support/fake_miners.ts";
import { answerShare, shortJob } from "../support/fake_mux.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";

const USUAL =
  '{"id":4,"method":"mining.submit","params":["farm.rig1","a1","0000002a","650d1b20","1234abcd","0a3f4000"]}';

/** The same share, spelled so that the scanner gives up. */
const UNUSUAL = [
  USUAL.replace("mining", "\\u006dining"),
  USUAL.replace('{"id"', '{"jsonrpc":"2.0","id"'),
  USUAL.replace('"farm.rig1"', "null"),
  USUAL.replace('"farm.rig1"', '"☃"'),
  USUAL.replace('"0a3f4000"', '"0a3f4000","more",{}'),
  USUAL.replace('"id":4', '"id":5,"id":4'),
];

Deno.test("the spellings of these tests are read one by the scanner, the others without it", () => {
  const encoder = new TextEncoder();
  assert.ok(scanShare(encoder.encode(USUAL)));
  for (const line of UNUSUAL) assert.equal(scanShare(encoder.encode(line)), undefined, line);
});

for (
  const [receipt, answers] of [
    ["waiting", []],
    ["taken", ['{"id":4,"result":true,"error":null}']],
    [21, ['{"id":4,"result":null,"error":[21,"Job not found (=stale)",null]}']],
    [22, ['{"id":4,"result":null,"error":[22,"Duplicate share",null]}']],
    [20, ['{"id":4,"result":null,"error":[20,"Unknown",null]}']],
  ] as const
) {
  Deno.test(`a share the mux calls ${receipt} is handed over and answered once, however spelled`, () => {
    for (const line of [USUAL, ...UNUSUAL]) {
      const { miner, mux } = loggedIn();
      mux.receipt = receipt;
      assert.deepEqual(miner.ask(line), answers, line);
      assert.deepEqual(mux.takeCalls(), [
        "submit of 0: job a1, extranonce2 0000002a, time 650d1b20, nonce 1234abcd, " +
        "version bits 0a3f4000",
      ], line);
    }
  });
}

Deno.test("a job id that was never ours reaches the mux as no job, and is refused like a stale one", () => {
  for (const id of ["", "A1", "07", "-1", "1.5", "☃", "zzzzzzzzzzz", "__proto__", "f650d1b20 "]) {
    const { miner, mux } = loggedIn();
    mux.receipt = 21;
    assert.deepEqual(miner.ask(USUAL.replace('"a1"', JSON.stringify(id))), [
      '{"id":4,"result":null,"error":[21,"Job not found (=stale)",null]}',
    ]);
    assert.equal(mux.shares[0]!.jobId, -1, id);
  }
});

const WRONG_HEX = [
  '""',
  '"123456789"',
  '"+1"',
  '"-1"',
  '" 1"',
  '"1 "',
  '"0x1"',
  '"1g"',
  '"\\u0000"',
  '"☃"',
  "5",
  "null",
  "true",
  "{}",
  "[]",
  '["1"]',
];

const FIELDS = ["farm.rig1", "a1", "0000002a", "650d1b20", "1234abcd", "0a3f4000"];

function submitLine(params: readonly string[]): string {
  return `{"id":"s","method":"mining.submit","params":[${params.join(",")}]}`;
}

Deno.test("a malformed share is refused with 27 and counted once, whatever is wrong with it", () => {
  const good = FIELDS.map((field) => JSON.stringify(field));
  const bad: string[][] = [];
  for (let place = 2; place < 6; place++) {
    for (const wrong of WRONG_HEX) {
      // Version bits of null are none at all.
      if (place === 5 && wrong === "null") continue;
      bad.push(good.with(place, wrong));
    }
  }
  for (const wrong of ["5", "null", "true", "{}", "[]", '["a1"]']) bad.push(good.with(1, wrong));
  for (let length = 0; length < 5; length++) bad.push(good.slice(0, length));
  for (const params of bad) {
    const { miner, mux } = loggedIn();
    const line = submitLine(params);
    assert.deepEqual(
      miner.ask(line),
      ['{"id":"s","result":null,"error":[27,"Illegal params",null]}'],
      line,
    );
    assert.deepEqual(mux.takeCalls(), ["count refusedIllegal of 0"], line);
    assert.ok(miner.isConnected);
  }
});

Deno.test("five fields make a share without version bits, zero ones are still version bits sent", () => {
  for (
    const [params, hasVersionBits] of [
      [FIELDS.slice(0, 5), false],
      [FIELDS.with(5, "0"), true],
      [FIELDS.with(5, "00000000"), true],
    ] as const
  ) {
    const { miner, mux } = loggedIn();
    miner.send(submitLine(params.map((field) => JSON.stringify(field))));
    const [share] = mux.shares;
    assert.equal(share!.hasVersionBits, hasVersionBits);
    assert.equal(share!.versionBits, 0);
  }
});

Deno.test("whatever the share, both ways of reading it tell the mux and the miner the same", () => {
  const hex = fc.oneof(
    fc.nat(0xffffffff).map((value) => value.toString(16)),
    fc.string({ unit: "grapheme-ascii", maxLength: 10 }),
  );
  const params = fc.tuple(fc.string(), fc.oneof(fc.string(), fc.constant("a1")), hex, hex, hex);
  const anyId = fc.oneof(fc.nat(), fc.string(), fc.constant(null));
  fc.assert(
    fc.property(params, fc.option(hex, { nil: undefined }), anyId, (five, bits, id) => {
      const request = {
        id,
        method: "mining.submit",
        params: bits === undefined ? five : [...five, bits],
      };
      const seen = [request, { jsonrpc: "2.0", ...request }].map((spelling) => {
        const { miner, mux } = loggedIn();
        mux.receipt = "taken";
        return { answers: miner.ask(JSON.stringify(spelling)), calls: mux.takeCalls() };
      });
      assert.deepEqual(seen[0], seen[1]);
      assert.equal(seen[0]!.calls.length, 1);
      assert.equal(seen[0]!.answers.length, id === null ? 0 : 1);
    }),
    { seed: 21, numRuns: 500 },
  );
});

for (
  const [status, answer] of [
    [SHARE_ACCEPTED, "true"],
    [950395421, "true"],
    [1422486894, "true"],
    [1713984938, "true"],
    [0, '0,"Share rejected"'],
    [21, '21,"Job not found (=stale)"'],
    [22, '22,"Duplicate share"'],
    [23, '23,"Low difficulty"'],
    [24, '24,"Unauthorized worker"'],
    [30, '30,"Internal error"'],
    [31, '31,"Time too old"'],
    [32, '32,"Time too new"'],
    [33, '33,"Invalid version mask"'],
    [36, '21,"Job not found (=stale)"'],
    [37, '21,"Job not found (=stale)"'],
    [38, '38,"NiceHash not supported"'],
    [1835617709, '1835617709,"Unknown"'],
    [12345, '12345,"Unknown"'],
    [-7, '-7,"Unknown"'],
    [2147483647, '2147483647,"Unknown"'],
  ] as const
) {
  Deno.test(`the verdict ${status} reaches the miner as ${answer}`, () => {
    const { miner, mux } = loggedIn();
    assert.deepEqual(miner.ask(USUAL.replace('"id":4', '"id":"\\u0034"')), []);
    for (const seated of mux.seated.values()) answerShare(seated, mux.shares[0]!.id, status);
    assert.deepEqual(miner.takeLines(), [
      answer === "true"
        ? '{"id":"\\u0034","result":true,"error":null}'
        : `{"id":"\\u0034","result":null,"error":[${answer},null]}`,
    ]);
  });
}

Deno.test("a verdict on a share whose id was null is not sent", () => {
  const { miner, mux } = loggedIn();
  miner.send(USUAL.replace('"id":4', '"id":null'));
  for (const seated of mux.seated.values()) {
    answerShare(seated, mux.shares[0]!.id, ERROR_CODE.lowDifficulty);
  }
  assert.deepEqual(miner.takeLines(), []);
});

for (
  const [difficulty, text] of [
    [1, "1"],
    [16384, "16384"],
    [2 ** 53, "9007199254740992"],
    [2 ** 62, "4611686018427387904"],
    [2 ** 63, "9223372036854775808"],
    [0.005, "0.005"],
    [1.5, "1.5"],
    [1e-7, "0.0000001"],
    [2 ** -32, "0.00000000023283064365386963"],
  ] as const
) {
  Deno.test(`a difficulty of ${difficulty} is printed ${text}`, () => {
    const { miner, mux } = loggedIn();
    mux.pool = { mask: 0, difficulty, job: undefined };
    mux.tell();
    const line = `{"id":null,"method":"mining.set_difficulty","params":[${text}]}`;
    assert.deepEqual(miner.takeLines(), [line]);
    assert.equal(JSON.parse(line).params[0], difficulty);
  });
}

Deno.test("news is sent in one write: mask, then difficulty, then the job they are for", () => {
  const { miner, mux } = loggedIn();
  miner.ask('{"id":3,"method":"mining.configure","params":[["version-rolling"]]}');
  const tell = (mask: number, difficulty: number, name: string) => {
    mux.pool = { mask, difficulty, job: shortJob(name) };
    mux.tell();
    return miner.takeLines();
  };
  const mask = (text: string) =>
    `{"id":null,"method":"mining.set_version_mask","params":["${text}"]}`;
  const difficulty = (value: number) =>
    `{"id":null,"method":"mining.set_difficulty","params":[${value}]}`;
  const job = (name: string, isClean: boolean) =>
    `{"id":null,"method":"mining.notify","params":["${name}",${isClean}]}`;
  assert.deepEqual(tell(0, 8, "w"), [mask("00000000"), difficulty(8), job("w", true)]);
  assert.deepEqual(tell(0, 8, "x"), [job("x", false)]);
  assert.deepEqual(tell(0xffffffff, 8, "y"), [mask("1fffe000"), job("y", false)]);
  assert.deepEqual(tell(0x1fffe000, 16, "z"), [difficulty(16), job("z", false)]);
});

function loggedIn() {
  const world = new FakeMiners();
  const miner = world.login();
  world.mux.takeCalls();
  return { world, miner, mux: world.mux };
}

Deno.test("a submit whose parameters are no list is a share refused as illegal, and counted", () => {
  const { miner, mux } = loggedIn();
  assert.deepEqual(miner.ask('{"id":4,"method":"mining.submit","params":{"job":"a1"}}'), [
    '{"id":4,"result":null,"error":[27,"Illegal params",null]}',
  ]);
  assert.deepEqual(mux.takeCalls(), ["count refusedIllegal of 0"]);
});
