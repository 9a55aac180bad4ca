/** SeenShares: no share counts twice, and every new one counts. */

import assert from "node:assert/strict";
import { SeenShares } from "../../lib/mux/seen_shares.ts";

function hash(n: number): Uint32Array {
  // A well-mixed number, as hashes are, with the zeros of a good share at the end.
  const mixed = BigInt(n) * 0x9e3779b97f4a7c15n & 0xffffffffffffffffn;
  return Uint32Array.of(Number(mixed & 0xffffffffn), Number(mixed >> 32n), 0, 0, 0, 0, 0, 0);
}

Deno.test("a hundred thousand shares are each new once, and then never again", () => {
  const seen = new SeenShares();
  for (let n = 1; n <= 100_000; n++) assert.ok(seen.add(hash(n)), `share ${n}`);
  for (let n = 1; n <= 100_000; n++) assert.ok(!seen.add(hash(n)), `share ${n} again`);
  assert.equal(seen.size, 100_000);
});

Deno.test("shares whose hashes begin alike are different shares", () => {
  const seen = new SeenShares();
  for (let n = 0; n < 200; n++) {
    assert.ok(seen.add(Uint32Array.of(5, 2 * n, 0, 0, 0, 0, 0, 0)));
  }
  assert.ok(!seen.add(Uint32Array.of(5, 0, 0, 0, 0, 0, 0, 0)));
});
