/** RareShares: pools whose difficulty is far too high for their miners. */

import assert from "node:assert/strict";
import { RareShares } from "../../lib/mux/rare_shares.ts";
import { LogCapture } from "../support/log_capture.ts";

const MINUTE = 60_000;
/** Two miners of 1 TH/s. */
const HASHRATE = 2e12;

function place(ceiling: number) {
  return { upstream: { name: "a:3333 #1" }, ceiling, miners: 2 };
}

Deno.test("that shares come once in hours is said once for a connection, and again if it was over", () => {
  using log = new LogCapture();
  const rare = new RareShares();
  const steep = { ...place(2 ** 23) };
  for (let minute = 0; minute < 10; minute++) rare.look(steep, HASHRATE, minute * MINUTE);
  const [line, ...more] = log.take();
  assert.match(
    line!,
    /Pool a:3333 #1 has difficulty 8388608, far too high for 2 miners: .* in 5 h/,
  );
  assert.deepEqual(more, []);
  steep.ceiling = 1024;
  rare.look(steep, HASHRATE, 11 * MINUTE);
  steep.ceiling = 2 ** 224;
  rare.look(steep, HASHRATE, 12 * MINUTE);
  assert.equal(log.take().length, 1);
});

Deno.test("nothing is logged if a share comes within an hour, or if no miner works", () => {
  using log = new LogCapture();
  const rare = new RareShares();
  rare.look(place(2 ** 20), HASHRATE, 0);
  rare.look(place(2 ** 40), 0, 0);
  assert.deepEqual(log.take(), []);
});

Deno.test("a pool that reconnects all the time is logged three times, then once an hour", () => {
  using log = new LogCapture();
  const rare = new RareShares();
  for (let minute = 0; minute < 60; minute++) rare.look(place(2 ** 60), HASHRATE, minute * MINUTE);
  assert.equal(log.take().length, 3);
});

Deno.test("connections are looked at once a minute", () => {
  const rare = new RareShares();
  const looks = Array.from({ length: 241 }, (_, quarter) => rare.isTime(quarter * 250));
  assert.equal(looks.filter(Boolean).length, 2);
});
