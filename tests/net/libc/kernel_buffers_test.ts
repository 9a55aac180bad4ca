/** The bounds of what the kernel holds, on sockets that Deno opened. */

import assert from "node:assert/strict";
import { boundKernelBuffers, BUFFER_OPTIONS } from "../../../lib/net/libc/kernel_buffers.ts";

Deno.test("a socket that does not listen here is not found, and nothing is set", () => {
  assert.equal(boundKernelBuffers({ hostname: "127.0.0.1", port: 1 }), false);
});

Deno.test({
  name: "a listening socket is found by its address, IPv4 or IPv6",
  ignore: Deno.build.os !== "linux",
  fn: () => {
    for (const hostname of ["127.0.0.1", "::1", "::"]) {
      using listener = Deno.listen({ hostname, port: 0 });
      assert.equal(boundKernelBuffers(listener.addr), true, hostname);
    }
  },
});

Deno.test("without the permission to call the C library nothing is bounded, and no permission is asked for", async () => {
  const url = new URL("../../../lib/net/libc/kernel_buffers.ts", import.meta.url);
  const code = `import { boundKernelBuffers } from "${url}";
    console.log(boundKernelBuffers({ hostname: "127.0.0.1", port: 1 }));`;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", `data:application/typescript,${encodeURIComponent(code)}`],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(new TextDecoder().decode(stdout).trim(), "false");
});

Deno.test("the bounds leave room for the longest job in one write", () => {
  for (const { value } of BUFFER_OPTIONS) assert.ok(value >= 2 * 32 * 1024);
});
