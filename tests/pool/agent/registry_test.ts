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
  rig.registry.enter(7);
  rig.registry.leave(7, false, 0);
  assert.deepEqual(rig.take(), [7]);
});

Deno.test("A miner whose shares wait is unregistered once they are judged, and only once", () => {
  const rig = new Rig();
  rig.registry.leave(7, true, 0);
  assert.deepEqual(rig.take(), []);
  rig.registry.settled(7);
  assert.deepEqual(rig.take(), [7]);
  rig.registry.settled(7);
  rig.registry.tick(FAREWELL_MS);
  assert.deepEqual(rig.take(), []);
});

Deno.test("Miners whose shares are not judged in time are unregistered, each in its time", () => {
  const rig = new Rig();
  rig.registry.leave(7, true, 1_000);
  rig.registry.leave(8, true, 1_500);
  rig.registry.tick(1_000 + FAREWELL_MS - 1);
  assert.deepEqual(rig.take(), []);
  rig.registry.tick(1_000 + FAREWELL_MS);
  assert.deepEqual(rig.take(), [7]);
  rig.registry.tick(1_500 + FAREWELL_MS);
  assert.deepEqual(rig.take(), [8]);
});

Deno.test("A miner that comes back before its verdicts is unregistered first", () => {
  const rig = new Rig();
  rig.registry.leave(7, true, 0);
  rig.registry.enter(7);
  assert.deepEqual(rig.take(), [7]);
  rig.registry.leave(7, true, 100);
  rig.registry.tick(FAREWELL_MS);
  assert.deepEqual(rig.take(), [], "its time begins again");
});
