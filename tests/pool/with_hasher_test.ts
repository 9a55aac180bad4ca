/** Connections whose shares are hashed here, where the share hasher cannot be loaded. */

import assert from "node:assert/strict";
import { turn, turnsUntil } from "../support/fake_clock.ts";
import { SessionRig } from "../support/session_rig.ts";
import { StratumRig } from "../support/stratum_rig.ts";

/** WebAssembly that cannot be started, until it is disposed of. */
class NoWebAssembly {
  readonly #module = WebAssembly.Module;
  /** How often it was tried. */
  tries = 0;

  constructor() {
    const noteTry = () => this.tries++;
    Reflect.set(
      WebAssembly,
      "Module",
      class {
        constructor() {
          noteTry();
          throw new WebAssembly.CompileError("no memory for it");
        }
      },
    );
  }

  [Symbol.dispose](): void {
    Reflect.set(WebAssembly, "Module", this.#module);
  }
}

const RIGS = {
  "a Stratum pool": () => new StratumRig(),
  "an agent pool whose verdicts are checked": () => new SessionRig({ verify: "sample" }),
};

for (const [pool, start] of Object.entries(RIGS)) {
  Deno.test(`A connection to ${pool} is closed when the share hasher cannot be loaded`, async () => {
    using _none = new NoWebAssembly();
    const { dial, connection, events } = start();
    dial.calls[0]!.answer(connection);
    await turnsUntil(() => events.endReason !== undefined, "it ends");
    assert.equal(events.endReason, "no memory for it");
    assert.ok(connection.isClosed);
  });

  Deno.test(`A dial to ${pool} that fails before the share hasher ends the session with its own reason`, async () => {
    using none = new NoWebAssembly();
    const { dial, events } = start();
    dial.calls[0]!.refuse(new Error("no route"));
    await turn();
    assert.equal(events.endReason, "no route");
    await turnsUntil(() => none.tries > 0, "the hasher fails, too");
    await turn();
    assert.equal(events.all.length, 1);
  });
}
