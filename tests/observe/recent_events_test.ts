/** The last lines of the log, kept for the status API. */

import assert from "node:assert/strict";
import { RecentEvents } from "../../lib/observe/recent_events.ts";

const LINE = { timestamp: 1, level: "info", area: "pool", message: "Hello" } as const;

Deno.test("the last 256 lines are kept in order, numbered from the first one on", () => {
  const events = new RecentEvents();
  assert.deepEqual(events.list(), []);
  events.add(LINE);
  assert.deepEqual(events.list(), [{ ...LINE, number: 1 }]);
  for (let i = 2; i <= 1000; i++) events.add({ ...LINE, message: `Line ${i}` });
  const list = events.list();
  assert.equal(list.length, 256);
  assert.deepEqual(
    list.map(({ number, message }) => `${number} ${message}`),
    Array.from({ length: 256 }, (_, i) => `${745 + i} Line ${745 + i}`),
  );
});

Deno.test("a long message is cut, so that what is kept stays small", () => {
  const events = new RecentEvents();
  events.add({ ...LINE, message: "x".repeat(100_000) });
  assert.equal(events.list()[0]!.message.length, 1000);
});
