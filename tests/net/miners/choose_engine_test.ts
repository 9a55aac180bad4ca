/** Which engine serves, and what happens where the lean one cannot be had. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { startEngine } from "../../../lib/net/miners/choose_engine.ts";
import { Libc } from "../../../lib/net/libc/calls.ts";
import { LibcUnavailable } from "../../../lib/net/libc/library.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { LIMITS } from "./engine_contract.ts";

function options(port = 0) {
  const events = new EngineRecord();
  return { hostname: "127.0.0.1", port, events, limits: LIMITS, now: () => 0, time: systemTime };
}

const LIBC_PATH = `/lib/${Deno.build.arch}-linux-gnu/libc.so.6`;

Deno.test("where it runs the libc engine is chosen, and one named is taken", async () => {
  for (const [wanted, kind] of [["auto", "libc"], ["libc", "libc"], ["deno", "deno"]] as const) {
    const started = startEngine(wanted, options());
    assert.equal(started.kind, kind);
    assert.equal(started.reason, undefined);
    await started.engine.stop();
  }
});

Deno.test("the permission for the one file is enough", {
  permissions: { ffi: [LIBC_PATH], net: true },
}, async () => {
  const { engine, kind } = startEngine("libc", options());
  assert.equal(kind, "libc");
  await engine.stop();
});

Deno.test(
  "without the permission the deno engine serves, and the reason is reported",
  { permissions: { ffi: false, net: true } },
  async () => {
    const { engine, kind, reason } = startEngine("auto", options());
    assert.equal(kind, "deno");
    assert.match(reason!, /--allow-ffi/);
    await engine.stop();
  },
);

Deno.test(
  "the libc engine is not silently replaced when it is asked for by name",
  { permissions: { ffi: false, net: true } },
  () => {
    assert.throws(() => startEngine("libc", options()), LibcUnavailable);
  },
);

Deno.test(
  "permission for another file is no permission",
  { permissions: { ffi: ["/nowhere/libc.so.6"], net: true } },
  () => {
    assert.throws(() => new Libc(), LibcUnavailable);
  },
);

Deno.test("a port that is taken is an error with every engine, not a reason for another one", async () => {
  const other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const wanted of ["auto", "libc", "deno"] as const) {
    assert.throws(() => startEngine(wanted, options(other.addr.port)), Deno.errors.AddrInUse);
  }
  other.close();
  const { engine } = startEngine("auto", options(other.addr.port));
  await engine.stop();
});
