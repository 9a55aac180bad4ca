/** Inflow: what a pool may send, and what is too much. */

import assert from "node:assert/strict";
import { AGENT_INFLOW } from "../../lib/pool/agent/session.ts";
import { Inflow } from "../../lib/pool/inflow.ts";

/** What is said when `act` is too much; `undefined` if it never is within `seconds`. */
function excessOf(
  act: (inflow: Inflow, time: number) => void,
  { everyMs, seconds, miners = 0 }: {
    readonly everyMs: number;
    readonly seconds: number;
    readonly miners?: number;
  },
): { readonly said: string; readonly atMs: number } | undefined {
  const inflow = new Inflow(0, AGENT_INFLOW);
  for (let miner = 0; miner < miners; miner++) inflow.registered();
  for (let time = 0; time <= seconds * 1000; time += everyMs) {
    try {
      act(inflow, time);
    } catch (error) {
      assert.ok(error instanceof Error);
      assert.equal((error as { code?: string }).code, "too-much");
      return { said: error.message, atMs: time };
    }
  }
  return undefined;
}

const KB = 1024;

Deno.test("Without miners 256 KB a second are taken for as long as they come, more are not", () => {
  const everyMs = 125;
  const read = (bytes: number) => (inflow: Inflow, time: number) => inflow.read(bytes, time);
  assert.equal(excessOf(read(32 * KB), { everyMs, seconds: 3600 }), undefined);
  const excess = excessOf(read(48 * KB), { everyMs, seconds: 3600 });
  // Half as much again as allowed uses up 8 s of it in 16 s.
  assert.ok(excess!.atMs > 14_000 && excess!.atMs < 18_000, `${excess!.atMs} ms`);
});

Deno.test("Without miners 2 MB are taken at once after a rest, more are not", () => {
  const inflow = new Inflow(0, AGENT_INFLOW);
  for (const time of [0, 8_000, 16_000]) {
    for (let i = 0; i < 128; i++) inflow.read(16 * KB, time);
  }
  assert.throws(() => inflow.read(16 * KB, 16_000), { name: "PoolFault", code: "too-much" });
});

Deno.test("The reason names what came, in what time, and what is allowed", () => {
  const flood = excessOf((inflow, time) => inflow.message(time), { everyMs: 1, seconds: 60 });
  assert.match(
    flood!.said,
    /^Cannot read on from this pool: (\d+) messages that btcagent did not ask for came within 2\.\d s, at most 200 a second and 1600 at once are allowed without miners$/,
  );
  const served = excessOf((inflow, time) => {
    for (let i = 0; i < 64; i++) inflow.read(16 * KB, time);
  }, { everyMs: 10, seconds: 60, miners: 100 });
  assert.match(served!.said, /bytes .* at most 2098752 a second .* allowed with 100 miners$/);
});

Deno.test("200 small messages a second are taken for as long as they come", () => {
  const act = (inflow: Inflow, time: number) => inflow.message(time);
  assert.equal(excessOf(act, { everyMs: 5, seconds: 600 }), undefined);
  assert.notEqual(excessOf(act, { everyMs: 4, seconds: 600 }), undefined);
});

Deno.test("Verdicts of 10,000 shares a second, in bursts, are never too much", () => {
  // A second's shares are judged at once, on a connection that may be without a miner by then.
  const excess = excessOf((inflow, time) => {
    for (let i = 0; i < 10_000; i++) inflow.submitted();
    for (let i = 0; i < 10_000; i++) {
      inflow.read(10, time);
      inflow.message(time);
    }
  }, { everyMs: 1000, seconds: 120 });
  assert.equal(excess, undefined);
});

Deno.test("Verdicts that nothing asked for are messages like any other", () => {
  const excess = excessOf((inflow, time) => {
    inflow.submitted();
    for (let i = 0; i < 1_000; i++) {
      inflow.read(10, time);
      inflow.message(time);
    }
  }, { everyMs: 1000, seconds: 60 });
  assert.ok(excess!.atMs <= 3_000);
});

Deno.test("A pool that judges nothing saves up no more than it can tell apart", () => {
  const inflow = new Inflow(0, AGENT_INFLOW);
  for (let i = 0; i < 1_000_000; i++) inflow.submitted();
  let taken = 0;
  assert.throws(() => {
    for (;; taken++) inflow.message(0);
  }, { code: "too-much" });
  assert.equal(taken, 65_536 + 1_600);
});

Deno.test("A new difficulty for each of 10,000 miners in a frame of its own is not too much", () => {
  const excess = excessOf((inflow, time) => {
    for (let i = 0; i < 10_000; i++) {
      inflow.read(9, time);
      inflow.message(time);
    }
  }, { everyMs: 5_000, seconds: 600, miners: 10_000 });
  assert.equal(excess, undefined);
});

Deno.test("What was taken with miners is not held against a pool when they are gone", () => {
  const inflow = new Inflow(0, AGENT_INFLOW);
  for (let miner = 0; miner < 10_000; miner++) inflow.registered();
  for (let i = 0; i < 180_000; i++) inflow.message(0);
  for (let miner = 0; miner < 10_000; miner++) inflow.unregistered();
  for (let i = 0; i < 100; i++) inflow.message(0);
  assert.throws(() => {
    for (let i = 0; i < 2_000; i++) inflow.message(0);
  }, { code: "too-much" });
});

Deno.test("Bytes that came while this process stood still have the allowance of that time", () => {
  const awayMs = 65_000;
  const whole = 256 * KB * (65 + 8);
  for (const [bytes, isTooMuch] of [[whole, false], [whole + 1, true]] as const) {
    const inflow = new Inflow(0, AGENT_INFLOW);
    const read = () => inflow.read(bytes, awayMs + 10_000, awayMs);
    if (isTooMuch) assert.throws(read, /Cannot read on from this pool/);
    else read();
  }
  const inflow = new Inflow(0, AGENT_INFLOW);
  inflow.read(256 * KB * 65, awayMs + 10_000, awayMs);
  assert.throws(
    () => inflow.read(256 * KB * 9, awayMs + 10_000),
    /Cannot read on/,
    "and not twice",
  );
});
