/** What goes to a pool, seen from its own side; what comes of it is in session_test.ts. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import { Outgoing } from "../../../lib/pool/agent/outgoing.ts";
import { decodeAgentFrame } from "../../../lib/protocol/agent/message.ts";
import { PoolStreamDecoder } from "../../../lib/protocol/agent/stream.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { registeredNames } from "../../../lib/protocol/agent/names.ts";
import { FakeClock, turn } from "../../support/fake_clock.ts";
import { SHARE } from "../../support/session_rig.ts";

const NAMES = registeredNames("a".repeat(30), "w".repeat(50));

/** The outgoing side of a connection whose writes end when told, and what it reports. */
function rig() {
  const reports: string[] = [];
  const clock = new FakeClock();
  /** All bytes given to the kernel, whether it has taken them or not. */
  const written: number[] = [];
  let write = Promise.withResolvers<number>();
  const outgoing = new Outgoing(
    {
      write: (bytes) => {
        written.push(...bytes);
        return (write = Promise.withResolvers<number>()).promise;
      },
    },
    0,
    clock.now,
    systemTime,
    {
      unregistered: (sessionId) => reports.push(`unregistered ${sessionId}`),
      failed: (error) => reports.push(`failed: ${(error as Error).message}`),
      stalled: () => reports.push("stalled"),
      resumed: () => reports.push("resumed"),
    },
  );
  return { outgoing, reports, end: () => write, clock, written };
}

/** A line that takes everything at once, as a kernel does, and what went over it in order. */
class Line {
  readonly clock = new FakeClock();
  readonly reports: string[] = [];
  readonly outgoing: Outgoing;
  readonly #decoder = new PoolStreamDecoder(PoolFault);
  /** Frames and lines in short, such as `register 5`, `share 5`, `question`. */
  readonly sent: string[] = [];

  constructor() {
    this.outgoing = new Outgoing(
      {
        write: (bytes) => {
          this.#note(bytes);
          return Promise.resolve(bytes.length);
        },
      },
      0,
      this.clock.now,
      systemTime,
      {
        unregistered: (sessionId) => this.reports.push(`unregistered ${sessionId}`),
        failed: (error) => assert.fail(String(error)),
        stalled: () => assert.fail("stalled"),
        resumed: () => this.reports.push("resumed"),
      },
    );
  }

  get registered(): number {
    return this.sent.filter((what) => what.startsWith("register")).length;
  }

  /** Registers while that is allowed, from session `first` on. @returns the next session. */
  async fill(first: number, names = NAMES): Promise<number> {
    let next = first;
    while (this.outgoing.takesRegistrations && next - first < 20_000) {
      this.outgoing.register(next++, names);
      await turn();
    }
    return next;
  }

  async answer(afterMs: number): Promise<void> {
    this.clock.advance(afterMs);
    this.outgoing.answered();
    await turn();
  }

  #note(bytes: Uint8Array): void {
    this.#decoder.push(bytes);
    for (let piece = this.#decoder.next(); piece; piece = this.#decoder.next()) {
      if (piece.kind === "line") {
        this.sent.push("question");
        continue;
      }
      const message = decodeAgentFrame(piece.bytes);
      assert.ok(message !== undefined && "sessionId" in message);
      this.sent.push(`${message.kind} ${message.sessionId}`);
    }
  }
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

const JOB = { poolJobId: "7", ntime: 0, version: 0 };

/** Of a register frame with these names. */
const REGISTER_BYTES = 88;

Deno.test("on a line whose speed is not known some 160 miners are registered, then the pool is asked", async () => {
  const line = new Line();
  const next = await line.fill(0);
  assert.ok(next >= 150 && next <= 200, `${next} miners`);
  assert.equal(line.sent.filter((what) => what === "question").length, 1);
  assert.equal(line.sent.indexOf("question"), Math.ceil(8192 / REGISTER_BYTES), "half-way");
});

Deno.test("shares go out at once while registrations wait for the line", async () => {
  const line = new Line();
  const next = await line.fill(0);
  line.outgoing.submit(3, JOB, SHARE);
  await turn();
  assert.equal(line.sent.at(-1), "submit 3");
  assert.equal(line.registered, next);
});

Deno.test("quick answers open the window: 10,000 miners are registered in a second of them", async () => {
  const line = new Line();
  let next = 0;
  let ms = 0;
  while (next < 10_000) {
    next = await line.fill(next);
    await line.answer(100);
    ms += 100;
  }
  assert.ok(ms <= 1_000, `${ms} ms`);
  assert.ok(line.reports.includes("resumed"));
});

Deno.test("late answers close it: on a line of 16 KB/s a share waits for half a second at most", async () => {
  const line = new Line();
  let next = 0;
  let [sent, before] = [0, 0];
  for (let i = 0; i < 20; i++) {
    next = await line.fill(next);
    sent = (next - before) * REGISTER_BYTES;
    before = next;
    await line.answer(Math.max(600, sent / 16));
  }
  assert.ok(sent <= 8 * 1024, `${sent} bytes at a time`);
  assert.ok(sent >= 2 * 1024, "it never closes for good");
});

Deno.test("late answers never close it for good, however long the names of miners are", async () => {
  for (let length = 1; length <= 50; length++) {
    const line = new Line();
    const names = registeredNames("", "w".repeat(length));
    let [next, answers] = [0, 0];
    for (let round = 0; round < 5; round++) {
      next = await line.fill(next, names);
      while (!line.outgoing.takesRegistrations) {
        const questions = line.sent.filter((what) => what === "question").length;
        assert.equal(questions, ++answers, `a question waits for its answer, names of ${length}`);
        await line.answer(600);
      }
    }
  }
});

Deno.test("a pool far away is no slow line", async () => {
  const line = new Line();
  line.outgoing.heardAfter(700);
  let next = 0;
  for (let i = 0; i < 8; i++) {
    next = await line.fill(next);
    await line.answer(750);
  }
  assert.ok(next > 10_000, `${next} miners in 6 s`);
});

Deno.test("a pool that answers no question is not waited for", async () => {
  const line = new Line();
  let next = await line.fill(0);
  for (let ms = 0; ms < 5_000; ms += 250) {
    line.clock.advance(250);
    line.outgoing.tick();
  }
  assert.deepEqual(line.reports, ["resumed"]);
  next = await line.fill(next);
  assert.ok(next > 10_000);
  assert.equal(line.sent.filter((what) => what === "question").length, 1);
});

Deno.test("those that leave are told of when there is room, before others come", async () => {
  const line = new Line();
  const next = await line.fill(0);
  for (let id = 0; id < 50; id++) line.outgoing.unregister(id);
  await turn();
  assert.equal(line.sent.some((what) => what.startsWith("unregister")), false);
  assert.deepEqual(line.reports, []);
  await line.answer(100);
  const after = line.sent.slice(-50);
  assert.deepEqual(after, Array.from({ length: 50 }, (_, id) => `unregister ${id}`));
  await turn();
  const told = Array.from({ length: 50 }, (_, id) => `unregistered ${id}`);
  assert.deepEqual(line.reports.toSorted(), [...told, "resumed"].toSorted());
  assert.ok(line.outgoing.takesRegistrations);
  assert.ok(next > 0);
});

Deno.test("one that is registered again is forgotten first, whatever the line does", async () => {
  const line = new Line();
  await line.fill(0);
  line.outgoing.unregister(5);
  line.outgoing.register(5, NAMES);
  line.outgoing.submit(5, JOB, SHARE);
  await turn();
  assert.deepEqual(line.sent.slice(-3), ["unregister 5", "register 5", "submit 5"]);
  await line.answer(100);
  assert.equal(line.sent.filter((what) => what === "unregister 5").length, 1);
});

Deno.test("a kernel that takes nothing holds registrations up as well", async () => {
  const { outgoing, reports, end, clock } = rig();
  let id = 0;
  while (outgoing.takesRegistrations && id < 20_000) outgoing.register(id++, NAMES);
  assert.ok(id < 300, `${id} miners`);
  clock.advance(100);
  outgoing.answered();
  const held = outgoing.takesRegistrations;
  while (outgoing.takesRegistrations && id < 20_000) outgoing.register(id++, NAMES);
  assert.ok(id < 600, `${id} miners, whatever was answered (${held})`);
  end().resolve(86);
  await turn();
  assert.ok(reports.length <= 1);
});
