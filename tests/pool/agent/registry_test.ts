/** Registry: who is known to a pool, and until when. */

import assert from "node:assert/strict";
import { FAREWELL_MS, Registry } from "../../../lib/pool/agent/registry.ts";

class Rig {
  readonly unregistered: number[] = [];
  readonly registry = new Registry({ unregister: (id) => void this.unregistered.push(id) });

  take(): number[] {
    return this.unregistered.splice(0);
  }
}

Deno.test("A miner without waiting shares is unregistered when it leaves", () => {
  const rig = new Rig();
  const { registry } = rig;
  registry.enter(7);
  registry.submitted(7);
  registry.settled(7);
  registry.leave(7, 0);
  assert.deepEqual(rig.take(), [7]);
});

Deno.test("A miner whose shares wait is unregistered with the last verdict", () => {
  const rig = new Rig();
  const { registry } = rig;
  registry.enter(7);
  registry.submitted(7);
  registry.submitted(7);
  registry.leave(7, 0);
  registry.settled(7);
  assert.deepEqual(rig.take(), []);
  registry.settled(7);
  assert.deepEqual(rig.take(), [7]);
});

Deno.test("A miner whose shares are not judged in time is unregistered, and its id is nobody's", () => {
  const rig = new Rig();
  const { registry } = rig;
  registry.enter(7);
  registry.submitted(7);
  registry.leave(7, 1_000);
  assert.deepEqual([...registry.endFarewells(1_000 + FAREWELL_MS - 1)], []);
  assert.deepEqual([...registry.endFarewells(1_000 + FAREWELL_MS)], [7]);
  assert.deepEqual(rig.take(), [7]);
  // Another miner with the same id owes nothing.
  registry.enter(7);
  registry.leave(7, 10_000);
  assert.deepEqual(rig.take(), [7]);
});

Deno.test("A miner that comes back before its verdicts is unregistered first, and its shares still count", () => {
  const rig = new Rig();
  const { registry } = rig;
  registry.enter(7);
  registry.submitted(7);
  registry.leave(7, 0);
  registry.enter(7);
  assert.deepEqual(rig.take(), [7]);
  registry.leave(7, 100);
  assert.deepEqual(rig.take(), [], "the share of its last stay waits");
  registry.settled(7);
  assert.deepEqual(rig.take(), [7]);
});
