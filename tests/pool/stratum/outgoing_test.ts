/** What goes to a Stratum pool: how fast, in which order, and what happens when it does not take it. */

import assert from "node:assert/strict";
import { MAX_QUEUED } from "../../../lib/pool/outgoing.ts";
import { Outgoing } from "../../../lib/pool/stratum/outgoing.ts";
import { FakeClock, turn } from "../../support/fake_clock.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

class Rig {
  readonly clock = new FakeClock();
  readonly connection = new FakeConnection();
  readonly sent: number[] = [];
  readonly abandoned: number[] = [];
  failed: unknown;
  stalled = 0;
  readonly outgoing = new Outgoing(this.connection, { bytes: 100, messages: 3 }, this.clock.now, {
    sent: (serial) => void this.sent.push(serial),
    abandoned: (serial) => void this.abandoned.push(serial),
    failed: (error) => this.failed = error,
    stalled: (bytes) => this.stalled = bytes,
  });

  submit(serial: number, isBlock = false, length = 150): boolean {
    const text = `{"id":${serial}}`;
    return this.outgoing.submitLine(serial, text.padEnd(length), isBlock);
  }

  /** The serials written since the last look. */
  async written(): Promise<number[]> {
    for (let i = 0; i < 20; i++) await turn();
    const text = new TextDecoder().decode(this.connection.written);
    this.connection.writes.length = 0;
    return text.split("\n").slice(0, -1).map((line) => JSON.parse(line).id);
  }
}

const upTo = (end: number, from = 0) => Array.from({ length: end - from }, (_, i) => from + i);

Deno.test("Of many shares at once fifty go, then a hundred a second, in order", async () => {
  const rig = new Rig();
  for (const serial of upTo(300)) rig.submit(serial, false, 100);
  assert.deepEqual(await rig.written(), upTo(50));
  for (let second = 0; second < 2; second++) {
    const before = 50 + 100 * second;
    for (let tick = 0; tick < 4; tick++) {
      rig.clock.advance(250);
      rig.outgoing.heard();
      rig.outgoing.tick();
      await turn();
    }
    assert.deepEqual(await rig.written(), upTo(before + 100, before));
  }
  assert.equal(rig.outgoing.queued, 50);
});

Deno.test("A share that may be a block goes at once, past everything that waits", async () => {
  const rig = new Rig();
  for (const serial of upTo(200)) rig.submit(serial);
  await rig.written();
  rig.submit(200, true);
  assert.deepEqual(await rig.written(), [200]);
});

Deno.test("No write holds more than four KiB of submits, so that no pool takes it for a flood", async () => {
  const rig = new Rig();
  rig.connection.isHolding = true;
  for (const serial of upTo(50)) rig.submit(serial);
  rig.connection.isHolding = false;
  rig.connection.take();
  await turn();
  for (let i = 0; i < 20; i++) await turn();
  assert.ok(rig.connection.writes.length >= 2);
  for (const bytes of rig.connection.writes) assert.ok(bytes.length <= 4096, `${bytes.length}`);
});

Deno.test("A pool that is not heard gets no more than 8,000 bytes of submits, then goes on", async () => {
  const rig = new Rig();
  for (let second = 0; second < 10; second++) {
    rig.clock.advance(1000);
    for (let i = 0; i < 20; i++) rig.submit(20 * second + i);
  }
  const before = (await rig.written()).length;
  assert.equal(before, Math.floor(8000 / 151));
  rig.clock.advance(10_000);
  rig.outgoing.tick();
  assert.deepEqual(await rig.written(), [], "however long it is silent");
  rig.submit(200, true);
  assert.deepEqual(await rig.written(), [200], "but for a block");
  rig.outgoing.heard();
  assert.deepEqual(await rig.written(), upTo(before + 50, before));
});

Deno.test("Of more than a thousand that wait the oldest are given up, and said so once each", async () => {
  const rig = new Rig();
  for (const serial of upTo(50)) rig.submit(serial);
  assert.deepEqual(await rig.written(), upTo(50));
  for (const serial of upTo(MAX_QUEUED + 60, 50)) rig.submit(serial);
  assert.deepEqual(await rig.written(), []);
  assert.deepEqual(rig.abandoned, upTo(60, 50));
  assert.equal(rig.outgoing.queued, MAX_QUEUED);
});

Deno.test("A submit says whether it goes at once; one that waits is reported when it goes, unless withdrawn", async () => {
  const rig = new Rig();
  assert.deepEqual(upTo(60).filter((serial) => rig.submit(serial, false, 50)), upTo(50));
  assert.equal(rig.submit(60, true), true, "a block never waits");
  assert.deepEqual(await rig.written(), [...upTo(50), 60]);
  rig.outgoing.withdraw(new Set([50, 52, 59]));
  assert.equal(rig.outgoing.queued, 7);
  rig.clock.advance(30);
  rig.outgoing.heard();
  assert.deepEqual(await rig.written(), [51, 53, 54]);
  assert.equal(rig.submit(61), false, "behind those that wait");
  rig.clock.advance(1_000);
  rig.outgoing.tick();
  assert.deepEqual(await rig.written(), [55, 56, 57, 58, 61]);
  assert.deepEqual(rig.sent, [51, 53, 54, 55, 56, 57, 58, 61]);
  assert.deepEqual(rig.abandoned, []);
});

Deno.test("While it is held no submit goes; blocks go first when it goes on, then all in order", async () => {
  const rig = new Rig();
  rig.outgoing.hold();
  assert.deepEqual([rig.submit(0), rig.submit(1, true), rig.submit(2)], [false, true, false]);
  assert.equal(rig.outgoing.requestLine("{}"), false);
  rig.clock.advance(1_000);
  rig.outgoing.heard();
  rig.outgoing.tick();
  assert.deepEqual(await rig.written(), []);
  rig.outgoing.sendLine('{"id":99}');
  assert.deepEqual(await rig.written(), [99], "what is no submit goes all the same");
  rig.outgoing.resume();
  assert.deepEqual(await rig.written(), [1, 0, 2]);
  assert.deepEqual(rig.sent, [0, 2]);
});

Deno.test("Held blocks are bounded: of more than a thousand the oldest are given up", async () => {
  const rig = new Rig();
  rig.outgoing.hold();
  for (const serial of upTo(MAX_QUEUED + 2)) rig.submit(serial, true, 20);
  assert.deepEqual(rig.abandoned, [0, 1]);
  rig.outgoing.resume();
  assert.deepEqual(await rig.written(), upTo(MAX_QUEUED + 2, 2));
});

Deno.test("What waits can be written in another way, also while it is held", async () => {
  const rig = new Rig();
  for (const serial of upTo(60)) rig.submit(serial, false, 50);
  rig.outgoing.hold();
  rig.submit(60, true);
  assert.deepEqual(await rig.written(), upTo(50));
  rig.outgoing.rename((text) => JSON.stringify({ id: JSON.parse(text).id + 1_000 }));
  rig.outgoing.resume();
  rig.clock.advance(1_000);
  rig.outgoing.tick();
  assert.deepEqual(await rig.written(), [1060, ...upTo(1060, 1050)]);
});

Deno.test("A request goes only if no submit waits, and uses up their rate", async () => {
  const rig = new Rig();
  for (const serial of upTo(49)) rig.submit(serial, false, 50);
  assert.equal(rig.outgoing.requestLine('{"id":500}'), true);
  assert.equal(rig.outgoing.requestLine('{"id":501}'), false);
  rig.submit(49);
  rig.clock.advance(10);
  assert.equal(rig.outgoing.requestLine('{"id":502}'), false, "the submit has its turn");
  assert.deepEqual(await rig.written(), [...upTo(49), 500, 49]);
});

Deno.test("Traffic counts the opening and what the kernel has taken", async () => {
  const rig = new Rig();
  rig.connection.isHolding = true;
  rig.outgoing.sendLine("x".repeat(9));
  assert.equal(rig.outgoing.bytesWritten, 100);
  assert.equal(rig.outgoing.waitingBytes, 10);
  assert.equal(rig.outgoing.messages, 4);
  rig.connection.take();
  await turn();
  assert.equal(rig.outgoing.bytesWritten, 110);
});

Deno.test("A pool that reads none of the answers it asked for is reported as stalled", async () => {
  const rig = new Rig();
  rig.connection.isHolding = true;
  for (let i = 0; i < 70; i++) rig.outgoing.sendLine("x".repeat(1000));
  assert.equal(rig.stalled, 0, "not in the caller's turn");
  await turn();
  assert.ok(rig.stalled > 64 * 1024);
});

Deno.test("After the stop nothing is written or reported", async () => {
  const rig = new Rig();
  rig.outgoing.stop();
  rig.submit(0);
  rig.submit(1, true);
  rig.outgoing.tick();
  assert.deepEqual(await rig.written(), []);
});
