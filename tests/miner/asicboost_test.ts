/** Miners that lose ASICBoost on the way. */

import assert from "node:assert/strict";
import {
  noteShare,
  RECONNECT_PAUSE_MS,
  ReconnectPause,
  rollingState,
} from "../../lib/miner/asicboost.ts";
import { parseJobId } from "../../lib/protocol/stratum/job_id.ts";
import { type FakeMiner, FakeMiners } from "../support/fake_miners.ts";
import { LogCapture } from "../support/log_capture.ts";
import { answerShare } from "../support/fake_mux.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";

function share(versionBits?: string): string {
  const params = ["w", "a1", "00000001", "650d1b20", "00000007"];
  if (versionBits !== undefined) params.push(versionBits);
  return JSON.stringify({ id: 9, method: "mining.submit", params });
}

/** A miner that agreed on version rolling and has a pool that allows it. */
function rollingMiner(farm: FakeMiners): FakeMiner {
  farm.mux.pool ??= { mask: 0x1fffe000, difficulty: 1, job: undefined };
  const miner = farm.connect();
  miner.send(
    '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}',
    '{"id":2,"method":"mining.subscribe","params":[]}',
    '{"id":3,"method":"mining.authorize","params":["farm.rig1"]}',
  );
  miner.takeLines();
  return miner;
}

/** Sends 101 shares with version bits and one without. */
function loseIt(miner: FakeMiner): void {
  for (let i = 0; i < 101; i++) miner.send(share("00002000"));
  miner.takeLines();
  miner.send(share());
}

/** The pool judges the share last sent. */
function judge(farm: FakeMiners, status: number = SHARE_ACCEPTED): void {
  for (const seated of [...farm.mux.seated.values()]) answerShare(seated, 9, status);
}

for (
  const [verdict, status, answer] of [
    ["accepted", SHARE_ACCEPTED, '"result":true'],
    ["stale", ERROR_CODE.jobNotFound, '"error":[21'],
  ] as const
) {
  Deno.test(`a miner that stops rolling after over 100 shares is disconnected after the verdict: ${verdict}`, () => {
    using log = new LogCapture();
    const farm = new FakeMiners();
    const miner = rollingMiner(farm);
    log.take();
    loseIt(miner);
    assert.ok(miner.isConnected, "the share that shows it is not answered yet");
    assert.deepEqual(miner.takeLines(), [], "half of all firmware passes over client.reconnect");
    judge(farm, status);
    const [line, ...more] = miner.takeLines();
    assert.ok(line!.includes(answer), line);
    assert.deepEqual(more, []);
    assert.ok(!miner.isConnected);
    assert.deepEqual(log.take(), [
      "warning: Miner farm.rig1@10.0.0.7:4001 lost ASICBoost: disconnecting it, so that it " +
      "starts over",
      "info: Miner farm.rig1@10.0.0.7:4001 disconnected: it lost ASICBoost, and a new connection usually " +
      "brings it back",
    ]);
  });
}

Deno.test("answers to other shares come before it is disconnected", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  loseIt(miner);
  const [seated] = farm.mux.seated.values();
  answerShare(seated!, 8, SHARE_ACCEPTED);
  assert.equal(miner.takeLines().length, 1);
  assert.ok(miner.isConnected);
});

Deno.test("where no verdict comes it is disconnected at once, its share answered", () => {
  for (const receipt of ["taken", 33] as const) {
    const farm = new FakeMiners();
    const miner = rollingMiner(farm);
    farm.mux.receipt = "taken";
    for (let i = 0; i < 101; i++) miner.send(share("00002000"));
    miner.takeLines();
    farm.mux.receipt = receipt;
    assert.equal(miner.ask(share()).length, 1);
    assert.ok(!miner.isConnected);
  }
});

Deno.test("100 shares with version bits are not enough to call one without a loss", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  for (let i = 0; i < 100; i++) miner.send(share("00002000"));
  miner.send(share());
  judge(farm);
  assert.ok(miner.isConnected);
});

Deno.test("a share for an old job, from before the miner was told to roll, does not count as a loss", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  for (let i = 0; i < 101; i++) miner.send(share("00002000"));
  // Job "a1" is old from here on: a clean one, or another mask, came behind it.
  farm.mux.currentFrom = parseJobId("a2");
  for (let i = 0; i < 50; i++) miner.send(share());
  // Nor is one whose job is of another connection, or forgotten.
  farm.mux.currentFrom = 0;
  farm.mux.receipt = 21;
  for (let i = 0; i < 50; i++) miner.send(share());
  assert.ok(miner.isConnected);
  assert.equal([...farm.miners.reports()][0]!.rolling, "rolling");
});

Deno.test("the share that shows the loss is submitted like any other", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  loseIt(miner);
  assert.equal(farm.mux.shares.length, 102);
});

Deno.test("a miner that comes back and loses it again is left alone for 30 minutes", () => {
  const farm = new FakeMiners();
  const isSentAway = () => {
    const miner = rollingMiner(farm);
    loseIt(miner);
    judge(farm);
    const wasSentAway = !miner.isConnected;
    miner.hangUp();
    return wasSentAway;
  };
  assert.ok(isSentAway());
  farm.time += RECONNECT_PAUSE_MS - 1;
  assert.ok(!isSentAway());
  farm.time += 1;
  assert.ok(isSentAway());
});

Deno.test("a pool that forbids version rolling makes no miner a loser", () => {
  const farm = new FakeMiners();
  farm.mux.pool = { mask: 0, difficulty: 1, job: undefined };
  const miner = rollingMiner(farm);
  loseIt(miner);
  judge(farm);
  assert.ok(miner.isConnected);
});

Deno.test("with disconnect_when_lost_asicboost off, no miner is disconnected", () => {
  const farm = new FakeMiners({ reconnectsLostAsicboost: false });
  const miner = rollingMiner(farm);
  loseIt(miner);
  judge(farm);
  assert.ok(miner.isConnected);
});

Deno.test("a miner is never, rolling or lost, and rolling again when it rolls again", () => {
  let history = 0;
  assert.equal(rollingState(history), "never");
  for (let i = 0; i < 101; i++) history = noteShare(history, true);
  assert.equal(rollingState(history), "rolling");
  history = noteShare(history, false);
  assert.equal(rollingState(history), "lost");
  history = noteShare(history, false);
  assert.equal(rollingState(history), "lost");
  assert.equal(rollingState(noteShare(history, true)), "rolling");
  assert.equal(rollingState(noteShare(1, false)), "never");
});

Deno.test("ReconnectPause forgets the oldest of more miners than it remembers", () => {
  const pause = new ReconnectPause(() => 0);
  for (let i = 0; i <= 65_536; i++) assert.ok(pause.take(`rig${i}`));
  assert.ok(pause.take("rig0"), "the oldest was forgotten");
  assert.ok(!pause.take("rig65536"), "the newest is remembered");
});
