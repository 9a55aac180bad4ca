/** When a pool's verdict contradicts what we computed, and when it had reasons of its own. */

import assert from "node:assert/strict";
import {
  SESSIONS_WITH_US,
  type SessionWithUs,
  type WireEvent,
} from "../protocol/sessions_with_us.ts";
import { StratumReplay } from "../support/stratum_replay.ts";

const whole = SESSIONS_WITH_US.find(({ server }) => server === "public-pool")!;
const submitAt = whole.events.findIndex(({ lines }) =>
  lines.some((line) => line.includes("mining.submit"))
);
const { atMs, lines: [submit] } = whole.events[submitAt]!;

/** The first share goes up, and then come these lines. */
async function contradictionsAfter(...answers: readonly string[]): Promise<number> {
  const events: WireEvent[] = [
    ...whole.events.slice(0, submitAt),
    { atMs, isOurs: true, lines: [submit!] },
    ...answers.map((line) => ({ atMs, isOurs: false, lines: [line] })),
  ];
  const session: SessionWithUs = { ...whole, events };
  const replay = new StratumReplay(session);
  await replay.run();
  const { submitted, rejectedLowDifficulty, contradicted } = replay.mux.books.shares;
  assert.deepEqual({ submitted, rejectedLowDifficulty }, {
    submitted: 1,
    rejectedLowDifficulty: 1,
  });
  return contradicted;
}

const TOO_LOW = '{"id":5,"result":null,"error":[23,"Difficulty too low",""]}';

Deno.test("A good share that a pool finds too low contradicts us", async () => {
  assert.equal(await contradictionsAfter(TOO_LOW), 1);
});

Deno.test("It does not if the pool raised its difficulty while the share was on its way", async () => {
  const raise = '{"id":null,"method":"mining.set_difficulty","params":[1024]}';
  assert.equal(await contradictionsAfter(raise, TOO_LOW), 0);
});
