/** The keeper of the book hears of miners' log-ins, pauses and leaves, and whose doing it was. */

import assert from "node:assert/strict";
import type { AttendanceBook, Attendee } from "../../lib/miner/attendance.ts";
import { FakeMiners } from "../support/fake_miners.ts";

/** Notes what it hears. */
class Notes implements AttendanceBook {
  readonly lines: string[] = [];
  #last = 0;

  loggedIn({ workerName, upstreamName }: Attendee): number {
    const on = upstreamName === undefined ? "waits" : "works";
    this.lines.push(`${workerName} logged in and ${on}`);
    return ++this.#last;
  }

  admitted({ attendance }: Attendee): void {
    this.lines.push(`${attendance} is admitted`);
  }

  paused({ attendance }: Attendee, from: number, to: number): void {
    this.lines.push(`${attendance} paused for ${(to - from) / 1000} s`);
  }

  left({ attendance }: Attendee, reason: string, isOurDoing: boolean): void {
    this.lines.push(`${attendance} left: ${reason}${isOurDoing ? " (by us)" : ""}`);
  }
}

function rig() {
  const notes = new Notes();
  const farm = new FakeMiners({ attendance: notes });
  return { farm, notes };
}

const SHARE =
  '{"id":9,"method":"mining.submit","params":["farm.rig1","1","00000000","00000000","00000000"]}';

Deno.test("a miner is in the book from its login until its socket is gone", () => {
  const { farm, notes } = rig();
  const miner = farm.login("farm.rig1");
  assert.deepEqual([...farm.miners.attendees()].map(({ workerName }) => workerName), ["rig1"]);
  miner.hangUp();
  assert.deepEqual([...farm.miners.attendees()], []);
  assert.match(notes.lines[0]!, /^rig1 logged in/);
  assert.match(notes.lines.at(-1)!, /^1 left: (?!.*by us)/);
});

Deno.test("one that never logs in is in no book", () => {
  const { farm, notes } = rig();
  farm.connect().hangUp();
  assert.deepEqual(notes.lines, []);
});

Deno.test("a miner that was disconnected by hand did not leave by itself", () => {
  const { farm, notes } = rig();
  farm.login("farm.rig1");
  const [{ sessionId }] = [...farm.miners.attendees()] as [Attendee];
  farm.miners.disconnect(sessionId, "asked for");
  assert.equal(notes.lines.at(-1), "1 left: asked for (by us)");
});

Deno.test("a miner that broke the protocol or sent nothing did", () => {
  const { farm, notes } = rig();
  farm.login("farm.rig1").send("no JSON");
  assert.match(notes.lines.at(-1)!, /^1 left: (?!.*by us)/);
  farm.login("farm.rig2");
  farm.wait(602);
  assert.match(notes.lines.at(-1)!, /^2 left: sent nothing for 600 s$/);
});

Deno.test("a share after twenty seconds ends a pause", () => {
  const { farm, notes } = rig();
  const miner = farm.login("farm.rig1");
  const heard = notes.lines.length;
  for (const seconds of [1, 19, 20, 120]) {
    farm.time += seconds * 1000;
    miner.send(SHARE);
  }
  assert.deepEqual(notes.lines.slice(heard), ["1 paused for 20 s", "1 paused for 120 s"]);
});
