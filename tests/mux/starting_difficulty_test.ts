/** What miners begin with: by memory, suggestion and client agent. */

import assert from "node:assert/strict";
import { startOf } from "../../lib/mux/starting_difficulty.ts";

function start(clientAgent: string, suggestion?: number, remembered?: number): number {
  return 2 ** startOf(clientAgent, suggestion, remembered).start;
}

Deno.test("miners of known kinds begin with what fits them", () => {
  assert.equal(start("bitaxe/BM1370/v2.4.0"), 512);
  assert.equal(start("NerdQAxe++/BM1370/v1.0.35"), 1024);
  for (
    const agent of ["cgminer/4.11.1", "bmminer/2.0.0 rwglr", "whatsminer/v1.0", "xminer-1.2.6"]
  ) {
    assert.equal(start(agent), 65_536, agent);
  }
  assert.equal(start("NiceHash/1.0.0"), 524_288);
  assert.equal(start("cpuminer/2.5.1"), 1);
  for (const agent of ["", "somebody/1.0", "my cgminer", "x".repeat(10_000)]) {
    assert.equal(start(agent), 16_384, agent.slice(0, 20));
  }
});

Deno.test("a worker that left lately begins with what it had", () => {
  const { start, isKnown } = startOf("cgminer/4.11.1", undefined, 18);
  assert.deepEqual([start, isKnown], [18, true]);
  assert.equal(startOf("cgminer/4.11.1", undefined, undefined).isKnown, false);
});

Deno.test("a suggestion is rounded down to a power of two, the start and the floor", () => {
  const { start, floor } = startOf("bitaxe/BM1370", 1000, undefined);
  assert.deepEqual([2 ** start, 2 ** floor!], [512, 512]);
  const nerd = startOf("NerdMinerV2/V1.8.3", 0.00015, undefined);
  assert.deepEqual([nerd.start, nerd.floor], [-13, -13]);
});

Deno.test("suggestions end at 2^-20 and 2^31, and other values suggest nothing", () => {
  assert.equal(startOf("", 1e-30, undefined).floor, -20);
  assert.equal(startOf("", 1e30, undefined).floor, 31);
  for (const suggestion of [0, -1, NaN, Infinity]) {
    const { start, floor } = startOf("", suggestion, undefined);
    assert.deepEqual([start, floor], [14, undefined]);
  }
});

Deno.test("a fast miner that suggests little may come down to it, and does not begin there", () => {
  const { start, floor } = startOf("whatsminer/v1.0", 1, undefined);
  assert.deepEqual([start, floor], [16, 0]);
});

Deno.test("NiceHash takes no less than 524,288, whatever it suggests", () => {
  assert.equal(startOf("nicehash/1.0.0", 1, undefined).floor, 19);
  assert.equal(startOf("NiceHash/1.0.0", 2 ** 20, undefined).floor, 20);
});

Deno.test("a slow miner does not begin with what a fast one of its name had", () => {
  assert.equal(start("NerdMinerV2/V1.8.3", 0.00015, 17), 2 ** -13);
  assert.equal(start("somebody/1.0", 0.5, 17), 0.5);
  assert.equal(start("cpuminer/2.5.1", undefined, 17), 1);
});
