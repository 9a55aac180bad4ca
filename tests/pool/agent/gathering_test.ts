/** Gathering: the first frame at once, then one write a window or a segment, nothing later. */

import assert from "node:assert/strict";
import { mock } from "node:test";
import fc from "fast-check";
import { systemTime } from "../../../lib/base/system_time.ts";
import { Outbox } from "../../../lib/net/pools/outbox.ts";
import { Gathering, SEGMENT_BYTES } from "../../../lib/pool/agent/gathering.ts";
import { turn } from "../../support/fake_clock.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

const WINDOW_MS = 40;

/** An outbox being gathered for, with timers that stand still until moved. */
class Rig {
  readonly connection = new FakeConnection();
  readonly outbox = new Outbox(this.connection, { written: () => {}, failed: () => {} });
  readonly gathering: Gathering;

  constructor(windowMs = WINDOW_MS) {
    this.gathering = new Gathering(this.outbox, windowMs, systemTime);
  }

  /** A frame of this many bytes. */
  async append(bytes = 15): Promise<void> {
    this.outbox.append(new Uint8Array(bytes));
    this.gathering.appended();
    await turn();
  }

  async pass(ms: number): Promise<void> {
    mock.timers.tick(ms);
    await turn();
  }

  /** The sizes of the writes since the last look. */
  writes(): number[] {
    return this.connection.writes.splice(0).map(({ length }) => length);
  }
}

function timed(name: string, run: (rig: Rig) => Promise<void>, windowMs = WINDOW_MS): void {
  Deno.test(name, async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const rig = new Rig(windowMs);
    try {
      await run(rig);
    } finally {
      rig.gathering.stop();
      mock.timers.reset();
    }
  });
}

timed("The first frame after quiet is written at once", async (rig) => {
  await rig.append();
  assert.deepEqual(rig.writes(), [15]);
  await rig.pass(WINDOW_MS);
  await rig.append();
  assert.deepEqual(rig.writes(), [15]);
});

timed("Frames within a window are one write at its end", async (rig) => {
  await rig.append();
  for (let i = 0; i < 10; i++) {
    await rig.pass(3);
    await rig.append();
  }
  assert.deepEqual(rig.writes(), [15]);
  await rig.pass(9);
  assert.deepEqual(rig.writes(), []);
  await rig.pass(1);
  assert.deepEqual(rig.writes(), [150]);
});

timed("Under steady load there is one write a window", async (rig) => {
  for (let ms = 0; ms < 400; ms++) {
    await rig.append();
    await rig.pass(1);
  }
  assert.deepEqual(rig.writes(), [15, 585, ...Array(9).fill(600)]);
});

timed("Frames that fill a segment do not wait for the window", async (rig) => {
  await rig.append();
  for (let i = 0; i < 93; i++) await rig.append();
  assert.deepEqual(rig.writes(), [15]);
  await rig.append();
  assert.deepEqual(rig.writes(), [94 * 15]);
  assert.ok(94 * 15 >= SEGMENT_BYTES && 93 * 15 < SEGMENT_BYTES);
});

timed("A window of 0 ms writes each frame at once", async (rig) => {
  for (let i = 0; i < 3; i++) await rig.append();
  assert.deepEqual(rig.writes(), [15, 15, 15]);
}, 0);

timed("A flush writes what waits now", async (rig) => {
  await rig.append();
  await rig.append();
  rig.gathering.flush();
  await turn();
  assert.deepEqual(rig.writes(), [15, 15]);
});

timed("A gathering that was stopped writes nothing any more", async (rig) => {
  await rig.append();
  await rig.append();
  rig.gathering.stop();
  await rig.pass(WINDOW_MS * 2);
  assert.deepEqual(rig.writes(), [15]);
});

Deno.test("No byte waits longer than a window, and no write is needlessly small", async () => {
  const step = fc.record({
    pause: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 100 })),
    bytes: fc.integer({ min: 6, max: 100 }),
    times: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 })),
  });
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25, size: "max" }), async (steps) => {
        const rig = new Rig();
        let time = 0;
        /** When each byte was appended that is not written. */
        const waiting: number[] = [];
        const smallWritesAt: number[] = [];
        const look = () => {
          for (const size of rig.writes()) {
            const since = waiting.splice(0, size)[0]!;
            assert.ok(time - since <= WINDOW_MS, `waited ${time - since} ms`);
            if (size < SEGMENT_BYTES) smallWritesAt.push(time);
          }
          assert.ok(waiting.length < SEGMENT_BYTES, `${waiting.length} bytes wait`);
        };
        const pass = async (ms: number) => {
          for (let i = 0; i < ms; i++) {
            time++;
            await rig.pass(1);
            look();
          }
        };
        for (const { pause, bytes, times } of steps) {
          await pass(pause);
          for (let i = 0; i < times; i++) {
            waiting.push(...Array(bytes).fill(time));
            await rig.append(bytes);
            look();
          }
        }
        await pass(WINDOW_MS);
        rig.gathering.stop();
        assert.equal(waiting.length, 0);
        for (const [i, at] of smallWritesAt.entries()) {
          if (i > 0) assert.ok(at - smallWritesAt[i - 1]! >= WINDOW_MS, "two small writes at once");
        }
      }),
      { seed: 8, numRuns: 300 },
    );
  } finally {
    mock.timers.reset();
  }
});
