/** Which pool next, and after how long: tables, without sockets or time. */

import assert from "node:assert/strict";
import { HEALTHY_MS, PoolHealth, PROVEN_MS } from "../../lib/pool/health.ts";
import { nextRank, type Ranked, STAGGER_MS, worstActiveRank } from "../../lib/pool/roles.ts";

const longest = () => 1;

/** Fails a pool's connections one after the other, each as soon as it may be dialled. */
function waits(health: PoolHealth, count: number): number[] {
  let time = 0;
  return Array.from({ length: count }, () => {
    const wait = health.failed(0, time);
    assert.equal(health.mayDial(0, time + wait - 1, false), false);
    assert.equal(health.mayDial(0, time + wait, false), true);
    time += wait;
    return wait;
  });
}

Deno.test("A pool that never answers is tried after 0.5 s, then half as often, up to 30 s", () => {
  assert.deepEqual(waits(new PoolHealth(longest), 9), [
    500,
    1000,
    2000,
    4000,
    8000,
    16_000,
    30_000,
    30_000,
    30_000,
  ]);
});

Deno.test("While nothing serves, a pool that does not answer waits 1 s at most", () => {
  const health = new PoolHealth(longest);
  let time = 0;
  const tried = Array.from({ length: 7 }, () => {
    health.failed(0, time);
    const wait = health.wait(0, time, true);
    assert.equal(health.mayDial(0, time + wait - 1, true), false);
    time += wait;
    assert.equal(health.mayDial(0, time, true), true);
    return wait;
  });
  assert.deepEqual(tried, [500, 1000, 1000, 1000, 1000, 1000, 1000]);
  assert.equal(health.wait(0, time, false), 29_000, "and 30 s while another serves");
});

Deno.test("A pool that refuses the account is left alone as long while nothing serves", () => {
  const health = new PoolHealth(longest);
  let time = 0;
  for (let n = 0; n < 6; n++) time += health.failed(0, time, true);
  health.failed(0, time, true);
  assert.equal(health.wait(0, time, true), 30_000);
});

Deno.test("Waits are random: at least half as long as the longest", () => {
  assert.deepEqual(waits(new PoolHealth(() => 0), 3), [250, 500, 1000]);
});

Deno.test("A pool's failures are its own: another one may be dialled at once", () => {
  const health = new PoolHealth(longest);
  health.failed(0, 0);
  assert.equal(health.mayDial(0, 499, false), false);
  assert.equal(health.mayDial(1, 0, false), true);
});

Deno.test("Connections that fail together are one failure", () => {
  const health = new PoolHealth(longest);
  assert.equal(health.failed(0, 0), 500);
  for (const time of [0, 1, 200, 499]) assert.equal(health.failed(0, time), 500 - time);
  assert.equal(health.mayDial(0, 500, false), true);
  assert.equal(health.failed(0, 500), 1000);
});

for (
  const { servedMs, wait } of [
    { servedMs: 0, wait: 8000 },
    { servedMs: PROVEN_MS - 1, wait: 8000 },
    { servedMs: PROVEN_MS, wait: 0 },
    { servedMs: PROVEN_MS * 1000, wait: 0 },
  ]
) {
  Deno.test(`A pool lost after ${servedMs} ms, with four failures before, waits ${wait} ms`, () => {
    const health = new PoolHealth(longest);
    waits(health, 4);
    health.ready(0, 100_000);
    assert.equal(health.lost(0, 100_000 + servedMs, servedMs), wait);
  });
}

for (const [servedMs, wait] of [[HEALTHY_MS - 1, 500], [HEALTHY_MS, 0]] as const) {
  Deno.test(`A pool that never failed, lost after ${servedMs} ms, waits ${wait} ms`, () => {
    const health = new PoolHealth(longest);
    health.ready(0, 0);
    assert.equal(health.lost(0, servedMs, servedMs), wait);
    assert.equal(health.mayDial(0, servedMs, true), wait === 0);
    assert.equal(health.mayDial(0, servedMs, false), wait === 0);
  });
}

Deno.test("When the immediate redial fails there is backoff, from its beginning", () => {
  const health = new PoolHealth(longest);
  health.ready(0, 0);
  assert.equal(health.lost(0, 60_000, 60_000), 0);
  assert.equal(health.failed(0, 60_000), 500);
  assert.equal(health.failed(0, 60_500), 1000);
});

Deno.test("A pool that flaps is redialled at once only the first time, then with backoff", () => {
  const health = new PoolHealth(longest);
  let time = 0;
  const found = Array.from({ length: 6 }, () => {
    health.ready(0, time);
    const wait = health.lost(0, time + 5_000, 5_000);
    time += 5_000 + wait;
    return wait;
  });
  assert.deepEqual(found, [0, 500, 1000, 2000, 4000, 8000]);
});

Deno.test("A pool that does no work is left alone though its connection is lost after a long time", () => {
  const health = new PoolHealth(longest);
  health.ready(0, 0);
  health.leaveAlone(0, 700_000);
  health.lost(0, 100_000, 100_000);
  assert.equal(health.mayDial(0, 699_999, false), false);
  assert.equal(health.mayDial(0, 100_000, true), true, "but while nothing serves");
  assert.equal(health.mayDial(0, 700_000, false), true);
});

Deno.test("A proven connection is redialled at once though a younger one has just failed", () => {
  const health = new PoolHealth(longest);
  health.ready(0, 0);
  health.ready(0, 59_000);
  assert.equal(health.lost(0, 60_000, 1_000), 500);
  assert.equal(health.lost(0, 60_000, 60_000), 0);
});

Deno.test("A pool whose connection was closed from here after it served has no failures before", () => {
  for (const [servedMs, wait] of [[PROVEN_MS - 1, 8000], [PROVEN_MS, 500]] as const) {
    const health = new PoolHealth(longest);
    waits(health, 4);
    health.ready(0, 100_000);
    const time = 100_000 + servedMs;
    health.closed(0, time, servedMs);
    assert.equal(health.hasFailed(0), servedMs < PROVEN_MS);
    assert.equal(health.failed(0, time), wait);
  }
});

Deno.test("A whole group of connections lost at once is one failure, and the pool starts again", () => {
  const health = new PoolHealth(longest);
  for (let i = 0; i < 5; i++) health.ready(0, 0);
  for (let i = 0; i < 5; i++) assert.equal(health.lost(0, 60_000, 60_000), 0);
  for (let i = 0; i < 5; i++) assert.equal(health.failed(0, 60_000), 500);
  assert.equal(health.failed(0, 60_500), 1000);
});

Deno.test("A pool is healthy since its first connection of those that are ready, without a loss", () => {
  const health = new PoolHealth(longest);
  assert.equal(health.healthyFor(0, 50), 0);
  health.ready(0, 100);
  health.ready(0, 200);
  assert.equal(health.healthyFor(0, 300), 200);
  health.closed(0, 400, 200);
  assert.equal(health.healthyFor(0, 400), 300);
  health.lost(0, 500, 300);
  assert.equal(health.healthyFor(0, 600), 0);
  health.ready(0, 700);
  assert.equal(health.healthyFor(0, 800), 100);
});

Deno.test("A pool that loses one of two connections must prove itself again", () => {
  const health = new PoolHealth(longest);
  health.ready(0, 0);
  health.ready(0, 0);
  health.lost(0, 1000, 1000);
  assert.equal(health.healthyFor(0, 1200), 200);
});

/** A connection in short: `0a` serves from pool 0, `1s` is a spare to pool 1, `2o` is opening. */
function lines(text: string, openedAt = 0): Ranked[] {
  const roles = { a: "active", s: "spare", o: "opening" } as const;
  return text.split(" ").filter(Boolean).map((word) => ({
    rank: Number(word[0]),
    role: roles[word[1] as keyof typeof roles],
    openedAt,
  }));
}

const oneAndSpare = { active: 1, spare: true };
const three = { active: 3, spare: false };

for (
  const { when, have, wishes, pools, dead = [], time = 0, next, why } of [
    // One connection and a spare
    { when: "at the start", have: "", wishes: oneAndSpare, pools: 3, next: 0, why: "the best" },
    {
      when: "while the best is in backoff",
      have: "",
      wishes: oneAndSpare,
      pools: 3,
      dead: [0, 1],
      next: 2,
      why: "the first that may be dialled",
    },
    {
      when: "while all are in backoff",
      have: "",
      wishes: oneAndSpare,
      pools: 2,
      dead: [0, 1],
      next: undefined,
      why: "none",
    },
    {
      when: "while the best has just been dialled",
      have: "0o",
      wishes: oneAndSpare,
      pools: 2,
      time: STAGGER_MS - 1,
      next: undefined,
      why: "none: it is waited for",
    },
    {
      when: "when the best does not answer",
      have: "0o",
      wishes: oneAndSpare,
      pools: 2,
      time: STAGGER_MS,
      next: 1,
      why: "the next beside it",
    },
    {
      when: "when none of two answers",
      have: "0o 1o",
      wishes: oneAndSpare,
      pools: 2,
      time: 60_000,
      next: undefined,
      why: "none: both are being dialled",
    },
    {
      when: "when the only one does not answer",
      have: "0o",
      wishes: oneAndSpare,
      pools: 1,
      time: 60_000,
      next: undefined,
      why: "none: it is being dialled",
    },
    {
      when: "when the best serves",
      have: "0a",
      wishes: oneAndSpare,
      pools: 3,
      next: 1,
      why: "a spare to the next",
    },
    {
      when: "when the best serves and the next is in backoff",
      have: "0a",
      wishes: oneAndSpare,
      pools: 3,
      dead: [1],
      next: 2,
      why: "a spare to the one behind",
    },
    {
      when: "when the best serves and no other may be dialled",
      have: "0a",
      wishes: oneAndSpare,
      pools: 2,
      dead: [1],
      next: undefined,
      why: "none: a second connection to the same pool is no spare",
    },
    {
      when: "when the only pool serves",
      have: "0a",
      wishes: oneAndSpare,
      pools: 1,
      next: 0,
      why: "a spare to the same",
    },
    {
      when: "when a spare is being opened",
      have: "0a 1o",
      wishes: oneAndSpare,
      pools: 3,
      time: 60_000,
      next: undefined,
      why: "none",
    },
    {
      when: "when all is well",
      have: "0a 1s",
      wishes: oneAndSpare,
      pools: 3,
      next: undefined,
      why: "none",
    },
    {
      when: "when the second serves",
      have: "1a",
      wishes: oneAndSpare,
      pools: 3,
      next: 0,
      why: "the better one",
    },
    {
      when: "when the second serves, with the third as spare",
      have: "1a 2s",
      wishes: oneAndSpare,
      pools: 3,
      next: 0,
      why: "the better one",
    },
    {
      when: "when the second serves while the third is being opened",
      have: "1a 2o",
      wishes: oneAndSpare,
      pools: 3,
      next: 0,
      why: "the better one, without waiting",
    },
    {
      when: "when the second serves while the best is being opened",
      have: "1a 0o",
      wishes: oneAndSpare,
      pools: 3,
      next: undefined,
      why: "none",
    },
    {
      when: "when the second serves and the best is the spare",
      have: "1a 0s",
      wishes: oneAndSpare,
      pools: 3,
      next: undefined,
      why: "none",
    },
    {
      when: "when the third serves and the second is the spare",
      have: "2a 1s",
      wishes: oneAndSpare,
      pools: 3,
      next: 0,
      why: "the best, too",
    },
    {
      when: "when the third serves and the second is being opened",
      have: "2a 1o",
      wishes: oneAndSpare,
      pools: 3,
      next: undefined,
      why: "none: one better pool at a time",
    },
    {
      when: "when the third serves and the best is in backoff",
      have: "2a",
      wishes: oneAndSpare,
      pools: 3,
      dead: [0],
      next: 1,
      why: "the second",
    },
    // Three connections
    {
      when: "with one of three being opened",
      have: "0o",
      wishes: three,
      pools: 2,
      next: 0,
      why: "the best again",
    },
    {
      when: "with two of three serving",
      have: "0a 0a",
      wishes: three,
      pools: 2,
      next: 0,
      why: "the best again",
    },
    {
      when: "with two of three serving and their pool in backoff",
      have: "0a 0a",
      wishes: three,
      pools: 2,
      dead: [0],
      next: undefined,
      why: "none: it is waited for",
    },
    {
      when: "with two of three serving from the second, and that in backoff",
      have: "1a 1a",
      wishes: three,
      pools: 3,
      dead: [1],
      next: 0,
      why: "the better one",
    },
    {
      when: "with three of three being opened",
      have: "0o 0o 0o",
      wishes: three,
      pools: 2,
      next: undefined,
      why: "none",
    },
    {
      when: "with three that do not answer",
      have: "0o 0o 0o",
      wishes: three,
      pools: 2,
      time: STAGGER_MS,
      next: 1,
      why: "one to the next",
    },
    {
      when: "with one that serves and two that do not answer",
      have: "0a 0o 0o",
      wishes: three,
      pools: 2,
      time: 60_000,
      next: undefined,
      why: "none: miners are served",
    },
    {
      when: "with three serving",
      have: "0a 0a 0a",
      wishes: three,
      pools: 2,
      next: undefined,
      why: "none, no spare",
    },
    {
      when: "with one of three at a worse pool",
      have: "0a 0a 1a",
      wishes: three,
      pools: 2,
      next: 0,
      why: "the better one, to replace it",
    },
    {
      when: "with one of three at a worse pool and its replacement on the way",
      have: "0a 0a 1a 0s",
      wishes: three,
      pools: 2,
      next: undefined,
      why: "none",
    },
  ]
) {
  const mode = wishes.spare ? "one and a spare" : "three";
  Deno.test(`Of ${pools} pools, ${mode} wanted, ${when}: ${why}`, () => {
    const health = new PoolHealth(longest);
    for (const pool of dead) {
      for (let n = 0, at = time; n < 3; n++) at += health.failed(pool, at);
    }
    const mayDial = (rank: number, isOutage: boolean) => health.mayDial(rank, time, isOutage);
    assert.equal(
      nextRank(lines(have), { ...wishes, pools, isCold: () => false }, mayDial, time),
      next,
    );
  });
}

Deno.test("worstActiveRank looks at those that serve only", () => {
  assert.equal(worstActiveRank(lines("0a 1a 2s 3o")), 1);
  assert.equal(worstActiveRank(lines("2s 3o")), -1);
});
