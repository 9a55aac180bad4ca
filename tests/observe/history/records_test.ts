import assert from "node:assert/strict";
import fc from "fast-check";
import { WORKER_STATES } from "../../../lib/base/worker_state.ts";
import { DAY_MS, type Span } from "../../../lib/observe/history/axis.ts";
import { BadRecord, ByteReader, ByteWriter } from "../../../lib/observe/history/bytes.ts";
import { DaySums } from "../../../lib/observe/history/day_sums.ts";
import {
  conditionNumberIn,
  conditionOf,
  connectedPartIn,
  hashrateIn,
  hashrateOf,
  lostNumber,
  lostPartIn,
  packedStep,
} from "../../../lib/observe/history/packing.ts";
import { readSums, SumRecord } from "../../../lib/observe/history/sum_record.ts";
import { readWorkerDay, writeWorkerDay } from "../../../lib/observe/history/worker_day_record.ts";
import {
  eraseWorker,
  partOf,
  readPart,
  readWorkers,
  workerStepRecord,
} from "../../../lib/observe/history/worker_step_record.ts";
import { sum, worker } from "../../support/history_rig.ts";

Deno.test("a hashrate is kept to 0.1 %, from 1 H/s to 10^21 H/s", () => {
  fc.assert(fc.property(fc.double({ min: 0, max: 21, noNaN: true }), (exponent) => {
    const hashrate = 10 ** exponent;
    const kept = hashrateIn(packedStep(worker("a", { hashrate })));
    assert.ok(Math.abs(kept / hashrate - 1) < 0.001, `${hashrate} is ${kept}`);
  }));
});

Deno.test("a hashrate that is none, or no number, is kept as 0", () => {
  for (const hashrate of [0, -1, NaN, 0.5]) {
    assert.equal(hashrateIn(packedStep(worker("a", { hashrate }))), 0);
  }
  assert.ok(hashrateIn(packedStep(worker("a", { hashrate: Infinity }))) > 9e20);
});

Deno.test("a lost part is kept to 0.4 % of all, and to 0.03 % where little is lost", () => {
  for (let part = 0; part <= 1; part += 0.001) {
    const kept = lostPartIn(packedStep(worker("a", { lostPart: part })));
    assert.ok(Math.abs(kept - part) < 0.004, `${part} is ${kept}`);
    if (part < 0.004) assert.ok(Math.abs(kept - part) < 0.0003, `${part} is ${kept}`);
  }
  assert.ok(lostPartIn(packedStep(worker("a", { lostPart: 1e-9 }))) > 0);
});

Deno.test("only a worker that was there all the time, or never, is kept as such", () => {
  const kept = (part: number) => connectedPartIn(packedStep(worker("a", { connectedPart: part })));
  assert.deepEqual([0, 1].map(kept), [0, 1]);
  for (const part of [0.001, 0.5, 0.999]) assert.ok(kept(part) > 0 && kept(part) < 1, `${part}`);
});

Deno.test("every condition is kept, and the worse one has the greater number", () => {
  const numbers = WORKER_STATES.map((condition) =>
    conditionNumberIn(packedStep(worker("a", { condition })))
  );
  assert.deepEqual(numbers.map(conditionOf), [...WORKER_STATES]);
  assert.deepEqual(numbers, [7, 6, 5, 4, 3, 2, 1]);
});

Deno.test("a worker that does nothing is told from one that is not watched", () => {
  const packed = packedStep(worker("a", { hashrate: 0, connectedPart: 0 }));
  assert.notEqual(packed, 0);
});

Deno.test("a step's record of 10,000 workers has at most 40 KB", () => {
  const values = new Uint32Array(10_000).fill(0xffffffff);
  assert.equal(workerStepRecord(values, 10_000).length, 40_043);
});

Deno.test("a step's record gives back every worker, whole and in parts", () => {
  const values = fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffffffff })), {
    maxLength: 200,
  });
  fc.assert(fc.property(values, fc.nat(200), fc.nat(200), (list, one, other) => {
    const record = workerStepRecord(Uint32Array.from(list), list.length);
    const all = new Uint32Array(list.length);
    readWorkers(record, 0, list.length, all);
    assert.deepEqual([...all], list);
    const [from, to] = [Math.min(one, other), Math.max(one, other)];
    const { start, length } = partOf(record, from, to);
    const part = new Uint32Array(2 * (to - from) + 1);
    readPart(record, record.subarray(start, start + length), from, to, part, 1, 2);
    const wanted = Array.from({ length: to - from }, (_, i) => list[from + i] ?? 0);
    assert.deepEqual(wanted.map((_, i) => part[1 + 2 * i]), wanted);
  }));
});

Deno.test("blocks of workers that are gone cost a bit each", () => {
  const values = new Uint32Array(65_535);
  values[65_534] = 7;
  assert.ok(workerStepRecord(values, 65_535).length < 400);
});

Deno.test("a worker that is erased from a step's record is nobody, and the others stay", () => {
  const record = workerStepRecord(Uint32Array.of(1, 2, 3), 3);
  assert.equal(eraseWorker(record, 1), true);
  assert.equal(eraseWorker(record, 1), false);
  assert.equal(eraseWorker(record, 900), false);
  const read = new Uint32Array(3);
  readWorkers(record, 0, 3, read);
  assert.deepEqual([...read], [1, 0, 3]);
});

/** The lower and upper 16 bits of each step. */
function halvesOf(values: Iterable<number>): Uint16Array {
  return new Uint16Array(Uint32Array.from(values).buffer);
}

function workerDayRecord(values: Iterable<number>): Uint8Array {
  const writer = new ByteWriter();
  writeWorkerDay(writer, halvesOf(values));
  return writer.take();
}

Deno.test("a worker's day gives back every step", () => {
  const step = fc.oneof(
    fc.constant(0),
    fc.record({
      hashrate: fc.nat(0xffff),
      lost: fc.oneof(fc.constant(0), fc.nat(0xff)),
      rest: fc.integer({ min: 1, max: 3 }),
    }).map(({ hashrate, lost, rest }) => hashrate * 0x10000 + lost * 0x100 + rest),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 300 }), (list) => {
    const record = workerDayRecord(list);
    const read = new Uint32Array(list.length + 1);
    readWorkerDay(record, read, 1, list.length);
    assert.deepEqual([...read.subarray(1)], list);
  }));
});

Deno.test("a worker's day is short where nothing changes, and never much longer than its steps", () => {
  const usual = new Uint32Array(144).fill(0x12340f01 - 0xe00);
  assert.ok(workerDayRecord(usual).length < 500);
  const calm = new Uint32Array(144).fill(0x123400f1);
  assert.ok(workerDayRecord(calm).length < 320);
  const wild = Uint32Array.from({ length: 144 }, (_, i) => 0x1234ff01 + i % 2);
  assert.ok(workerDayRecord(wild).length < 4 * 144 + 24);
});

Deno.test("the sums of a worker's day are those of its steps, to what is told apart", () => {
  const state = fc.constantFrom(...WORKER_STATES);
  const part = fc.double({ min: 0, max: 1, noNaN: true });
  const hashrate = fc.oneof(
    fc.constant(0),
    fc.double({ min: 0, max: 21, noNaN: true }).map((exponent) => 10 ** exponent),
    fc.double({ min: 90e12, max: 110e12, noNaN: true }),
  );
  const step = fc.option(
    fc.record({ hashrate, lostPart: part, connectedPart: part, condition: state }),
  );
  const ms = fc.integer({ min: 1, max: 7_200 }).map((seconds) => seconds * 1000);
  const steps = fc.array(fc.tuple(ms, step), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(steps, (list) => {
    const spans: Span[] = [];
    let at = 20_000 * DAY_MS;
    for (const [ms] of list) {
      spans.push({ at, ms });
      at += ms;
    }
    const values = list.map(([, one]) => one === null ? 0 : packedStep(worker("a", one)));
    const sums = new DaySums(20_000, spans).of(halvesOf(values));
    let [seconds, connected, work, lost, last] = [0, 0, 0, 0, 0];
    values.forEach((value, place) => {
      if (value === 0) return;
      const { at, ms } = spans[place]!;
      const here = ms / 1000 * connectedPartIn(value);
      seconds += ms / 1000;
      connected += here;
      work += ms / 1000 * hashrateIn(value);
      lost += here * lostPartIn(value);
      if (here > 0) last = at + ms;
    });
    if (seconds === 0) return assert.equal(sums, undefined);
    assert.equal(sums!.seconds, seconds);
    assert.equal(sums!.last, last);
    assert.ok(Math.abs(sums!.connected - connected) <= 0.5);
    const mean = work / seconds;
    const kept = hashrateOf(sums!.hashrate);
    assert.ok(mean < 1 ? kept <= 1 : Math.abs(kept / mean - 1) < 0.002, `${mean} is ${kept}`);
    const lostPart = connected === 0 ? 0 : lostNumber(lost / connected);
    assert.ok(Math.abs(sums!.lost - lostPart) <= 1, `${lostPart} is ${sums!.lost}`);
    assert.equal(sums!.lost === 0, lostPart === 0);
  }));
});

Deno.test("a record of sums gives back whole shares, work and bytes exactly", () => {
  const record = new SumRecord();
  const one = sum({ good: 123_456, difficulty: 0.1 + 0.2, bytesUp: 2 ** 40, bytesDown: 1 });
  const other = sum({ lost: 7, lostDifficulty: 1e-9, outageSeconds: 12.345, seconds: 599.999 });
  record.add(3, one);
  record.add(300, other);
  const read: unknown[] = [];
  readSums(record.take(), (number, sum) => read.push([number, sum]));
  assert.deepEqual(read, [[3, one], [300, other]]);
});

Deno.test("random bytes for a record are refused or read, and nothing else", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    const calls = [
      () => readSums(bytes, () => {}),
      () => readWorkerDay(bytes, new Uint32Array(144), 0, 144),
      () => readWorkers(bytes, 0, 100, new Uint32Array(100)),
    ];
    for (const first of [1, bytes[0]]) {
      if (bytes.length > 0) bytes[0] = first!;
      for (const call of calls) {
        try {
          call();
        } catch (error) {
          assert.ok(error instanceof BadRecord, String(error));
        }
      }
    }
  }));
});

Deno.test("a whole number keeps its value up to 2^53", () => {
  const writer = new ByteWriter();
  const numbers = [0, 127, 128, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER];
  for (const number of numbers) writer.whole(number);
  const reader = new ByteReader(writer.take());
  assert.deepEqual(numbers.map(() => reader.whole()), numbers);
  assert.throws(() => reader.whole(), BadRecord);
});
