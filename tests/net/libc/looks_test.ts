/** When the engine looks while it is busy. */

import assert from "node:assert/strict";
import { Looks } from "../../../lib/net/libc/looks.ts";
import { FakeTime } from "../../support/fake_time.ts";

Deno.test("looks wait one after the other on one timer, which ends when none waits", async () => {
  const time = new FakeTime();
  const looks = new Looks(time, 1);
  assert.equal(time.timers, 0, "before the first there is none");
  for (let look = 0; look < 3; look++) {
    const next = looks.next();
    assert.equal(time.timers, 1);
    time.advance(1);
    await next;
  }
  looks.stop();
  looks.stop();
  assert.equal(time.timers, 0);
  const again = looks.next();
  time.advance(1);
  await again;
  looks.stop();
});

Deno.test("ticks that no look waited for do not shorten the next wait", async () => {
  const time = new FakeTime();
  const looks = new Looks(time, 1);
  const first = looks.next();
  time.advance(1);
  await first;
  time.advance(10);
  let isDue = false;
  const second = looks.next().then(() => isDue = true);
  await Promise.resolve();
  assert.ok(!isDue);
  time.advance(1);
  await second;
  looks.stop();
});
