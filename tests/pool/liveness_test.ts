/** Liveness: when a pool is asked whether it is there, and when it is given up. */

import assert from "node:assert/strict";
import { Liveness } from "../../lib/pool/liveness.ts";

const TIMEOUT_MS = 60_000;
const TICK_MS = 250;

/** What a pool does between two checks. */
interface Habits {
  /** Sends a byte. */
  readonly talks?: boolean;
  /** Is sent a share to judge. */
  readonly owes?: boolean;
  /** Judges one, or answers a question. */
  readonly answers?: boolean;
  /** Answers questions, and nothing else. */
  readonly answersProbes?: boolean;
  /** How many bytes it took so far, and how many wait. */
  readonly taken?: (time: number) => number;
  readonly waiting?: number;
}

/** Lets a pool with these habits live for two time-outs; every probe and the end, by time. */
function live(habits: Habits): { readonly probes: number[]; readonly end: string | undefined } {
  const liveness = new Liveness(TIMEOUT_MS, 0);
  const probes: number[] = [];
  for (let time = TICK_MS; time <= 2 * TIMEOUT_MS; time += TICK_MS) {
    if (habits.talks) liveness.received(time);
    if (habits.owes) liveness.submitted();
    if (habits.answers) liveness.answered();
    const verdict = liveness.check(time, habits.taken?.(time) ?? 0, habits.waiting ?? 0);
    if (verdict === "probe") {
      probes.push(time);
      liveness.probed(time);
      if (habits.answersProbes) {
        liveness.received(time);
        liveness.answered();
      }
    } else if (verdict !== undefined) {
      return { probes, end: `${time}: ${verdict}` };
    }
  }
  return { probes, end: undefined };
}

for (
  const { pool, habits, probes, end } of [
    { pool: "talks", habits: { talks: true }, probes: [], end: undefined },
    {
      pool: "is silent",
      habits: {},
      probes: [30_000],
      end: "60000: silent: no bytes for 60 s",
    },
    {
      pool: "answers questions only",
      habits: { answersProbes: true },
      probes: [30_000, 60_000, 90_000, 120_000],
      end: undefined,
    },
    {
      pool: "talks and judges",
      habits: { talks: true, owes: true, answers: true },
      probes: [],
      end: undefined,
    },
    {
      pool: "talks and neither judges nor answers",
      habits: { talks: true, owes: true },
      probes: [30_000],
      end: "60000: deaf: judged no share and answered no question for 60 s",
    },
    {
      pool: "talks, judges no share and answers questions",
      habits: { talks: true, owes: true, answersProbes: true },
      probes: [30_000, 60_250, 90_500],
      end: undefined,
    },
    {
      pool: "talks and takes nothing",
      habits: { talks: true, waiting: 10, taken: () => 0 },
      probes: [],
      end: "60000: stalled: read no bytes for 60 s",
    },
    {
      pool: "talks and takes a byte now and then",
      habits: { talks: true, waiting: 10, taken: (time: number) => Math.floor(time / 59_000) },
      probes: [],
      end: undefined,
    },
  ]
) {
  Deno.test(`A pool that ${pool} is ${end === undefined ? "kept" : "given up"}`, () => {
    assert.deepEqual(live(habits), { probes, end });
  });
}

Deno.test("A pool that is asked nothing is dead after its silence, sooner while it owes a verdict", () => {
  const OWED_MS = 20_000;
  const endOf = (owesFrom: number, talksUntil: number) => {
    const liveness = new Liveness(TIMEOUT_MS, 0, OWED_MS);
    for (let time = TICK_MS; time <= 4 * TIMEOUT_MS; time += TICK_MS) {
      if (time <= talksUntil) liveness.received(time);
      if (time >= owesFrom) liveness.submitted();
      const verdict = liveness.check(time, 0, 0);
      assert.notEqual(verdict, "probe");
      if (verdict !== undefined) return { time, verdict, isSilent: liveness.isSilent };
    }
    return undefined;
  };
  assert.deepEqual(endOf(Infinity, 0), {
    time: TIMEOUT_MS,
    verdict: "silent: no bytes for 60 s",
    isSilent: false,
  });
  // From when it owes on, not from its last byte on: it had nothing to say before.
  assert.equal(endOf(30_000, 10_000)?.time, 30_000 - TICK_MS + OWED_MS);
  assert.equal(endOf(1_000, 10_000)?.time, 10_000 + OWED_MS);
  assert.equal(endOf(1_000, 10_000)?.isSilent, true);
  assert.equal(endOf(1_000, Infinity), undefined, "it talks");
});
