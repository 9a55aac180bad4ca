/** Plain TCP: what Deno.connect is trusted with is the choice among a name's addresses. */

import assert from "node:assert/strict";
import { dialTcp } from "../../../lib/net/pools/dial.ts";
import { freePort } from "../../support/free_port.ts";

const PLACES: [listen: string, host: string][] = [
  ["127.0.0.1", "127.0.0.1"],
  ["127.0.0.1", "localhost"],
  ["::1", "::1"],
];
for (const [hostname, host] of PLACES) {
  const ignore = !canListenOn(hostname);
  Deno.test({ name: `${host} is connected to`, ignore }, async () => {
    using listener = Deno.listen({ hostname, port: 0 });
    const address = { host, port: listener.addr.port };
    using conn = await dialTcp(address, new AbortController().signal);
    using accepted = await listener.accept();
    assert.equal(accepted.remoteAddr.port, conn.localAddr.port);
  });
}

/** Some machines have no IPv6. */
function canListenOn(hostname: string): boolean {
  try {
    Deno.listen({ hostname, port: 0 }).close();
    return true;
  } catch {
    return false;
  }
}

Deno.test("a port without a listener is refused", async () => {
  const address = { host: "127.0.0.1", port: freePort() };
  await assert.rejects(
    dialTcp(address, new AbortController().signal),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("an abort is the reason given, before and while connecting", async () => {
  const reason = new Error("enough");
  await assert.rejects(dialTcp({ host: "127.0.0.1", port: 1 }, AbortSignal.abort(reason)), reason);
  const controller = new AbortController();
  // Addresses of documentation lead nowhere (RFC 5737).
  const dialling = dialTcp({ host: "192.0.2.1", port: 9 }, controller.signal);
  controller.abort(reason);
  await assert.rejects(dialling, reason);
});
