/** JobBook: a share finds the pool's job for as long as the pool may take it, never another. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { type BookedJob, JobBook } from "../../lib/mux/job_book.ts";

const difficulties = { places: new Uint8Array(1) };

function job(poolJobId: number | string, ntime = 0x650d1b20): BookedJob {
  return {
    poolJobId: String(poolJobId),
    ntime,
    version: 0x20000000,
    difficulties,
    isBraked: false,
    check: undefined,
  };
}

/** As agents keep them. */
const AGENT = { jobs: 256, acrossClean: 4, ms: Infinity };

/** A book with jobs 1000 to 1000 + count - 1, under the pool's ids 0, 1, … 255, 0, … */
function bookOf(count: number): JobBook {
  const book = new JobBook(AGENT);
  for (let n = 0; n < count; n++) book.add(1000 + n, job(n % 256), false, 0);
  return book;
}

Deno.test("JobBook keeps the last 256 jobs", () => {
  const book = bookOf(300);
  assert.equal(book.size, 256);
  assert.equal(book.find(1043), undefined);
  assert.equal(book.find(1044)?.poolJobId, "44");
  assert.equal(book.find(1299)?.poolJobId, "43");
});

Deno.test("JobBook keeps 256 jobs of a pool whose ids never come round", () => {
  const book = new JobBook(AGENT);
  for (let n = 0; n < 300; n++) {
    book.add(n, job(`job ${n}`), false, 0);
    assert.equal(book.size, Math.min(n + 1, 256));
  }
  assert.equal(book.find(43), undefined);
  assert.equal(book.find(44)?.poolJobId, "job 44");
});

Deno.test("JobBook forgets a job as soon as the pool uses its id for another", () => {
  const book = new JobBook(AGENT);
  book.add(1, job(7), false, 0);
  book.add(2, job(8), false, 0);
  book.add(3, job(7, 0x650d1b21), false, 0);
  assert.equal(book.find(1), undefined);
  assert.equal(book.find(2)?.poolJobId, "8");
  assert.equal(book.find(3)?.ntime, 0x650d1b21);
});

Deno.test("JobBook keeps the new job and the four before it at a clean job", () => {
  const book = bookOf(10);
  book.add(2000, job(10), true, 0);
  const kept = [1004, 1005, 1006, 1007, 1008, 1009, 2000].filter((n) => book.find(n));
  assert.deepEqual(kept, [1006, 1007, 1008, 1009, 2000]);
  assert.equal(book.size, 5);
});

Deno.test("JobBook fills up again after a clean job", () => {
  const book = bookOf(200);
  book.add(2000, job(200), true, 0);
  for (let n = 1; n <= 10; n++) book.add(2000 + n, job(200 + n), false, 0);
  assert.equal(book.size, 15);
  assert.equal(book.find(1196)?.poolJobId, "196");
});

Deno.test("a job told again with other difficulties keeps those of each number", () => {
  const book = bookOf(2);
  const harder = { places: new Uint8Array(2) };
  book.addAgain(2000);
  book.addAgain(2001, { difficulties: harder, isBraked: true });
  book.addAgain(2002);
  const told = (number: number) => book.find(number)?.difficulties;
  assert.deepEqual([1001, 2000].map(told), [difficulties, difficulties]);
  assert.ok([2001, 2002].every((number) => told(number) === harder));
  assert.deepEqual([2000, 2001].map((number) => book.find(number)?.isBraked), [false, true]);
  assert.equal([...book.tables()].length, 3, "a miner that comes has a difficulty under each");
  assert.equal(book.size, 2);
  book.add(3000, job(7), true, 0);
  for (let n = 0; n < 4; n++) book.add(3001 + n, job(8 + n), n === 3, 0);
  for (const number of [1000, 1001, 2001]) assert.equal(book.find(number), undefined);
});

Deno.test("a job told again is past under all its numbers at once", () => {
  const book = new JobBook({ jobs: 256, acrossClean: 0, ms: Infinity }, true);
  book.add(1, job(1), false, 0);
  book.addAgain(2, { difficulties, isBraked: true });
  book.add(3, job(2), true, 0);
  assert.deepEqual([1, 2, 3].map((number) => book.find(number)?.isPast), [true, true, false]);
});

Deno.test("however often a job is told again with other difficulties, few are kept", () => {
  const book = bookOf(1);
  for (let n = 0; n < 100; n++) {
    book.addAgain(2000 + n, { difficulties: { places: Uint8Array.of(n) }, isBraked: true });
  }
  assert.ok([...book.tables()].length <= 18);
  for (let n = 0; n < 100; n++) {
    const found = book.find(2000 + n);
    if (found !== undefined) assert.equal(found.difficulties.places[0], n);
  }
  assert.equal(book.find(2099)?.difficulties.places[0], 99);
  assert.equal(book.find(1000)?.isBraked, false, "the first number stays");
});

Deno.test("JobBook finds a job under every number it was given, and forgets them together", () => {
  const book = bookOf(2);
  for (let n = 0; n < 3; n++) book.addAgain(2000 + n);
  for (const number of [1001, 2000, 2001, 2002]) assert.equal(book.find(number)?.poolJobId, "1");
  assert.equal(book.size, 2);
  book.add(3000, job(7), true, 0);
  for (let n = 0; n < 4; n++) book.add(3001 + n, job(8 + n), n === 3, 0);
  assert.equal(book.find(1000), undefined);
  for (const number of [1001, 2000, 2001, 2002]) assert.equal(book.find(number), undefined);
  assert.equal(book.size, 5);
});

Deno.test("JobBook keeps the first and the newest numbers of a job that is given again for hours", () => {
  const book = bookOf(1);
  for (let n = 0; n < 1000; n++) book.addAgain(2000 + n);
  const found = Array.from({ length: 1000 }, (_, n) => 2000 + n).filter((n) => book.find(n));
  assert.deepEqual(found, Array.from({ length: 17 }, (_, n) => 2983 + n));
  assert.equal(book.find(1000)?.poolJobId, "0");
});

for (const number of [-1, 999, 1010, 1.5, NaN]) {
  Deno.test(`JobBook finds nothing for job number ${number}, which was never given`, () => {
    assert.equal(bookOf(10).find(number), undefined);
  });
}

Deno.test("JobBook never finds a job whose id means another one now, whatever the pool sends", () => {
  const step = fc.record({
    id: fc.oneof(fc.nat({ max: 255 }), fc.nat({ max: 6 })),
    isClean: fc.boolean(),
    times: fc.constantFrom(1, 1, 1, 40),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const book = new JobBook(AGENT);
      const meaning = new Map<string, number>();
      let number = 0;
      for (const { id, isClean, times } of steps) {
        for (let i = 0; i < times; i++) {
          const added = job((id + i) % 256);
          book.add(++number, added, isClean, 0);
          meaning.set(added.poolJobId, number);
          assert.equal(book.find(number)?.poolJobId, added.poolJobId, "the newest is there");
          assert.ok(book.size <= (isClean ? 5 : 256));
        }
        for (let n = 1; n <= number; n++) {
          const found = book.find(n);
          if (found) assert.equal(meaning.get(found.poolJobId), n);
        }
      }
    }),
    { seed: 5, numRuns: 200 },
  );
});

Deno.test("JobBook forgets a job a while after a newer one came, and never the newest", () => {
  const book = new JobBook({ ...AGENT, ms: 240_000 });
  book.add(1, job("a"), true, 0);
  book.add(2, job("b"), false, 100_000);
  book.add(3, job("c"), false, 200_000);
  const found = () => [1, 2, 3].filter((number) => book.find(number) !== undefined);
  book.expire(339_999);
  assert.deepEqual(found(), [1, 2, 3]);
  book.expire(340_000);
  assert.deepEqual(found(), [2, 3]);
  book.expire(10_000_000);
  assert.deepEqual(found(), [3]);
});

Deno.test("JobBook holds past jobs where blocks are found here, and says that they are past", () => {
  const book = new JobBook({ jobs: 4, acrossClean: 0, ms: 240_000 }, true);
  const past = (...numbers: number[]) => numbers.map((number) => book.find(number)?.isPast);
  book.add(1, job("a"), true, 0);
  book.add(2, job("b"), false, 1_000);
  book.expire(241_000);
  assert.deepEqual(past(1, 2), [true, false]);
  book.add(3, job("c"), true, 242_000);
  assert.deepEqual(past(1, 2, 3), [true, true, false]);
  assert.equal(book.size, 1);
  book.add(4, job("d"), false, 243_000);
  book.add(5, job("e"), false, 244_000);
  assert.deepEqual(past(1, 2, 3, 4, 5), [undefined, true, false, false, false]);
  book.add(6, job("b"), false, 245_000);
  assert.deepEqual(past(2, 3, 4, 5, 6), [undefined, false, false, false, false]);
});
