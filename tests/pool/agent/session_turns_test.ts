/** What one pool sends at once is done in turns, in order, and ends where it is too much. */

import assert from "node:assert/strict";
import { encodeSetDifficulty, encodeVerdict } from "../../../lib/protocol/agent/message.ts";
import { turn } from "../../support/fake_clock.ts";
import { linesToBytes, notifyLine, POOL_LINES } from "../../support/pool_lines.ts";
import type { PoolEvent } from "../../support/recording_events.ts";
import { SessionRig } from "../../support/session_rig.ts";

/** The most lines to miners that one pool may cause before everybody else has a turn. */
const MOST_AT_ONCE = 512;

/** How many lines to miners an event may be. */
function linesOf(event: PoolEvent): number {
  return "difficulty" in event ? event.sessionIds.length : 1;
}

/** All that is told of `bytes`, with the most that is told in a turn. */
async function tell(rig: SessionRig, bytes: Uint8Array): Promise<number> {
  const count = () => rig.events.all.reduce((sum, event) => sum + linesOf(event), 0);
  let most = 0;
  let before = 0;
  let quiet = 0;
  rig.connection.deliver(bytes);
  while (quiet < 5) {
    await turn();
    const told = count() - before;
    before += told;
    most = Math.max(most, told);
    quiet = told === 0 ? quiet + 1 : 0;
  }
  return most;
}

function verdicts(count: number): number[] {
  return Array.from({ length: count }, (_, i) => [...encodeVerdict(i, 1798084231)]).flat();
}

Deno.test("A read full of verdicts is reported in turns, in order", async () => {
  const rig = await SessionRig.ready();
  for (let i = 0; i < 1_600; i++) rig.submit(0);
  const most = await tell(rig, Uint8Array.from(verdicts(1_600)));
  assert.deepEqual(
    rig.events.all.map((event) => "verdict" in event ? event.verdict : event),
    Array.from({ length: 1_600 }, (_, i) => i),
  );
  assert.ok(most <= MOST_AT_ONCE, `${most} at once`);
  rig.session.close();
});

Deno.test("A read full of small lines is reported in turns, in order", async () => {
  const rig = await SessionRig.ready();
  const masks = Array.from({ length: 220 }, (_, i) => 0x2000 * (i + 1));
  const lines = masks.map((mask) =>
    POOL_LINES.mask.replace("1fffe000", mask.toString(16).padStart(8, "0"))
  );
  const most = await tell(rig, linesToBytes([...lines, notifyLine("9", false)]));
  // How often masks may change is judged elsewhere; what is told comes in order.
  const told = rig.events.all.flatMap((event) => "mask" in event ? [event.mask] : []);
  assert.deepEqual(told, [...told].sort((a, b) => a - b));
  assert.ok(most <= MOST_AT_ONCE, `${most} at once`);
  rig.session.close();
});

Deno.test("A difficulty for the most possible miners is reported in turns, before the job after it", async () => {
  const rig = await SessionRig.ready();
  rig.register(0);
  const ids = Array.from({ length: 32_764 }, (_, i) => i);
  const most = await tell(
    rig,
    Uint8Array.from([...encodeSetDifficulty(10, ids), ...linesToBytes([notifyLine("9", false)])]),
  );
  const { all } = rig.events;
  assert.deepEqual(all.flatMap((event) => "difficulty" in event ? event.sessionIds : []), ids);
  assert.ok("job" in all.at(-1)!);
  assert.ok(most <= MOST_AT_ONCE, `${most} at once`);
  rig.session.close();
});

Deno.test("A difficulty for no miner is reported once, as it came", async () => {
  const rig = await SessionRig.ready();
  await rig.deliver(encodeSetDifficulty(3, []));
  assert.deepEqual(rig.events.all, [{ difficulty: 8, sessionIds: [] }]);
  rig.session.close();
});

Deno.test("A session closed between two turns of a read reports nothing more of it", async () => {
  const rig = await SessionRig.ready();
  for (let i = 0; i < 1_600; i++) rig.submit(0);
  rig.connection.deliver(Uint8Array.from(verdicts(1_600)));
  await turn();
  rig.session.close();
  const told = rig.events.all.length;
  assert.ok(told > 0 && told < 1_600);
  for (let i = 0; i < 5; i++) await turn();
  assert.equal(rig.events.all.length, told);
});

/** Small and well-formed, of each kind that a pool can send. */
const FLOODS = {
  "verdicts for nobody": Uint8Array.from(verdicts(1_600)),
  "frames of a command nobody knows": Uint8Array.from(
    Array.from({ length: 2_000 }, () => [0x7f, 0x6e, 8, 0, 0, 0, 0, 0]).flat(),
  ),
  "difficulties for nobody": Uint8Array.from(
    Array.from({ length: 2_000 }, () => [...encodeSetDifficulty(3, [])]).flat(),
  ),
  "lines that say nothing": linesToBytes(Array.from({ length: 2_000 }, () => "{}")),
  "answers to no question": linesToBytes(Array.from({ length: 500 }, () => POOL_LINES.auth)),
  "blank lines": new Uint8Array(16_384).fill(0x0a),
  "one frame that does not end": new Uint8Array(16_384).fill(0x7f),
  "jobs": linesToBytes(Array.from({ length: 50 }, (_, i) => notifyLine(String(i), false))),
};

for (const [what, bytes] of Object.entries(FLOODS)) {
  Deno.test(`A flood of ${what} ends a session without miners after 2 MB at most`, async () => {
    const rig = await SessionRig.ready();
    const before = rig.session.bytesRead;
    for (let sent = 0; sent < 4 << 20 && !rig.connection.isClosed; sent += bytes.length) {
      rig.connection.deliver(bytes);
      for (let turns = 0; turns < 12; turns++) await turn();
      rig.clock.advance(1);
      rig.events.all.splice(0, rig.events.all.length - 1);
    }
    assert.match(
      rig.events.endReason!,
      /^Cannot read on from this pool: \d+ (bytes|messages) that/,
    );
    assert.ok(rig.session.bytesRead - before <= (2 << 20) + 65_536);
  });
}

Deno.test("A flood in the handshake ends it", async () => {
  const rig = new SessionRig();
  await rig.connect();
  for (let i = 0; i < 100 && !rig.connection.isClosed; i++) {
    await rig.say(...Array.from({ length: 100 }, () => POOL_LINES.mask));
  }
  assert.match(rig.events.endReason!, /^Cannot read on from this pool: 1601 messages/);
});
