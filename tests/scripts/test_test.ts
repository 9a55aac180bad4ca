/** Which tests `deno task test` runs, and which of them together. */

import assert from "node:assert/strict";
import { testFiles, testModules } from "../../scripts/test.ts";

Deno.test("every test file runs once, except those with a task of their own", () => {
  const files = testFiles();
  assert.ok(files.length > 200);
  const run = testModules(files).flatMap((module) => module.files);
  const others = files.filter((file) => /^tests\/(browser|farm|package)\//.test(file));
  assert.ok(others.length > 10);
  assert.deepEqual([...run, ...others].sort(), files.toSorted());
});

Deno.test("files of a folder run together, ten at most; those with farms or processes alone", () => {
  const mux = Array.from({ length: 12 }, (_, i) => `tests/mux/a${10 + i}_test.ts`);
  const alone = ["tests/loopback/a_test.ts", "tests/scripts/ship/b_test.ts"];
  const others = ["tests/drain_test.ts", "tests/farm/a_test.ts"];
  assert.deepEqual(testModules([...mux, ...alone, ...others]), [
    { name: "tests_1.ts", files: [others[0]] },
    { name: undefined, files: [alone[0]] },
    { name: "mux_1.ts", files: mux.slice(0, 10) },
    { name: "mux_2.ts", files: mux.slice(10) },
    { name: undefined, files: [alone[1]] },
  ]);
});
