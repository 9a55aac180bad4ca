/** ToldHashrate: when a pool is told the hashrate. */

import assert from "node:assert/strict";
import { ToldHashrate } from "../../../lib/pool/sv2/told_hashrate.ts";

/** The seconds of `span` in which a pool is told, with this hashrate and difficulty in each. */
function toldAt(
  told: ToldHashrate,
  span: readonly [first: number, last: number],
  hashrate: number,
  difficulty: number,
): number[] {
  const seconds: number[] = [];
  for (let second = span[0]; second <= span[1]; second++) {
    if (told.takeChange(hashrate, difficulty, second * 1000)) seconds.push(second);
  }
  return seconds;
}

Deno.test("A hashrate that was unknown at the opening is told at once, others after 30 s", () => {
  const unknown = new ToldHashrate(0, 16384, 0);
  assert.deepEqual(toldAt(unknown, [0, 19], 0, 16384), []);
  assert.deepEqual(toldAt(unknown, [20, 29], 1e15, 16384), [20]);
  assert.deepEqual(toldAt(unknown, [30, 60], 2e15, 16384), [50]);
  const known = new ToldHashrate(1e15, 16384, 0);
  assert.deepEqual(toldAt(known, [0, 60], 2e15, 16384), [30]);
});

Deno.test("A pool that lowers the difficulty of a spare by itself hears the hashrate again", () => {
  const told = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(told, [0, 60], 1e15, 1000), []);
  assert.deepEqual(toldAt(told, [61, 61], 1e15, 160), [61]);
  // It answers with the difficulty for this hashrate, and lowers it again after a minute.
  assert.deepEqual(toldAt(told, [62, 120], 1e15, 1000), []);
  assert.deepEqual(toldAt(told, [121, 130], 1e15, 501), [], "not by as much as half");
  assert.deepEqual(toldAt(told, [131, 140], 1e15, 499), [131]);
});

Deno.test("A lower difficulty after a lower hashrate is what was asked for", () => {
  const told = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(told, [0, 40], 1e14, 1000), [30], "before the pool's answer");
  const slow = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(slow, [0, 30], 1e14, 1000), [30]);
  assert.deepEqual(toldAt(slow, [31, 34], 1e14, 1000), []);
  assert.deepEqual(toldAt(slow, [35, 300], 1e14, 100), [], "its answer took 5 s");
});

Deno.test("A pool that keeps a low difficulty whatever it hears is told it only once", () => {
  const told = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(told, [0, 600], 1e15, 10), []);
  const later = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(later, [0, 60], 1e15, 1000), []);
  assert.deepEqual(toldAt(later, [61, 600], 1e15, 10), [61]);
});

Deno.test("That the last miner has left is told, and no difficulty matters then", () => {
  const told = new ToldHashrate(1e15, 1000, 0);
  assert.deepEqual(toldAt(told, [0, 60], 0, 1000), [30]);
  assert.deepEqual(toldAt(told, [61, 600], 0, 1), []);
});
