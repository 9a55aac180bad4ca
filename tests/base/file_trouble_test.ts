/** What people are told about files that cannot be used. */

import assert from "node:assert/strict";
import { fileTrouble } from "../../lib/base/file_trouble.ts";
import { examineLogFolder } from "../../lib/check/machine.ts";
import { readConfigFile } from "../../lib/config/file.ts";

/** The tests have these permissions and not `--allow-all`, as `deno task start` has. */
async function errorOf(use: () => Promise<unknown>): Promise<unknown> {
  return await use().then(() => assert.fail("it can be used"), (error) => error);
}

Deno.test("a path of the system is named as one, without the advice to allow everything", async () => {
  for (const path of ["/dev/shm/btcagent", "/proc/btcagent", "/sys/btcagent"]) {
    const error = await errorOf(() => Deno.mkdir(path));
    assert.match(String(error), /--allow-all/, "Deno's own advice");
    assert.equal(fileTrouble(error), "Deno keeps programs out of /dev, /proc and /sys");
  }
});

Deno.test("other errors are reported in the words of the system", async () => {
  const error = await errorOf(() => Deno.stat("/nowhere"));
  assert.match(fileTrouble(error), /^No such file or directory \(os error 2\)/);
  assert.equal(fileTrouble("odd"), "odd");
});

Deno.test("a configuration from standard input is refused with what to do", async () => {
  const file = await readConfigFile("/dev/stdin");
  assert.equal(
    file.ok ? "" : file.message,
    "cannot read the configuration /dev/stdin: Deno keeps programs out of /dev, /proc and /sys; " +
      "name a readable file with -c",
  );
});

Deno.test("check tells to put the log elsewhere than below /dev", async () => {
  const { level, found, advice } = await examineLogFolder("/dev/shm/btcagent");
  assert.deepEqual({ level, found, advice }, {
    level: "failure",
    found: '"/dev/shm/btcagent" cannot be written to: Deno keeps programs out of /dev, /proc and ' +
      "/sys",
    advice: "name a writable folder with -l",
  });
});
