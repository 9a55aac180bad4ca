/** parseShare: what counts as a share, parameter by parameter. */

import assert from "node:assert/strict";
import { formatJobId, NO_JOB } from "../../../lib/protocol/stratum/job_id.ts";
import { parseShare } from "../../../lib/protocol/stratum/share.ts";

const GOOD = ["alice.rig1", formatJobId(4711), "0000002a", "650d1b20", "1234abcd"];

function withParam(index: number, value: unknown): unknown[] {
  const params: unknown[] = [...GOOD, "0a3f4000"];
  params[index] = value;
  return params;
}

Deno.test("a share without version bits is read", () => {
  assert.deepEqual(parseShare(7, GOOD), {
    id: 7,
    jobId: 4711,
    extranonce2: 42,
    extranonce2Digits: 8,
    ntime: 0x650d1b20,
    nonce: 0x1234abcd,
    versionBits: 0,
    hasVersionBits: false,
  });
});

Deno.test("a version field of zero is there, one of null or none is not", () => {
  for (
    const { field, versionBits, hasVersionBits } of [
      { field: "0a3f4000", versionBits: 0x0a3f4000, hasVersionBits: true },
      { field: "00000000", versionBits: 0, hasVersionBits: true },
      { field: "0", versionBits: 0, hasVersionBits: true },
      { field: null, versionBits: 0, hasVersionBits: false },
      { field: undefined, versionBits: 0, hasVersionBits: false },
    ]
  ) {
    const share = parseShare(1, withParam(5, field));
    assert.equal(share?.versionBits, versionBits);
    assert.equal(share?.hasVersionBits, hasVersionBits);
  }
});

Deno.test("hex is read as a number: case and missing leading zeros do not matter", () => {
  const share = parseShare(1, ["w", "1", "2A", "650D1B20", "A", "FFFFFFFF"]);
  assert.equal(share?.extranonce2, 42);
  assert.equal(share?.extranonce2Digits, 2, "how long it was written tells what its miner hashed");
  assert.equal(share?.ntime, 0x650d1b20);
  assert.equal(share?.nonce, 10);
  assert.equal(share?.versionBits, 0xffffffff);
});

Deno.test("a share for a job id that is not ours is a share for no job", () => {
  for (const job of ["", "f0001", "ABC", "0000", "x".repeat(5000), "☂"]) {
    const expected = job === "f0001" ? parseInt(job, 36) : NO_JOB;
    assert.equal(parseShare(1, withParam(1, job))?.jobId, expected, job.slice(0, 20));
  }
});

Deno.test("a worker of any kind, and parameters behind the sixth, are not looked at", () => {
  for (const worker of [null, 5, "", [], {}]) {
    assert.ok(parseShare(1, [worker, ...GOOD.slice(1)]));
  }
  assert.ok(parseShare(1, [...GOOD, "0", null, [[]]]));
});

Deno.test("a missing parameter, or one that is no good hex, makes it no share", () => {
  for (let count = 0; count < GOOD.length; count++) {
    assert.equal(parseShare(1, GOOD.slice(0, count)), undefined, `${count} parameters`);
  }
  const bad = [
    ...["", "123456789", "000000001", "0x12", "0x", "12 ", " 12", "1 2", "+1", "-1", "-0", "1.5"],
    ...["1_0", "xyz", "12\0", "\u0660", "\uff11", "\ud800", "f".repeat(5000)],
    ...[0, 5, -1, 0.5, 1e300, true, {}, [], ["12"]],
  ];
  for (const index of [2, 3, 4, 5]) {
    for (const value of bad) {
      assert.equal(parseShare(1, withParam(index, value)), undefined, `${index}: ${value}`);
    }
  }
  for (const job of [1, null, undefined, [], {}]) {
    assert.equal(parseShare(1, withParam(1, job)), undefined);
  }
  for (const index of [2, 3, 4]) assert.equal(parseShare(1, withParam(index, null)), undefined);
});
