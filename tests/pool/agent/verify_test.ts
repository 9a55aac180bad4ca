/** AgentSession: verdicts are checked where that is wanted, and nothing is loaded where it is not. */

import assert from "node:assert/strict";
import { loadedShareHasher } from "../../../lib/bitcoin/load_share_hasher.ts";
import type { Verify } from "../../../lib/mux/terms.ts";
import { turnsUntil } from "../../support/fake_clock.ts";
import { handshakeLines } from "../../support/pool_lines.ts";
import { SessionRig } from "../../support/session_rig.ts";

async function ready(verify?: Verify): Promise<SessionRig> {
  const rig = new SessionRig(verify === undefined ? {} : { verify });
  await rig.connect();
  await rig.say(...handshakeLines());
  await turnsUntil(() => rig.events.upstream !== undefined, "it is ready");
  return rig;
}

// In this order: a file's tests share what was loaded.

Deno.test("the share hasher is not loaded for an agent pool unless its verdicts are checked", async () => {
  for (const verify of [undefined, "off"] as const) {
    const { upstream, session } = await ready(verify);
    assert.equal(upstream.terms.verify ?? "off", "off");
    assert.throws(() => loadedShareHasher(), /the hasher is not loaded/);
    session.close();
  }
});

Deno.test("it is there once a session whose verdicts are checked is ready", async () => {
  const { upstream, session } = await ready("sample");
  assert.equal(upstream.terms.verify, "sample");
  assert.ok(loadedShareHasher());
  session.close();
});
