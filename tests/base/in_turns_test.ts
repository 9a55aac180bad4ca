/** Work in turns: all of it is done, in order, with pauses, and no more once it is stopped. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import { InTurns } from "../../lib/base/in_turns.ts";
import { systemTime } from "../../lib/base/system_time.ts";

/** Runs `test` with timers that move when told. */
function withTimers(test: () => void): () => void {
  return () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    try {
      test();
    } finally {
      mock.timers.reset();
    }
  };
}

Deno.test(
  "a turn's steps are done at once, the others after pauses",
  withTimers(() => {
    const done: number[] = [];
    const turns = new InTurns(systemTime, 3, 5);
    const work = function* () {
      for (let i = 0; i < 7; i++) yield void done.push(i);
    };
    turns.run(work);
    assert.equal(done.length, 3);
    turns.run(work);
    assert.equal(done.length, 3, "what is under way is not begun again");
    mock.timers.tick(4);
    assert.equal(done.length, 3);
    mock.timers.tick(1);
    assert.equal(done.length, 6);
    mock.timers.tick(5);
    assert.deepEqual(done, [0, 1, 2, 3, 4, 5, 6]);
    turns.run(work);
    assert.equal(done.length, 10, "what is done can be begun again");
    turns.stop();
    mock.timers.tick(100);
    assert.equal(done.length, 10);
  }),
);
