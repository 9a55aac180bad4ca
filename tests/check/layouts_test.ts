/** What the bytes of pools mean to miners, one pool alone and in a list. */

import assert from "node:assert/strict";
import { layoutRules } from "../../lib/app/layout_rules.ts";
import { heightOf } from "../../lib/check/coinbase_height.ts";
import { layoutRow, mixedRows, type PoolWidth } from "../../lib/check/layouts.ts";
import { Layouts } from "../../lib/mux/layouts.ts";
import { fits, roomFor } from "../../lib/mux/terms.ts";

/** What is said of one pool with these bytes where `extranonce2_bytes` is `wanted`. */
function rowOf(bytes: number, wanted?: number) {
  return layoutRow(roomFor(bytes, wanted)!, layoutRules(wanted));
}

Deno.test("what a pool is said to mean to miners is what they get, and it fits", () => {
  for (let bytes = 4; bytes <= 16; bytes++) {
    for (const wanted of [undefined, 2, 3, 4]) {
      const layouts = new Layouts({ poolIds: [0], extranonce2Bytes: wanted });
      layouts.learn(0, bytes);
      const layout = layouts.layoutFor("");
      const room = roomFor(bytes, wanted)!;
      const { values } = layoutRow(room, layoutRules(wanted));
      assert.ok(fits(room, layout), `${bytes} bytes, ${wanted}`);
      assert.equal(values!["miner_extranonce2_bytes"], layout.extranonce2Bytes);
      assert.equal(values!["miners_per_connection"], room.idBytes === 2 ? 65_535 : 240);
    }
  }
});

Deno.test("extranonce2_bytes counts: with 2 of 4 bytes one connection holds every miner", () => {
  const { level, found } = rowOf(4, 2);
  assert.equal(level, "ok");
  assert.equal(
    found,
    "4 bytes: one connection holds every miner (up to 65535); each miner rolls 2 of them",
  );
  assert.match(rowOf(8, 3).found, /each miner rolls 3 of them$/);
});

Deno.test("a pool too narrow for extranonce2_bytes is worth a note, with what to do", () => {
  const { level, found, advice } = rowOf(5, 4);
  assert.equal(level, "note");
  assert.match(found, /each miner rolls 3 of them, though extranonce2_bytes is 4$/);
  assert.equal(advice, "use a pool with 6 bytes or more");
});

/** What is said of a list of pools with these bytes, the first in place 1. */
function mixed(sizes: readonly number[], wanted?: number) {
  const pools = sizes.map((bytes, i): PoolWidth => ({ place: i + 1, bytes }));
  return mixedRows(pools, layoutRules(wanted));
}

Deno.test("in a list of pools that are alike to miners nothing is said", () => {
  for (const sizes of [[], [4], [8, 16], [6, 7]]) assert.deepEqual(mixed(sizes), []);
});

Deno.test("where extranonce2_bytes makes pools alike to miners nothing is said either", () => {
  assert.deepEqual(mixed([8, 4, 6], 2), []);
  assert.deepEqual(mixed([8, 5], 3), []);
});

Deno.test("in a list of different pools the narrowest decides for all", () => {
  const [row] = mixed([8, 10, 6]);
  assert.equal(
    row!.found,
    "bytes differ: pool 1 has 8, pool 2 has 10, pool 3 has 6. The narrowest decides for all: every " +
      "miner gets 2 bytes of extranonce1 and rolls 4, wherever it works, so that it can move among " +
      "these pools without reconnecting",
  );
  assert.equal(row!.advice, undefined);
  const [narrow] = mixed([8, 4]);
  assert.match(narrow!.found, /every miner gets 1 byte of extranonce1 and rolls 3/);
  assert.match(narrow!.advice!, /6 bytes or more/);
});

Deno.test("no wider pool is advised to an operator who wants no more bytes", () => {
  const [row] = mixed([8, 4], 3);
  assert.match(row!.found, /every miner gets 1 byte of extranonce1 and rolls 3/);
  assert.equal(row!.advice, undefined);
});

const HEAD = `0100000001${"0".repeat(64)}ffffffff`;
const COINBASES: [name: string, coinbase1: string, height: number | undefined][] = [
  ["three bytes", `${HEAD}2003a0bb0d00`, 900_000],
  ["four bytes", `${HEAD}200400000001`, 16_777_216],
  ["one byte", `${HEAD}200111`, 17],
  ["a small number without a length", `${HEAD}2051`, undefined],
  ["five bytes", `${HEAD}20050000000001`, undefined],
  ["cut off", `${HEAD}2003a0`, undefined],
  ["two inputs", HEAD.replace("0100000001", "0100000002") + "2003a0bb0d", undefined],
  ["an input that spends something", `0100000001${"1".repeat(64)}ffffffff2003a0bb0d`, undefined],
  ["nothing", "", undefined],
];
for (const [name, coinbase1, height] of COINBASES) {
  Deno.test(`the height in a coinbase: ${name}`, () => assert.equal(heightOf(coinbase1), height));
}
