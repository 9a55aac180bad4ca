/** What the bytes of pools mean to miners, one pool alone and in a list. */

import assert from "node:assert/strict";
import { heightOf } from "../../lib/check/coinbase_height.ts";
import { layoutFor, layoutRow, mixedRows } from "../../lib/check/layouts.ts";
import { roomFor } from "../../lib/mux/terms.ts";

Deno.test("a layout fits the room there is, session id included", () => {
  for (let bytes = 0; bytes <= 20; bytes++) {
    const [room, layout] = [roomFor(bytes), layoutFor(bytes)];
    assert.equal(layout === undefined, room === undefined, `${bytes} bytes`);
    if (room === undefined || layout === undefined) continue;
    const before = room.offset + room.idBytes - layout.extranonce1Bytes;
    assert.ok(before >= 0, `${bytes} bytes: room before`);
    assert.ok(bytes >= before + layout.extranonce1Bytes + layout.extranonce2Bytes, `${bytes}`);
    assert.equal(layout.miners, room.idBytes === 2 ? 65_535 : 240);
  }
  assert.equal(layoutFor(4.5), undefined);
});

Deno.test("too few bytes are a failure in words", () => {
  assert.equal(layoutRow(2).level, "failure");
  assert.match(layoutRow(2).found, /^2 bytes, which miners cannot share: 4 to 16 are needed$/);
});

Deno.test("in a list of pools that are alike to miners nothing is said", () => {
  assert.deepEqual(mixedRows([]), []);
  assert.deepEqual(mixedRows([{ place: 1, bytes: 4 }]), []);
  assert.deepEqual(mixedRows([{ place: 1, bytes: 8 }, { place: 2, bytes: 16 }]), []);
  assert.deepEqual(mixedRows([{ place: 1, bytes: 6 }, { place: 3, bytes: 7 }]), []);
});

Deno.test("in a list of different pools the narrowest decides for all", () => {
  const [row] = mixedRows([{ place: 1, bytes: 8 }, { place: 3, bytes: 6 }]);
  assert.equal(
    row!.found,
    "bytes differ: pool 1 has 8, pool 3 has 6. The narrowest decides for all: every miner gets 2 " +
      "bytes of extranonce1 and rolls 4, wherever it works, so that it can move among these pools " +
      "without reconnecting",
  );
  assert.equal(row!.advice, undefined);
  const [narrow] = mixedRows([{ place: 1, bytes: 8 }, { place: 2, bytes: 4 }]);
  assert.match(narrow!.found, /every miner gets 1 byte of extranonce1 and rolls 3/);
  assert.match(narrow!.advice!, /6 bytes or more/);
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
