/** What reads of a pool's stream bring, however they cut it. */

import assert from "node:assert/strict";
import { PoolFault } from "../../../lib/base/violation.ts";
import { type Batch, comesWithJob, Incoming } from "../../../lib/pool/stratum/incoming.ts";
import { cutAt } from "../../support/any_cut.ts";
import { linesToBytes } from "../../support/pool_lines.ts";
import { difficultyLine, stratumJob } from "../../support/stratum_rig.ts";

const read = (incoming: Incoming, bytes: Uint8Array) => incoming.read(bytes, () => {});
const kinds = ({ messages }: Batch) => messages.map(({ kind }) => kind);

Deno.test("A difficulty waits for the rest of a job that was cut anywhere, and is then before it", () => {
  const before = linesToBytes([difficultyLine(2)]).length;
  const stream = linesToBytes([difficultyLine(2), stratumJob()]);
  for (let cut = before + 1; cut < stream.length; cut++) {
    const incoming = new Incoming();
    const [first, second] = cutAt(stream, [cut]).map((bytes) => read(incoming, bytes)) as [
      Batch,
      Batch,
    ];
    assert.deepEqual([kinds(first), first.came], [[], 1], `cut at byte ${cut}`);
    assert.deepEqual([kinds(second), second.came], [["difficulty", "job"], 1]);
    assert.ok(comesWithJob(second.messages, 0));
  }
});

Deno.test("Messages before a broken line are handed on with the fault", () => {
  const batch = read(
    new Incoming(),
    linesToBytes([difficultyLine(2), stratumJob({ 1: "zz" }), difficultyLine(3)]),
  );
  assert.deepEqual(kinds(batch), ["difficulty"]);
  assert.ok(!comesWithJob(batch.messages, 0));
  assert.ok(batch.fault?.error instanceof PoolFault);
});

Deno.test("A line that never ends is a fault once it is longer than any job", () => {
  const incoming = new Incoming();
  let batch: Batch | undefined;
  for (let i = 0; i < 4 && batch?.fault === undefined; i++) {
    batch = read(incoming, new Uint8Array(16 * 1024).fill(0x20));
  }
  assert.equal((batch?.fault?.error as PoolFault).code, "line-too-long");
});

Deno.test("Each line is reported, including blank ones, and an error of the callback is the fault", () => {
  let lines = 0;
  const bytes = linesToBytes([difficultyLine(2), "", "", difficultyLine(3)]);
  const batch = new Incoming().read(bytes, () => {
    if (++lines === 4) throw new PoolFault("too-much", "Too much");
  });
  assert.equal(lines, 4);
  assert.deepEqual(kinds(batch), ["difficulty"]);
  assert.equal((batch.fault?.error as PoolFault).code, "too-much");
});

Deno.test("A difficulty is alone where an answer stands between it and the next job", () => {
  const lines = [difficultyLine(2), '{"id":100,"result":true,"error":null}', stratumJob({})];
  const apart = read(new Incoming(), linesToBytes([...lines, difficultyLine(4), stratumJob({})]));
  assert.ok(!comesWithJob(apart.messages, 0));
  assert.ok(comesWithJob(apart.messages, 3));
});
