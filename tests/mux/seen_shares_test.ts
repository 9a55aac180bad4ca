/** SeenShares: no share counts twice, and every new one counts. */

import assert from "node:assert/strict";
import { SeenShares } from "../../lib/mux/seen_shares.ts";

function hash(n: number): Uint8Array {
  const bytes = new Uint8Array(32);
  // A well-mixed number, as hashes are, with the zeros of a good share at the end.
  new DataView(bytes.buffer).setBigUint64(0, BigInt(n) * 0x9e3779b97f4a7c15n & 0xffffffffffffffffn);
  return bytes;
}

Deno.test("a hundred thousand shares are each new once, and then never again", () => {
  const seen = new SeenShares();
  for (let n = 1; n <= 100_000; n++) assert.ok(seen.add(hash(n)), `share ${n}`);
  for (let n = 1; n <= 100_000; n++) assert.ok(!seen.add(hash(n)), `share ${n} again`);
  assert.equal(seen.size, 100_000);
});

Deno.test("shares whose hashes begin alike are told apart", () => {
  const seen = new SeenShares();
  for (let n = 0; n < 200; n++) {
    const bytes = new Uint8Array(32);
    bytes[5] = n;
    assert.ok(seen.add(bytes));
  }
  assert.ok(!seen.add(new Uint8Array(32)));
});
