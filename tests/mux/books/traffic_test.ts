/** How traffic and the other counts of pools add up. */

import assert from "node:assert/strict";
import { NO_POOL_COUNTS, sumOfPoolCounts } from "../../../lib/mux/books/pool_counts.ts";
import { NO_TRAFFIC, sumOfTraffic, type Traffic } from "../../../lib/mux/books/traffic.ts";

const COUNTED = { bytesRead: 1, bytesWritten: 20, messagesRead: 300, messagesWritten: 4000 };
/** The same as a sum. */
const ONE = { ...COUNTED, messagesIgnored: 0 };
const OTHER = {
  bytesRead: 5,
  bytesWritten: 60,
  messagesRead: 700,
  messagesWritten: 8000,
  messagesIgnored: 9,
};
const BOTH = {
  bytesRead: 6,
  bytesWritten: 80,
  messagesRead: 1000,
  messagesWritten: 12_000,
  messagesIgnored: 9,
};

Deno.test("the sum of no traffic is none, and changes nothing it is added to", () => {
  assert.deepEqual(sumOfTraffic([]), NO_TRAFFIC);
  assert.deepEqual(sumOfTraffic([NO_TRAFFIC, COUNTED, NO_TRAFFIC]), ONE);
});

Deno.test("traffic adds up count by count, from whatever gives it", () => {
  assert.deepEqual(sumOfTraffic([ONE, OTHER]), BOTH);
  assert.deepEqual(sumOfTraffic(new Map([[1, ONE], [2, OTHER]]).values()), BOTH);
});

Deno.test("a sum stays what it was when more passes on a connection", () => {
  const connection = { ...ONE } satisfies Traffic;
  const sum = sumOfTraffic([connection]);
  connection.bytesRead += 100;
  assert.deepEqual(sum, ONE);
  assert.equal(NO_TRAFFIC.bytesRead, 0);
});

Deno.test("the counts of a pool add up, its traffic included", () => {
  const one = {
    connects: 1,
    failures: 2,
    losses: 3,
    activations: 4,
    emptyMs: 5,
    behindMs: 6,
    payoutChanges: 7,
    traffic: ONE,
  };
  const other = {
    connects: 10,
    failures: 20,
    losses: 30,
    activations: 40,
    emptyMs: 50,
    behindMs: 60,
    payoutChanges: 70,
    traffic: OTHER,
  };
  assert.deepEqual(sumOfPoolCounts(one, other), {
    connects: 11,
    failures: 22,
    losses: 33,
    activations: 44,
    emptyMs: 55,
    behindMs: 66,
    payoutChanges: 77,
    traffic: BOTH,
  });
  assert.deepEqual(sumOfPoolCounts(NO_POOL_COUNTS, one), one);
});
