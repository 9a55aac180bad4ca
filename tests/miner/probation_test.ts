/** Who of a marked address has how long to log in. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { HEARD } from "../../lib/miner/line_session.ts";
import {
  MOST_NEWCOMERS,
  Probation,
  type Probationer,
  SHORT_LOGIN_MS,
  SLOW_LOGINS,
  SLOW_LOGINS_PER_SECOND,
} from "../../lib/miner/probation.ts";

type Miner = { -readonly [Key in keyof Probationer]: Probationer[Key] };

function miner(connectedAt: number, heard: number = HEARD.nothing): Miner {
  return { connectedAt, heard, hasLoggedIn: false, turnedAwayAt: undefined };
}

Deno.test("everybody has a second, and then those that have begun may take longer, the first first", () => {
  const probation = new Probation<Miner>();
  const silent = miner(0);
  const slow = Array.from({ length: 12 }, () => miner(0, HEARD.request));
  for (const one of [silent, ...slow]) probation.add("a", one);
  assert.deepEqual([...probation.overdue(SHORT_LOGIN_MS, SHORT_LOGIN_MS)], []);
  assert.deepEqual([...probation.overdue(SHORT_LOGIN_MS + 1, SHORT_LOGIN_MS + 1)], [
    silent,
    ...slow.slice(SLOW_LOGINS),
  ]);
});

Deno.test("a login frees its place, and one that was turned away is let alone", () => {
  const probation = new Probation<Miner>();
  const slow = Array.from({ length: SLOW_LOGINS }, () => miner(0, HEARD.request));
  for (const one of slow) probation.add("a", one);
  assert.deepEqual([...probation.overdue(2000, 2000)], []);
  slow[0]!.hasLoggedIn = true;
  const [next, turnedAway] = [miner(2000, HEARD.request), miner(2000)];
  turnedAway.turnedAwayAt = 2500;
  for (const one of [next, turnedAway]) probation.add("a", one);
  assert.deepEqual([...probation.overdue(4000, 4000)], []);
});

Deno.test("addresses have places of their own, and are forgotten when nothing of them is left", () => {
  const probation = new Probation<Miner>();
  const here = miner(0, HEARD.request);
  const there = miner(0, HEARD.request);
  probation.add("a", here);
  probation.add("b", there);
  assert.deepEqual([...probation.overdue(2000, 2000)], []);
  probation.delete("a", here);
  probation.delete("b", there);
  probation.delete("c", there);
  assert.deepEqual([...probation.overdue(60_000, 60_000)], []);
  assert.ok(probation.isEmpty);
});

Deno.test("an address has room for a number of new connections; those that have logged in do not count", () => {
  const probation = new Probation<Miner>();
  const crowd = Array.from({ length: MOST_NEWCOMERS }, () => miner(0));
  for (const one of crowd) probation.add("a", one);
  assert.equal(probation.hasRoom("a", MOST_NEWCOMERS), false);
  assert.equal(probation.hasRoom("b", MOST_NEWCOMERS), true);
  crowd[500]!.hasLoggedIn = true;
  assert.equal(probation.hasRoom("a", MOST_NEWCOMERS), true);
});

Deno.test("a login that a busy machine has not read yet is not late", () => {
  const probation = new Probation<Miner>();
  const silent = miner(0);
  probation.add("a", silent);
  assert.deepEqual([...probation.overdue(2500, SHORT_LOGIN_MS)], []);
  assert.deepEqual([...probation.overdue(2500, SHORT_LOGIN_MS + 1)], [silent]);
});

Deno.test("silent connections of a marked address end after three seconds, also without later ones", () => {
  const probation = new Probation<Miner>();
  const silent = miner(0);
  probation.add("a", silent);
  assert.deepEqual([...probation.overdue(3000, 0)], []);
  assert.deepEqual([...probation.overdue(3001, 0)], [silent]);
});

Deno.test("when a marked address is full, its silent connections have only one second", () => {
  const probation = new Probation<Miner>();
  const crowd = Array.from({ length: SLOW_LOGINS }, () => miner(0));
  for (const one of crowd) probation.add("a", one);
  assert.equal(probation.hasRoom("a", SLOW_LOGINS), false);
  assert.deepEqual([...probation.overdue(SHORT_LOGIN_MS, 0)], []);
  assert.equal(probation.hasRoom("a", SLOW_LOGINS), false);
  assert.deepEqual([...probation.overdue(SHORT_LOGIN_MS + 1, 0)], crowd);
});

Deno.test("in any course of events few of an address are slow, and few begin to be", () => {
  const step = fc.record({
    come: fc.array(fc.boolean(), { maxLength: 30 }),
    logIn: fc.nat(30),
    seconds: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const probation = new Probation<Miner>();
      let inside: Miner[] = [];
      let time = 0;
      let slowEver = 0;
      for (const { come, logIn, seconds } of steps) {
        for (const hasBegun of come) {
          const one = miner(time, hasBegun ? HEARD.request : HEARD.bytes);
          inside.push(one);
          probation.add("a", one);
        }
        for (const one of inside.splice(0, logIn)) one.hasLoggedIn = true;
        time += seconds * 1000;
        const over = new Set(probation.overdue(time, time));
        for (const one of over) probation.delete("a", one);
        inside = inside.filter((one) => !over.has(one));
        const slow = inside.filter(({ connectedAt }) => time - connectedAt > SHORT_LOGIN_MS);
        assert.ok(slow.length <= SLOW_LOGINS);
        assert.ok(slow.every(({ heard }) => heard === HEARD.request));
        slowEver += slow.filter(({ connectedAt }) => time - connectedAt <= seconds * 1000).length;
      }
      assert.ok(slowEver <= SLOW_LOGINS + time / 1000 * SLOW_LOGINS_PER_SECOND);
    }),
    { seed: 10, numRuns: 500 },
  );
});
