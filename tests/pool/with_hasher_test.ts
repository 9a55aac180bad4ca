/** Connections whose shares are hashed here, where the share hasher cannot be loaded. */

import assert from "node:assert/strict";
import { withHasher } from "../../lib/pool/with_hasher.ts";
import { FakeConnection } from "../support/fake_connection.ts";
import { turn } from "../support/fake_clock.ts";

const NO_MEMORY = new WebAssembly.CompileError("no memory for it");

Deno.test("a connection is closed when the share hasher cannot be loaded", async () => {
  const connection = new FakeConnection();
  const opened = withHasher(Promise.resolve(connection), () => Promise.reject(NO_MEMORY));
  await assert.rejects(opened, NO_MEMORY);
  assert.ok(connection.isClosed);
});

Deno.test("a dial that fails before the share hasher fails with its own reason, and alone", async () => {
  const hasher = Promise.withResolvers<never>();
  const noRoute = new Error("no route");
  await assert.rejects(withHasher(Promise.reject(noRoute), () => hasher.promise), noRoute);
  // Unheard, it would end the process.
  hasher.reject(NO_MEMORY);
  await turn();
});

Deno.test("with both there the connection is handed on, open", async () => {
  const connection = new FakeConnection();
  assert.equal(await withHasher(Promise.resolve(connection), () => Promise.resolve()), connection);
  assert.ok(!connection.isClosed);
});
