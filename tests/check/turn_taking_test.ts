/** Tasks take turns: only a limited number at once, and all of them in the end. */

import assert from "node:assert/strict";
import { TurnTaking } from "../../lib/check/turn_taking.ts";

Deno.test("only a limited number of tasks run at once, and a task that fails leaves its place", async () => {
  const turns = new TurnTaking(3);
  let running = 0;
  let most = 0;
  const task = async () => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
  };
  const results = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) =>
      turns.take(async () => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        if (i % 4 === 0) throw new Error("no");
        return i;
      })),
  );
  assert.equal(results.filter(({ status }) => status === "fulfilled").length, 15);
  // Those that come later find the places as they should be.
  await Promise.all(Array.from({ length: 10 }, () => turns.take(task)));
  assert.equal(most, 3);
});
