import assert from "node:assert/strict";
import { loadedShareHasher, loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";

Deno.test("the share hasher is there once it is loaded, one for all, and not before", async () => {
  assert.throws(() => loadedShareHasher(), /not loaded/);
  const [one, other] = await Promise.all([loadShareHasher(), loadShareHasher()]);
  assert.equal(one, other);
  assert.equal(loadedShareHasher(), one);
  assert.equal(await loadShareHasher(), one);
});
