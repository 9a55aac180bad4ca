/** Jobs: what a pool may send, what miners get for it, and whose fault the rest is. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  appendExtranonce1,
  encodeNotify,
  isSameWork,
  type Job,
  jobTime,
  notifyParams,
  parseNotify,
} from "../../../lib/protocol/stratum/job.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { cpuMs } from "../../support/cpu_time.ts";

const HASH = "0123456789abcdefABCDEF".repeat(3).slice(0, 64);
const GOOD: readonly unknown[] = [
  "17",
  HASH,
  "0200ab",
  "ffFF",
  [HASH, HASH],
  "20000000",
  "1705ae3a",
  "650d1b20",
  false,
];

const PARAMS = [
  "the job id",
  "the previous hash",
  "coinbase part 1",
  "coinbase part 2",
  "the list of merkle branches",
  "the version",
  "the bits field",
  "the time",
  "the clean flag",
] as const;

function withParam(index: number, value: unknown): unknown[] {
  const params = [...GOOD];
  params[index] = value;
  return params;
}

/** Fails unless `params` are refused, quickly, for the parameter at `index`. */
function mustRefuse(params: readonly unknown[], index: number): void {
  const startedAt = cpuMs();
  assert.throws(() => parseNotify(params), (error) => {
    assert.ok(error instanceof PoolFault, String(error));
    assert.equal(error.code, "bad-job");
    assert.match(
      error.message,
      new RegExp(`^Cannot read a job: ${PARAMS[index]} is .+, wanted .+`),
    );
    assert.ok(error.message.length < 200, error.message);
    return true;
  });
  assert.ok(cpuMs() - startedAt < 500);
}

Deno.test("a job is read parameter by parameter", () => {
  assert.deepEqual(parseNotify(GOOD), {
    id: "17",
    prevHash: HASH,
    coinbase1: "0200ab",
    coinbase2: "ffFF",
    merkleBranches: [HASH, HASH],
    version: "20000000",
    bits: "1705ae3a",
    ntime: "650d1b20",
    isClean: false,
  });
  assert.equal(parseNotify(withParam(8, true)).isClean, true);
  assert.equal(jobTime(parseNotify(GOOD)), 0x650d1b20);
  assert.equal(jobTime(parseNotify(withParam(7, "FFFFFFFF"))), 0xffffffff);
});

Deno.test("the least and the most a job can hold is taken", () => {
  assert.deepEqual(parseNotify(withParam(4, [])).merkleBranches, []);
  assert.equal(parseNotify(withParam(4, new Array(32).fill(HASH))).merkleBranches.length, 32);
  assert.equal(parseNotify(withParam(0, "x".repeat(64))).id.length, 64);
  assert.equal(parseNotify(withParam(2, "ab".repeat(200_000))).coinbase1.length, 400_000);
});

const NO_TEXT = [undefined, null, 1, true, [], {}, ["17"], Infinity];
const NO_WORD = [...NO_TEXT, "", "2000000", "200000000", "2000000g", "0x200000", " 2000000"];
const NO_HEX = [...NO_TEXT, "0", "abc", "0g", "0x00", " 00 ", "00\n", "é"];

for (
  const [index, wrong] of [
    [0, [...NO_TEXT, "", "x".repeat(65)]],
    [1, [...NO_TEXT, "", HASH.slice(1), HASH + "00", HASH.slice(1) + "g", `${HASH}\n`]],
    [2, NO_HEX],
    [3, NO_HEX],
    [4, [
      undefined,
      null,
      1,
      true,
      "",
      HASH,
      {},
      { length: 1, 0: HASH },
      [1],
      [null],
      [[HASH]],
      [HASH, "00"],
      [HASH, HASH.slice(2) + "gg"],
      new Array(33).fill(HASH),
    ]],
    [5, NO_WORD],
    [6, NO_WORD],
    [7, NO_WORD],
    [8, [undefined, null, 0, 1, "true", "", [], {}]],
  ] as [number, unknown[]][]
) {
  Deno.test(`a job in which ${PARAMS[index]} is wrong is the pool's fault and says so`, () => {
    for (const value of wrong) mustRefuse(withParam(index, value), index);
  });
}

Deno.test("a job cut short names the first parameter that is not there", () => {
  for (let count = 0; count < GOOD.length; count++) mustRefuse(GOOD.slice(0, count), count);
});

for (
  const [what, json, harmlessFor] of [
    ["an array nested 500,000 deep", "[".repeat(500_000) + "]".repeat(500_000), []],
    ["an object nested 150,000 deep", '{"a":'.repeat(150_000) + "1" + "}".repeat(150_000), []],
    ["an array nested in a branch", `["${HASH}",${"[".repeat(17) + "]".repeat(17)}]`, []],
    ["a text of 1 MB that is no hex", JSON.stringify("z".repeat(1 << 20)), []],
    ["a text of 1 MB of hex", JSON.stringify("a".repeat(1 << 20)), [2, 3]],
    ["100,000 branches", JSON.stringify(new Array(100_000).fill(HASH)), []],
    ["100,000 empty arrays", `[${new Array(100_000).fill("[]").join(",")}]`, []],
  ] as [string, string, number[]][]
) {
  Deno.test(`${what} in any place of a job is refused quickly, or harmless`, () => {
    const value: unknown = JSON.parse(json);
    for (let index = 0; index < PARAMS.length; index++) {
      const params = withParam(index, value);
      if (harmlessFor.includes(index)) {
        assert.ok(encodeNotify(parseNotify(params), "1", true).length > json.length);
      } else {
        mustRefuse(params, index);
      }
    }
  });
}

Deno.test("miners get nine parameters whatever the pool sends after the clean flag", () => {
  const nested: unknown = JSON.parse("[".repeat(5_000) + "]".repeat(5_000));
  for (const more of [[null], ["more", { more: [1e20] }], [nested], new Array(1_000).fill(0)]) {
    const line = new TextDecoder().decode(encodeNotify(parseNotify([...GOOD, ...more]), "1", true));
    assert.deepEqual(JSON.parse(line).params, ["1", ...GOOD.slice(1, 8), true]);
  }
});

const hex = (minLength: number, maxLength = minLength) =>
  fc.uint8Array({ minLength, maxLength }).map((bytes) => bytes.toHex());

const job: fc.Arbitrary<Job> = fc.record({
  id: fc.nat({ max: 255 }).map(String),
  prevHash: hex(32),
  coinbase1: hex(0, 60),
  coinbase2: hex(0, 60),
  merkleBranches: fc.array(hex(32), { maxLength: 12 }),
  version: hex(4),
  bits: hex(4),
  ntime: hex(4),
  isClean: fc.boolean(),
}, { noNullPrototype: true });

Deno.test("miners get the job under our id, with the pool's extranonce1 and our clean flag", () => {
  fc.assert(
    fc.property(
      job,
      fc.nat({ max: 0xffffffff }),
      fc.boolean(),
      (original, extranonce1, isClean) => {
        const frozen = Object.freeze({ ...original });
        const line = new TextDecoder().decode(
          encodeNotify(appendExtranonce1(frozen, extranonce1), "1z", isClean),
        );
        assert.ok(line.endsWith("}\n") && line.indexOf("\n") === line.length - 1);
        const { id, method, params } = JSON.parse(line);
        assert.equal(id, null);
        assert.equal(method, "mining.notify");
        const suffix = extranonce1.toString(16).padStart(8, "0");
        assert.deepEqual(
          parseNotify(params),
          JSON.parse(JSON.stringify({
            ...original,
            id: "1z",
            coinbase1: original.coinbase1 + suffix,
            isClean,
          })),
        );
      },
    ),
    { seed: 20240613, numRuns: 1000 },
  );
});

Deno.test("a job reads back from its own parameters", () => {
  fc.assert(
    fc.property(job, (original) => {
      const params = notifyParams(original, original.id, original.isClean);
      assert.deepEqual(parseNotify(params), original);
    }),
    { seed: 20240614, numRuns: 500 },
  );
});

Deno.test("jobs are the same work unless they differ in more than id and clean flag", () => {
  const other = ["18", HASH.replace("0", "1"), "0200ac", "ffFE", [HASH], "20000001", "1705ae3b"];
  const changed = [...other, "650d1b21", true].map((value, index) =>
    isSameWork(parseNotify(GOOD), parseNotify(withParam(index, value)))
  );
  assert.deepEqual(changed, [true, ...Array<boolean>(7).fill(false), true]);
  const branches = [HASH, HASH.replace("0", "1")];
  assert.ok(!isSameWork(parseNotify(GOOD), parseNotify(withParam(4, branches))));
});
