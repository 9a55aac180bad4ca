/** What /proc says of a process. */

import assert from "node:assert/strict";
import { parseStat, Processes } from "../../lib/host/processes.ts";

const REST = "34816 1 4194304 1 0 0 0 1 1 0 0 20 0 1 0 6212345 1 2 3";

Deno.test("the parent and the start are found after a name with brackets and blanks", () => {
  assert.deepEqual(parseStat(`17 (deno) task ) S 4 17 4027 ${REST}\n`), {
    parent: 4,
    startedAt: "6212345",
  });
});

Deno.test("a process that has ended and waits for its parent to notice has ended", () => {
  assert.equal(parseStat(`17 (npm exec) Z 4 17 4027 ${REST}\n`), undefined);
  assert.equal(parseStat(""), undefined);
  assert.equal(parseStat("17 (x) S 4"), undefined);
});

Deno.test({
  name: "a running process is found with its parent and its arguments; one that ended is not",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const processes = Processes.load();
    assert.ok(processes !== undefined);
    const child = new Deno.Command("sleep", { args: ["600"] }).spawn();
    try {
      // It is there before spawn returns.
      const found = await processes.find(child.pid);
      assert.deepEqual(found?.args.slice(1), ["600"]);
      assert.match(found.args[0]!, /sleep$/);
      assert.equal(found.parent, Deno.pid);
      assert.equal(await processes.hangUp(child.pid), true);
      assert.equal((await child.status).signal, "SIGHUP");
      assert.equal(await processes.find(child.pid), undefined);
      assert.equal(await processes.hangUp(child.pid), false);
    } finally {
      processes.close();
    }
  },
});
