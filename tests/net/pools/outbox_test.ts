/** Outbox: bytes arrive in order, once, whatever the connection takes at a time. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { Outbox, type OutboxEvents } from "../../../lib/net/pools/outbox.ts";
import { turn } from "../../support/fake_clock.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

class Recorder implements OutboxEvents {
  readonly positions: number[] = [];
  readonly failures: unknown[] = [];

  written(position: number): void {
    this.positions.push(position);
  }

  failed(error: unknown): void {
    this.failures.push(error);
  }
}

function open(): { outbox: Outbox; connection: FakeConnection; events: Recorder } {
  const connection = new FakeConnection();
  const events = new Recorder();
  return { outbox: new Outbox(connection, events), connection, events };
}

const bytes = (...values: number[]) => Uint8Array.from(values);

Deno.test("Outbox writes nothing before it is flushed, then all of it in one write", async () => {
  const { outbox, connection, events } = open();
  outbox.append(bytes(1, 2));
  outbox.append(bytes(3));
  await turn();
  assert.deepEqual(connection.writes, []);
  assert.equal(outbox.gatheredBytes, 3);
  outbox.flush();
  assert.equal(outbox.gatheredBytes, 0);
  assert.equal(outbox.waitingBytes, 3);
  await turn();
  assert.deepEqual(connection.writes, [bytes(1, 2, 3)]);
  assert.equal(outbox.waitingBytes, 0);
  assert.deepEqual(events.positions, [3]);
});

Deno.test("Outbox does not write nothing when flushed empty", async () => {
  const { outbox, connection, events } = open();
  outbox.flush();
  await turn();
  assert.deepEqual(connection.writes, []);
  assert.deepEqual(events.positions, []);
});

Deno.test("Outbox reports bytes as written only when the last of a batch is taken", async () => {
  const { outbox, connection, events } = open();
  connection.isHolding = true;
  outbox.append(bytes(1, 2, 3, 4, 5));
  outbox.flush();
  for (const left of [4, 3, 2, 1]) {
    connection.take(1);
    await turn();
    assert.equal(outbox.waitingBytes, left);
    assert.deepEqual(events.positions, []);
  }
  connection.take(1);
  await turn();
  assert.deepEqual(events.positions, [5]);
  assert.deepEqual(connection.written, bytes(1, 2, 3, 4, 5));
});

Deno.test("Outbox writes bytes flushed during a write right after it, together", async () => {
  const { outbox, connection, events } = open();
  connection.isHolding = true;
  outbox.append(bytes(1));
  outbox.flush();
  outbox.append(bytes(2));
  outbox.flush();
  outbox.append(bytes(3));
  connection.take();
  await turn();
  assert.deepEqual(events.positions, [1]);
  assert.equal(outbox.gatheredBytes, 0);
  connection.take();
  await turn();
  assert.deepEqual(connection.writes, [bytes(1), bytes(2, 3)]);
  assert.deepEqual(events.positions, [1, 3]);
});

Deno.test("Outbox keeps bytes only appended during a write for the next flush", async () => {
  const { outbox, connection } = open();
  outbox.append(bytes(1));
  outbox.flush();
  outbox.append(bytes(2));
  await turn();
  assert.deepEqual(connection.writes, [bytes(1)]);
  assert.equal(outbox.gatheredBytes, 1);
});

Deno.test("Outbox.giveBack takes unneeded bytes off the end", async () => {
  const { outbox, connection } = open();
  const at = outbox.reserve(8);
  outbox.view.setUint16(at, 0xabcd);
  outbox.giveBack(6);
  assert.equal(outbox.position, 2);
  outbox.append(bytes(7));
  outbox.flush();
  await turn();
  assert.deepEqual(connection.writes, [bytes(0xab, 0xcd, 7)]);
});

Deno.test("Outbox fails once, and writes nothing any more", async () => {
  const { outbox, connection, events } = open();
  connection.isHolding = true;
  outbox.append(bytes(1, 2));
  outbox.flush();
  outbox.append(bytes(3));
  const error = new Error("broken pipe");
  connection.failWrite(error);
  await turn();
  assert.deepEqual(events.failures, [error]);
  outbox.flush();
  await turn();
  assert.equal(connection.isWriting, false);
  assert.deepEqual(connection.writes, []);
  assert.deepEqual(events.positions, []);
});

Deno.test("Outbox does not count bytes of a failed write as taken", async () => {
  const { outbox, connection } = open();
  connection.isHolding = true;
  outbox.append(bytes(1, 2, 3));
  outbox.flush();
  connection.take(1);
  await turn();
  connection.failWrite(new Error("broken pipe"));
  await turn();
  assert.equal(outbox.position - outbox.waitingBytes, 1);
});

/** What may happen to an outbox. */
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 9000 }) }) },
  { weight: 2, arbitrary: fc.record({ reserve: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 2, arbitrary: fc.constant({ flush: true as const }) },
  { weight: 4, arbitrary: fc.record({ take: fc.integer({ min: 1, max: 12_000 }) }) },
);

Deno.test("Outbox delivers every byte once and in order in any course of events", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const { outbox, connection, events } = open();
      connection.isHolding = true;
      const expected: number[] = [];
      let counter = 0;
      let flushed = 0;
      for (const what of steps) {
        if ("append" in what) {
          const chunk = Uint8Array.from({ length: what.append }, () => counter++ % 251);
          expected.push(...chunk);
          outbox.append(chunk);
          chunk.fill(0xee);
        } else if ("reserve" in what) {
          const at = outbox.reserve(what.reserve + 5);
          for (let i = 0; i < what.reserve; i++) {
            outbox.view.setUint8(at + i, counter % 251);
            expected.push(counter++ % 251);
          }
          outbox.giveBack(5);
        } else if ("flush" in what) {
          outbox.flush();
          flushed = expected.length;
        } else {
          connection.take(what.take);
          await turn();
        }
        const taken = connection.writes.reduce((sum, { length }) => sum + length, 0);
        assert.equal(outbox.position, expected.length);
        assert.equal(outbox.waitingBytes, expected.length - taken);
        assert.ok((events.positions.at(-1) ?? 0) <= taken, "reported before it was taken");
      }
      connection.isHolding = false;
      connection.take();
      await turn();
      assert.ok(connection.written.length >= flushed, "a flush was forgotten");
      outbox.flush();
      await turn();
      assert.deepEqual(connection.written, Uint8Array.from(expected));
      assert.equal(events.positions.at(-1) ?? 0, expected.length);
    }),
    { seed: 2, numRuns: 150 },
  );
});
