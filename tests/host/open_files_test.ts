/** How many miners there is room for. */

import assert from "node:assert/strict";
import { openFileLimit, roomForMiners } from "../../lib/host/open_files.ts";

Deno.test("the limit of open files is the one this process has", async () => {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "ulimit -n"] }).output();
  assert.equal(await openFileLimit(), Number(new TextDecoder().decode(stdout)));
});

Deno.test("without the permission to ask the C library the limit is unknown, and none is asked for", async () => {
  const url = new URL("../../lib/host/open_files.ts", import.meta.url);
  const code = `import { openFileLimit } from "${url}"; console.log(await openFileLimit());`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      `data:application/typescript,${encodeURIComponent(code)}`,
    ],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), "undefined");
});

for (
  const [name, openFiles, wanted, pools, miners, reserve, forPools] of [
    ["a usual limit", 20_000, undefined, 3, 19_869, 131, 65],
    ["a high limit: session ids are the bound", 1_048_576, undefined, 3, 65_535, 131, 65],
    ["a low limit: a quarter is kept", 100, undefined, 3, 75, 25, 12],
    ["the operator wants fewer", 20_000, 500, 3, 500, 131, 65],
    ["the operator wants more than fit", 1024, 10_000, 3, 893, 131, 65],
    [
      "many sub-accounts: never more than a quarter for them",
      4096,
      undefined,
      3000,
      3072,
      1024,
      896,
    ],
    ["next to nothing", 1, undefined, 3, 1, 0, 0],
    ["an unknown limit", undefined, undefined, 3, 65_535, 0, 3],
    ["an unknown limit and a wish", undefined, 500, 3, 500, 0, 3],
  ] as const
) {
  Deno.test(`room for miners with ${name}`, () => {
    const room = { miners, reserve, poolConnections: forPools, workerConnections: 0 };
    const files = { connections: pools, minersPerConnection: Infinity, wantsOneEach: false };
    assert.deepEqual(roomForMiners(openFiles, wanted, files), room);
  });
}

Deno.test("where each connection holds 112 miners, files are kept for all of those, and none is left over", () => {
  const pools = { connections: 3, minersPerConnection: 112, wantsOneEach: false };
  for (let openFiles = 524; openFiles < 2_000; openFiles++) {
    const { miners, reserve } = roomForMiners(openFiles, undefined, pools);
    const unused = openFiles - miners - reserve;
    assert.equal(reserve, 128 + 3 + Math.ceil(miners / 112));
    // A miner that needs a connection with it takes two.
    assert.ok(unused === 0 || unused === 1 && miners % 112 === 0, `${openFiles} open files`);
  }
  assert.equal(roomForMiners(20_000, 500, pools).reserve, 128 + 3 + 5);
  assert.equal(roomForMiners(undefined, undefined, pools).miners, 65_535);
});

for (
  const [name, openFiles, wanted, miners, workers] of [
    [
      "half of the files where nobody says how many miners there are",
      20_000,
      undefined,
      9_934,
      9_934,
    ],
    ["all of them, if the miners that are wanted leave as many files", 20_000, 5_000, 5_000, 5_000],
    ["what the miners that are wanted leave", 20_000, 15_000, 15_000, 4_869],
    ["none, if those take all", 1_024, 10_000, 893, 0],
    ["as many as miners, where no limit is known", undefined, 500, 500, 500],
  ] as const
) {
  Deno.test(`connections of single workers: ${name}`, () => {
    const files = { connections: 3, minersPerConnection: Infinity, wantsOneEach: true };
    const room = roomForMiners(openFiles, wanted, files);
    assert.deepEqual([room.miners, room.workerConnections], [miners, workers]);
    if (openFiles !== undefined) assert.ok(room.miners + room.reserve <= openFiles);
  });
}
