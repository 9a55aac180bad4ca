/** decodePoolMessage: every line that an ordinary pool may send, as what it is. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { PoolFault } from "../../../lib/base/violation.ts";
import {
  agreedMask,
  decodePoolMessage,
  type PoolAnswer,
  type PoolMessage,
} from "../../../lib/protocol/stratum/pool_message.ts";
import { parsePoolNotify } from "../../../lib/protocol/stratum/pool_job.ts";
import { difficultyLine, stratumJob } from "../../support/stratum_rig.ts";
import { received, SESSIONS } from "../stratum_vectors.ts";

const encoder = new TextEncoder();

function decode(line: string): PoolMessage {
  return decodePoolMessage(encoder.encode(line));
}

function answer(line: string): PoolAnswer {
  const message = decode(line);
  assert.equal(message.kind, "answer", line);
  return message as PoolAnswer;
}

function job(change: Readonly<Record<number, unknown>>) {
  const message = decode(stratumJob(change));
  assert.equal(message.kind, "job");
  return (message as Extract<PoolMessage, { kind: "job" }>).job;
}

const refusal = (code: string) => (error: unknown) =>
  error instanceof PoolFault && error.code === code;

// Recorded sessions

const KIND_OF_METHOD: Readonly<Record<string, PoolMessage["kind"]>> = {
  "mining.notify": "job",
  "mining.set_difficulty": "difficulty",
  "mining.set_version_mask": "versionMask",
  "client.reconnect": "reconnect",
  "mining.ping": "ping",
};

for (const session of SESSIONS) {
  Deno.test(`Every line of ${session.server}, "${session.name}", is read as what it is`, () => {
    for (const line of received(session)) {
      const message = decode(line);
      let raw: Record<string, unknown> | undefined;
      try {
        raw = JSON.parse(line);
      } catch {
        raw = undefined;
      }
      if (raw === undefined) {
        assert.equal(message.kind, "nonsense", line);
      } else if (raw["method"] !== undefined) {
        assert.equal(message.kind, KIND_OF_METHOD[String(raw["method"])], line);
      } else {
        const { id, result, error } = answer(line);
        assert.equal(id, typeof raw["id"] === "number" ? raw["id"] : undefined, line);
        assert.deepEqual(result, raw["result"], line);
        const hasReason = (raw["error"] ?? null) !== null || raw["reject-reason"] !== undefined;
        assert.equal(error !== undefined, hasReason, line);
      }
    }
  });
}

Deno.test("There are 62 recorded sessions, and they hold every kind of trouble", () => {
  assert.equal(SESSIONS.length, 62);
  const lines = SESSIONS.flatMap(received);
  for (const trouble of ["Invalid JSON", "{,", "reject-reason", "e-7", "mining.ping"]) {
    assert.ok(lines.some((line) => line.includes(trouble)), trouble);
  }
});

// Answers

Deno.test("Trap 9: a refusal is known by its result, however its reason is written", () => {
  for (
    const [rest, code, text] of [
      ['"result":null,"error":[21,"job not found"]', 21, "job not found"],
      ['"result":null,"error":[22,"Duplicate share",""]', 22, "Duplicate share"],
      ['"result":false,"error":[23,"Above target",null]', 23, "Above target"],
      ['"result":false,"error":"Worker mismatch"', undefined, "Worker mismatch"],
      ['"reject-reason":"Stale","result":false,"error":null', undefined, "Stale"],
      ['"error":{"code":24,"message":"unauthorized"}', 24, "unauthorized"],
      ['"error":"-1:params not found"', undefined, "-1:params not found"],
      ['"result":null,"error":["just words"]', undefined, "just words"],
      ['"result":null,"error":[-3,"Method not found",null]', -3, "Method not found"],
      ['"result":null,"error":[1e400,{}]', undefined, ""],
      ['"result":null,"error":7', 7, ""],
    ] as const
  ) {
    for (const line of [`{"id":7,${rest}}`, `{${rest},"id":7}`]) {
      const { id, result, error } = answer(line);
      assert.equal(id, 7);
      assert.notEqual(result, true);
      assert.deepEqual(error, { code, text }, line);
    }
  }
});

Deno.test("A refusal may give no reason at all", () => {
  assert.deepEqual(answer('{"id":4,"result":false,"error":null}'), {
    kind: "answer",
    id: 4,
    result: false,
    error: undefined,
  });
});

Deno.test("Ids that cannot be ours are no ids, ours printed as texts are", () => {
  for (
    const [text, id] of [
      ["7", 7],
      ['"7"', 7],
      ["null", undefined],
      ['"abc"', undefined],
      ["1.5", undefined],
      ["1e300", undefined],
      ["[7]", undefined],
      ['"99999999999999999999"', undefined],
    ] as const
  ) {
    assert.equal(answer(`{"id":${text},"result":true}`).id, id, text);
  }
  assert.equal(answer('{"result":true}').id, undefined);
});

Deno.test("Trap 5: a configure answer counts only if it can be read and agrees", () => {
  const mask = (result: string) => agreedMask(answer(`{"id":1,"result":${result}}`));
  assert.equal(mask('{"version-rolling":true,"version-rolling.mask":"1fffe000"}'), 0x1fffe000);
  assert.equal(mask('{"version-rolling.mask":"ffffffff","version-rolling":true}'), 0xffffffff);
  for (
    const result of [
      "null",
      "true",
      "[]",
      "{}",
      '{"version-rolling":false,"version-rolling.mask":"1fffe000"}',
      '{"version-rolling":"true","version-rolling.mask":"1fffe000"}',
      '{"version-rolling":true}',
      '{"version-rolling":true,"version-rolling.mask":"0x1fffe000"}',
      '{"version-rolling":true,"version-rolling.mask":536862720}',
    ]
  ) assert.equal(mask(result), undefined, result);
  const line = '{"error":null,"id":1,"result":{,"minimum-difficulty":false}}';
  assert.equal(decode(line).kind, "nonsense");
});

// Difficulties

Deno.test("A difficulty is a number or its text, exponents and all", () => {
  for (
    const [text, difficulty] of [
      ["1024", 1024],
      ["0.001", 0.001],
      ["0.0030000000000000001", 0.003],
      ["9.9999999999999995e-7", 1e-6],
      ["1E3", 1000],
      ["9007199254740993", 9007199254740992],
      ["1e67", 1e67],
      ['"512"', 512],
      ['" 0.5 "', 0.5],
      ["1e-300", 2 ** -32],
      ["5e-324", 2 ** -32],
    ] as const
  ) {
    const message = decode(difficultyLine(text));
    assert.deepEqual(message, { kind: "difficulty", difficulty });
  }
});

Deno.test("The difficulty is the first parameter, whatever else has numbers", () => {
  const line =
    '{"id":9,"params":[64.50,7],"x":[1,{"params":[8]}],"method":"mining.set_difficulty"}';
  assert.deepEqual(decode(line), { kind: "difficulty", difficulty: 64.5 });
  const padded = decode(difficultyLine(`2${" ".repeat(600)}`));
  assert.deepEqual(padded, { kind: "difficulty", difficulty: 2 });
});

Deno.test("A difficulty that cannot be is ignored, and counted", () => {
  for (
    const text of [
      "0",
      "-1",
      "-0.5",
      "1e68",
      "1e400",
      "null",
      "true",
      '""',
      '"NaN"',
      '"Infinity"',
      '"0x10"',
      "[1]",
      "{}",
      "",
    ]
  ) assert.equal(decode(difficultyLine(text)).kind, "nonsense", text);
});

// Jobs

Deno.test("A job's numbers come without leading zeros and are given all eight digits", () => {
  const read = job({ 5: "4", 6: "207fFFFF", 7: "D1B20" });
  assert.equal(read.version, "00000004");
  assert.equal(read.bits, "207fffff");
  assert.equal(read.ntime, "000d1b20");
});

Deno.test("Trap 12: all hex of a job is lower case", () => {
  const read = job({ 1: "AB".repeat(32), 2: "0A0B", 3: "FF", 4: ["CD".repeat(32)] });
  assert.equal(read.prevHash, "ab".repeat(32));
  assert.equal(read.coinbase1, "0a0b");
  assert.equal(read.coinbase2, "ff");
  assert.deepEqual(read.merkleBranches, ["cd".repeat(32)]);
  assert.equal(job({ 0: "ABc" }).id, "ABc", "the pool's id is its own");
});

Deno.test("What follows a job's nine parameters is not looked at", () => {
  assert.equal(job({ 9: ["more"], 10: 1 }).isClean, false);
  assert.equal(job({ 8: 1 }).isClean, true);
  assert.equal(job({ 8: 0 }).isClean, false);
});

Deno.test("A job that cannot be read is a fault, and says which parameter", () => {
  for (
    const [at, value, name] of [
      [0, 5, /job id/],
      [0, "x".repeat(65), /job id/],
      [1, "ab", /previous hash/],
      [2, "abc", /coinbase part 1/],
      [3, null, /coinbase part 2/],
      [4, ["zz"], /merkle branches/],
      [4, Array(33).fill("cd".repeat(32)), /merkle branches/],
      [5, "123456789", /version/],
      [6, 7, /bits/],
      [7, "", /time/],
      [8, "true", /clean/],
    ] as const
  ) {
    assert.throws(
      () => decode(stratumJob({ [at]: value })),
      (error) => refusal("bad-job")(error) && name.test((error as Error).message),
    );
  }
  assert.throws(() => parsePoolNotify([]), refusal("bad-job"));
});

// The rest

Deno.test("set_extranonce is hex of at most 16 bytes, its size is handed on", () => {
  const line = (params: string) =>
    `{"id":null,"method":"mining.set_extranonce","params":${params}}`;
  assert.deepEqual(decode(line('["0A0b",4]')), {
    kind: "extranonce",
    extranonce1: "0a0b",
    extranonce2Bytes: 4,
  });
  for (const params of ["[]", '["abc",4]', "[7,4]", `["${"00".repeat(17)}",4]`, '["zz",4]']) {
    assert.throws(() => decode(line(params)), refusal("bad-extranonce"), params);
  }
});

Deno.test("Notices and questions of a pool are known, with the ids that questions have", () => {
  for (
    const [line, expected] of [
      ['{"params":[],"id":42,"method":"mining.ping"}', { kind: "ping", id: 42 }],
      ['{"id":"v","method":"client.get_version"}', { kind: "getVersion", id: '"v"' }],
      ['{"id":null,"method":"client.reconnect","params":["evil",1,0]}', { kind: "reconnect" }],
      ['{"id":null,"method":"client.show_message","params":["hi"]}', {
        kind: "showMessage",
        text: "hi",
      }],
      ['{"id":null,"method":"client.show_message","params":[{}]}', {
        kind: "showMessage",
        text: "",
      }],
      ['{"id":null,"method":"mining.set_version_mask","params":["c00000"]}', {
        kind: "versionMask",
        mask: 0xc00000,
      }],
      ['{"id":3,"method":"mining.whatever","params":[]}', {
        kind: "unknown",
        id: 3,
        method: "mining.whatever",
      }],
    ] as const
  ) assert.deepEqual(decode(line), expected);
});

Deno.test("A line that is no JSON object, or means nothing, is nonsense and no fault", () => {
  for (
    const line of [
      "Invalid JSON, disconnecting",
      "{",
      "[]",
      "null",
      "7",
      "{}",
      '{"id":1}',
      '{"method":7,"params":[]}',
      '{"method":"mining.notify","params":{}}',
      '{"method":"mining.set_version_mask","params":["zz"]}',
      "[".repeat(20_000),
      `{"a":${"[".repeat(20_000)}`,
      `{"id":1,"result":${"[".repeat(5_000)}${"]".repeat(5_000)}}`,
    ]
  ) assert.equal(decode(line).kind, "nonsense", line.slice(0, 60));
});

Deno.test("A line nested as deeply as it can be costs its reader nothing but time", () => {
  for (const open of ['{"a":', "[0,"]) {
    const levels = Math.floor(40_000 / (open.length + 1));
    const close = open.startsWith("{") ? "}" : "]";
    const nested = open.repeat(levels) + "1" + close.repeat(levels);
    const line = `{"method":"mining.set_difficulty","params":[2,${nested}]}`;
    assert.ok(["difficulty", "nonsense"].includes(decode(line).kind));
  }
});

Deno.test("Whatever bytes come, a line is a message or a PoolFault", () => {
  const words = fc.constantFrom(
    '{"id":',
    '"method":"mining.notify"',
    '"method":"mining.set_difficulty"',
    '"method":"mining.set_extranonce"',
    '"params":[',
    '"result":true',
    '"error":',
    "1e999",
    '"ab"',
    "]",
    "}",
    ",",
    ":",
  );
  const text = fc.oneof(fc.string(), fc.array(words).map((parts) => parts.join("")));
  fc.assert(fc.property(text, (line) => {
    try {
      assert.equal(typeof decode(line).kind, "string");
    } catch (error) {
      assert.ok(error instanceof PoolFault);
    }
  }));
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (line) => {
    assert.equal(decodePoolMessage(line).kind, "nonsense");
  }));
  fc.assert(fc.property(fc.json(), fc.json(), (params, id) => {
    for (const method of Object.keys(KIND_OF_METHOD)) {
      try {
        decode(`{"id":${id},"method":"${method}","params":[${params}]}`);
      } catch (error) {
        assert.ok(error instanceof PoolFault);
      }
    }
  }));
});
