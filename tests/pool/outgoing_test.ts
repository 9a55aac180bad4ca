/** What goes to a pool, seen from its own side; what comes of it is in session_test.ts. */

import assert from "node:assert/strict";
import { Outgoing } from "../../lib/pool/outgoing.ts";
import { registeredNames } from "../../lib/protocol/worker_name.ts";
import { turn } from "../support/fake_clock.ts";

const NAMES = registeredNames("a".repeat(30), "w".repeat(50));

/** The outgoing side of a connection whose writes end when told, and what it reports. */
function rig() {
  const reports: string[] = [];
  let write = Promise.withResolvers<number>();
  const outgoing = new Outgoing(
    {
      write: () => (write = Promise.withResolvers<number>()).promise,
    },
    0,
    {
      unregistered: (sessionId) => reports.push(`unregistered ${sessionId}`),
      failed: (error) => reports.push(`failed: ${(error as Error).message}`),
      stalled: () => reports.push("stalled"),
    },
  );
  return { outgoing, reports, end: () => write };
}

for (const isStopped of [false, true]) {
  const when = isStopped ? "after it was stopped nothing" : "what becomes of it";
  const expected = (report: string) => isStopped ? [] : [report];

  Deno.test(`${when} is reported: a frame that was written`, async () => {
    const { outgoing, reports, end } = rig();
    outgoing.unregister(7);
    if (isStopped) outgoing.stop();
    end().resolve(6);
    await turn();
    assert.deepEqual(reports, expected("unregistered 7"));
  });

  Deno.test(`${when} is reported: a write that failed`, async () => {
    const { outgoing, reports, end } = rig();
    outgoing.unregister(7);
    if (isStopped) outgoing.stop();
    end().reject(new Error("reset"));
    await turn();
    assert.deepEqual(reports, expected("failed: reset"));
  });

  Deno.test(`${when} is reported: more than 8 MiB that wait`, async () => {
    const { outgoing, reports } = rig();
    while (outgoing.waitingBytes <= 8 << 20) {
      await turn();
      assert.deepEqual(reports, []);
      for (let i = 0; i < 10_000 && outgoing.waitingBytes <= 8 << 20; i++) {
        outgoing.register(i, NAMES);
      }
    }
    if (isStopped) outgoing.stop();
    await turn();
    assert.deepEqual(reports, expected("stalled"));
  });
}
