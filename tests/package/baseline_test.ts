/** The build of an older commit that measurements are held against. */

import assert from "node:assert/strict";
import { buildBaseline } from "../../scripts/baseline.ts";
import { outcome } from "../../scripts/ship/command.ts";

Deno.test("an older commit is built from the history, runs, and leaves this tree alone", async () => {
  const parent = await Deno.makeTempDir();
  try {
    const before = await outcome(["git", "status", "--porcelain"]);
    const program = await buildBaseline("a93944b", parent);
    assert.match(program, /\/btcagent-a93944b$/);
    const { code, stdout } = await outcome([program, "--version"]);
    assert.equal(code, 0);
    assert.match(stdout, /^btcagent /);
    assert.deepEqual(await outcome(["git", "status", "--porcelain"]), before);
  } finally {
    await Deno.remove(parent, { recursive: true });
  }
});

Deno.test("a commit that does not exist is named", async () => {
  await assert.rejects(buildBaseline("no-such-commit"), /no-such-commit/);
});
