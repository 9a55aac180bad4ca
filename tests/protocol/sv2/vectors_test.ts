import assert from "node:assert/strict";
import { RUN_BY, VECTORS } from "./vectors.ts";

Deno.test("each of the 52 vectors of Stratum V2 is run by one test file", () => {
  assert.equal(VECTORS.length, 52);
  assert.deepEqual(
    Object.values(RUN_BY).flat().toSorted(),
    VECTORS.map(({ name }) => name).toSorted(),
  );
});
