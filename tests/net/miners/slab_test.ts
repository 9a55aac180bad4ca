/** Read buffers: each its own bytes, and used again. */

import assert from "node:assert/strict";
import { Slab, SLAB_BUFFER_BYTES } from "../../../lib/net/miners/slab.ts";

/** More than one block of the slab holds. */
const MANY = 3 * 4096 + 5;

Deno.test("buffers lent at the same time share no byte, over many blocks", () => {
  const slab = new Slab();
  const buffers = Array.from({ length: MANY }, () => slab.take());
  buffers.forEach((buffer, i) => buffer.fill(i % 251));
  for (const [i, buffer] of buffers.entries()) {
    assert.equal(buffer.length, SLAB_BUFFER_BYTES);
    assert.ok(buffer.every((byte) => byte === i % 251), `buffer ${i}`);
  }
});

Deno.test("a buffer given back is lent before a new one is cut", () => {
  const slab = new Slab();
  const [first, second] = [slab.take(), slab.take()];
  slab.give(first);
  slab.give(second);
  const again = new Set([slab.take(), slab.take()]);
  assert.deepEqual(again, new Set([first, second]));
  assert.ok(!again.has(slab.take()));
});

Deno.test("a thousand buffers cost one block, not a thousand arrays of bytes", () => {
  const slab = new Slab();
  const blocks = new Set(Array.from({ length: 1000 }, () => slab.take().buffer));
  assert.equal(blocks.size, 1);
});
