/** Our job ids: one spelling each, and text and bytes read alike. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  formatJobId,
  NO_JOB,
  parseJobId,
  parseJobIdBytes,
} from "../../../lib/protocol/stratum/job_id.ts";

const RUNS = { seed: 20240605, numRuns: 3000 };

function parseBytes(text: string): number {
  const bytes = new TextEncoder().encode(`"${text}"`);
  return parseJobIdBytes(bytes, 1, bytes.length - 1);
}

Deno.test("a job id reads back as its number", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (job) => {
      assert.equal(parseJobId(formatJobId(job)), job);
      assert.equal(parseBytes(formatJobId(job)), job);
    }),
    RUNS,
  );
});

for (
  const [text, job] of [
    ["0", 0],
    ["9", 9],
    ["a", 10],
    ["z", 35],
    ["10", 36],
    ["zzzzzzzzzz", 36 ** 10 - 1],
    ["2gosa7pa2gv", 2 ** 53 - 1],
    ["2gosa7pa2gw", NO_JOB],
    ["zzzzzzzzzzz", NO_JOB],
    ["", NO_JOB],
    ["00", NO_JOB],
    ["01", NO_JOB],
    ["A", NO_JOB],
    ["1A", NO_JOB],
    ["100000000000", NO_JOB],
    ["-1", NO_JOB],
    ["+1", NO_JOB],
    ["1.", NO_JOB],
    [" 1", NO_JOB],
    ["1 ", NO_JOB],
    ["1\n", NO_JOB],
    ["0x1", NO_JOB],
    ["f/", NO_JOB],
    ["f:", NO_JOB],
    ["`", NO_JOB],
    ["{", NO_JOB],
    ["١", NO_JOB],
  ] as const
) {
  Deno.test(`job id ${JSON.stringify(text)} is ${job === NO_JOB ? "not ours" : job}`, () => {
    assert.equal(parseJobId(text), job);
    assert.equal(parseBytes(text), job);
  });
}

Deno.test("a text and its bytes are the same job, whatever the text", () => {
  const anyText = fc.uint16Array({ maxLength: 10 }).map((units) => String.fromCharCode(...units));
  const nearly = fc.string({
    unit: fc.constantFrom(..."0019azAZ-+ ./:`{\n".split("")),
    maxLength: 13,
  });
  fc.assert(
    fc.property(fc.oneof(nearly, anyText), (text) => {
      const job = parseJobId(text);
      assert.equal(parseBytes(text), job);
      if (job !== NO_JOB) assert.equal(formatJobId(job), text);
    }),
    RUNS,
  );
});
