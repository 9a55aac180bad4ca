/** OutageLines: which of many repeated troubles are worth a line. */

import assert from "node:assert/strict";
import { OutageLines, REPEAT_MS, WELL_MS } from "../../lib/observe/outage_lines.ts";
import { FakeClock } from "../support/fake_clock.ts";

function rig() {
  const clock = new FakeClock();
  return { clock, lines: new OutageLines(clock.now) };
}

Deno.test("of thirty troubles in 8 s the first is said, and the rest with the next a minute later", () => {
  const { clock, lines } = rig();
  const said = Array.from({ length: 30 }, () => {
    clock.advance(8_000 / 30);
    return lines.failed("pool");
  }).filter((line) => line !== undefined);
  assert.deepEqual(said, [{ more: 0, seconds: 0 }]);
  clock.advance(REPEAT_MS);
  const next = lines.failed("pool");
  assert.equal(next?.more, 29);
  assert.ok(next.seconds >= 60 && next.seconds <= 68);
  assert.equal(lines.failed("pool"), undefined);
});

Deno.test("troubles of one thing hide none of another", () => {
  const { lines } = rig();
  assert.ok(lines.failed("one"));
  assert.ok(lines.failed("other"));
  assert.equal(lines.failed("one"), undefined);
});

Deno.test("what was well for a while has a new outage, what flaps does not", () => {
  const { clock, lines } = rig();
  lines.failed("pool");
  for (const [wellMs, isSaid] of [[2_000, false], [WELL_MS - 1, false], [WELL_MS, true]] as const) {
    const { clock, lines } = rig();
    lines.failed("pool");
    lines.works("pool");
    clock.advance(wellMs);
    lines.works("pool");
    assert.equal(lines.failed("pool") !== undefined, isSaid, `well for ${wellMs} ms`);
  }
  for (let i = 0; i < 10; i++) {
    lines.works("pool");
    clock.advance(5_000);
    assert.equal(lines.failed("pool"), undefined);
  }
  clock.advance(REPEAT_MS);
  assert.equal(lines.failed("pool")?.more, 10);
});

Deno.test("what is told apart is bounded", () => {
  const { lines } = rig();
  for (let i = 0; i < 5_000; i++) assert.ok(lines.failed(`pool ${i}`));
  assert.equal(lines.failed("pool 4999"), undefined);
  assert.ok(lines.failed("pool 0"), "forgotten, so it is said again");
});
