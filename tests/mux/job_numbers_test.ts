/** Job ids that never come back, whatever restarts and clocks do. */

import assert from "node:assert/strict";
import { JobNumbers } from "../../lib/mux/job_numbers.ts";
import { formatJobId, parseJobId } from "../../lib/protocol/stratum/job_id.ts";
import { seededRandom } from "../../lib/sim/seeded_random.ts";

const DAY_MS = 86_400_000;
const IN_2026 = Date.UTC(2026, 10, 30);

/** The first numbers of a run, up to the last of `count`. */
function bounds(run: JobNumbers, count: number): { readonly first: number; readonly last: number } {
  const first = run.next();
  for (let i = 2; i < count; i++) run.next();
  return { first, last: count === 1 ? first : run.next() };
}

Deno.test("numbers count up by one: ids differ for firmware that compares checksums", () => {
  const run = new JobNumbers(IN_2026, Math.random);
  const first = run.next();
  assert.deepEqual([run.next(), run.next()], [first + 1, first + 2]);
});

for (
  const [what, before, after] of [
    ["two minutes", IN_2026, IN_2026 + 120_000],
    ["a day", IN_2026, IN_2026 + DAY_MS],
    ["two minutes in 1970", 0, 120_000],
  ] as const
) {
  Deno.test(`a restart after ${what} of 10,000 jobs a second begins above every number before`, () => {
    // The worst draw of both.
    const { last } = bounds(new JobNumbers(before, () => 1 - 2 ** -53), 1_200_000);
    assert.ok(new JobNumbers(after, () => 0).next() > last);
  });
}

for (
  const [what, before, after] of [
    ["at once", IN_2026, IN_2026],
    ["by a clock that starts in 1970 each time", 20_000, 20_000],
    ["by a clock that was set back a second", IN_2026, IN_2026 - 1_000],
  ] as const
) {
  Deno.test(`two runs of 1,000 jobs started ${what} share no number in 1,000 tries`, () => {
    const random = seededRandom(7);
    let shared = 0;
    for (let i = 0; i < 1_000; i++) {
      const [one, other] = [before, after].map((time) =>
        bounds(new JobNumbers(time, random), 1_000)
      );
      if (one!.first <= other!.last && other!.first <= one!.last) shared++;
    }
    assert.equal(shared, 0);
  });
}

for (const year of [1900, 1970, 2026, 2106, 2241, 2300, 100_000]) {
  Deno.test(`in the year ${year} ids are short, read back exactly and leave room to count`, () => {
    const { last } = bounds(new JobNumbers(Date.UTC(year, 1), Math.random), 100_000);
    assert.ok(Number.isSafeInteger(last + 2 ** 31), `${last}`);
    const id = formatJobId(last);
    assert.ok(id.length <= 11, id);
    assert.equal(parseJobId(id), last);
  });
}
