/** Memory the C library keeps for later. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { MemoryTrim } from "../../lib/host/memory_trim.ts";

const MODULE = new URL("../../lib/host/memory_trim.ts", import.meta.url);
const TIME = new URL("../../lib/base/system_time.ts", import.meta.url);

/** Runs a program that has the module as `MemoryTrim`; returns what it printed. */
async function run(code: string, ...flags: readonly string[]): Promise<string> {
  const source = `
    import { MemoryTrim } from "${MODULE}";
    import { systemTime } from "${TIME}";
    ${code}
  `;
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-check",
      "--no-prompt",
      ...flags,
      `data:application/typescript,${encodeURIComponent(source)}`,
    ],
    stdin: "null",
    env: { NO_COLOR: "1", MALLOC_ARENA_MAX: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  return new TextDecoder().decode(stdout).trim();
}

Deno.test("memory that was freed goes back to the system, although younger memory is in use", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  // Below the size from which the C library asks the system for each block alone.
  const blocks = 1000;
  const bytes = 64 * 1024;
  const printed = await run(
    `
    const { symbols } = Deno.dlopen("libc.so.6", {
      malloc: { parameters: ["usize"], result: "pointer" },
      memset: { parameters: ["pointer", "i32", "usize"], result: "pointer" },
      free: { parameters: ["pointer"], result: "void" },
    });
    const before = Deno.memoryUsage().rss;
    const blocks = [];
    for (let i = 0; i < ${blocks}; i++) {
      const block = symbols.malloc(${bytes}n);
      symbols.memset(block, 1, ${bytes}n);
      blocks.push(block);
    }
    for (const block of blocks.slice(0, -1)) symbols.free(block);
    const kept = Deno.memoryUsage().rss - before;
    const trim = new MemoryTrim(systemTime, 1);
    const deadline = Date.now() + 60_000;
    let left = kept;
    while (left > kept / 4 && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      left = Deno.memoryUsage().rss - before;
    }
    await trim.stop();
    console.log(JSON.stringify({ kept, left }));
    `,
    "--allow-ffi",
  );
  const { kept, left } = JSON.parse(printed);
  assert.ok(kept > blocks * bytes / 2, `${kept} bytes were kept`);
  assert.ok(left <= kept / 4, `${left} of ${kept} bytes are left`);
});

Deno.test("it stops while it waits and while it gives back, and leaves nothing behind", async () => {
  const waiting = new MemoryTrim(systemTime, 3_600_000);
  await waiting.stop();
  await waiting.stop();
  const busy = new MemoryTrim(systemTime, 0);
  // Its timer comes first.
  await new Promise((resolve) => setTimeout(resolve, 0));
  await busy.stop();
});

Deno.test("without the permission to call the C library it does nothing and asks for none", async () => {
  const code = `
    const trim = new MemoryTrim(systemTime, 1);
    await trim.stop();
    console.log("stopped");
  `;
  assert.equal(await run(code), "stopped");
});
