/** Memory that only shows what files say. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { filePages, ProgramPages } from "../../lib/host/program_pages.ts";

const MODULE = new URL("../../lib/host/program_pages.ts", import.meta.url);
const TIME = new URL("../../lib/base/system_time.ts", import.meta.url);

/** One area of `/proc/self/smaps`. */
function area(head: string, anonymousKb: number): string {
  return `${head}\nSize:               4096 kB\nRss:                1024 kB\n` +
    `Private_Dirty:         0 kB\nAnonymous:      ${anonymousKb} kB\nVmFlags: rd ex mr mw me\n`;
}

const PROGRAM = "5000-9000 r-xp 00001000 fe:00 77    /usr/lib/btcagent/deno";

Deno.test("what is mapped from a file and never written to may be given back", () => {
  const tables = "1000-5000 r--p 00000000 fe:00 77    /usr/lib/btcagent/my deno (deleted)";
  assert.deepEqual(filePages(area(tables, 0) + area(PROGRAM, 0)), [
    { start: 0x1000n, size: 0x4000n },
    { start: 0x5000n, size: 0x4000n },
  ]);
});

const KEPT: Readonly<Record<string, string>> = {
  "pages of a file that the loader changed before it closed them": area(PROGRAM, 8),
  "what may be written to": area(PROGRAM.replace("r-xp", "rw-p"), 0),
  "what others see, too": area(PROGRAM.replace("r-xp", "r--s"), 0),
  "memory without a file": area("5000-9000 r--p 00000000 00:00 0 ", 0),
  "the heap": area("5000-9000 r--p 00000000 00:00 0    [heap]", 0),
  "code that was compiled here": area("5000-9000 r-xp 00000000 00:00 0 ", 0),
  "what has a name and no file": area("5000-9000 r--p 00000000 00:05 0    /memfd:jit", 0),
  "nothing at all": "",
};
for (const [name, smaps] of Object.entries(KEPT)) {
  Deno.test(`it is kept: ${name}`, () => assert.deepEqual(filePages(smaps), []));
}

Deno.test("half of the runtime is given back, and the program goes on", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  const source = `
    import { ProgramPages } from "${MODULE}";
    import { systemTime } from "${TIME}";
    const before = Deno.memoryUsage().rss;
    const pages = new ProgramPages(systemTime, 1);
    const deadline = Date.now() + 60_000;
    let least = before;
    while (least > before * 0.8 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      least = Math.min(least, Deno.memoryUsage().rss);
    }
    await pages.stop();
    console.log(JSON.stringify({ before, least, sorted: [3, 1, 2].sort() }));
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      "--allow-ffi",
      `data:application/typescript,${encodeURIComponent(source)}`,
    ],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const { before, least, sorted } = JSON.parse(new TextDecoder().decode(stdout));
  assert.ok(least <= before * 0.8, `${least} of ${before} bytes are left`);
  assert.deepEqual(sorted, [1, 2, 3]);
});

Deno.test("it stops while it waits and while it gives back, and leaves nothing behind", async () => {
  const waiting = new ProgramPages(systemTime, 3_600_000);
  await waiting.stop();
  await waiting.stop();
  const busy = new ProgramPages(systemTime, 0);
  // Its timer comes first.
  await new Promise((resolve) => setTimeout(resolve, 0));
  await busy.stop();
});
