/** TurnGate: many connections share each turn. */

import assert from "node:assert/strict";
import { READS_PER_TURN, TurnGate } from "../../lib/pool/turn_gate.ts";

Deno.test("reads of many connections are handled a few in a turn, in order", async () => {
  const turns: (() => void)[] = [];
  const gate = new TurnGate({ nextTurn: (turn) => void turns.push(turn) });
  const passed: number[] = [];
  const all = Array.from({ length: 40 }, (_, i) => gate.pass().then(() => passed.push(i)));
  const seen: number[] = [];
  for (let turn = 0; turn < 4; turn++) {
    await new Promise((resolve) => setTimeout(resolve));
    seen.push(passed.length);
    turns.shift()?.();
  }
  await Promise.all(all);
  assert.deepEqual(seen, [READS_PER_TURN, 2 * READS_PER_TURN, 40, 40]);
  assert.deepEqual(passed, [...passed].sort((a, b) => a - b));
  assert.equal(turns.length, 0, "nothing is due while nothing comes");
});
