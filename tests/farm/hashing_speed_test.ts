import assert from "node:assert/strict";
import { measureHashing } from "../../scripts/bench/hashing.ts";

Deno.test("hashing a share takes at most 0.3 of hash-wasm's time, four at once half of that", async () => {
  const results = await measureHashing();
  const ratioOf = (name: string) => results.find((result) => result.name === name)?.ratio ?? NaN;
  assert.equal(ratioOf("hash-wasm"), 1);
  assert.ok(ratioOf("one call a share") <= 0.3, JSON.stringify(results));
  assert.ok(ratioOf("four shares a call") <= 0.15, JSON.stringify(results));
});
