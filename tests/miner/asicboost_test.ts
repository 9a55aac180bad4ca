/** Miners that lose ASICBoost on the way. */

import assert from "node:assert/strict";
import {
  noteShare,
  RECONNECT_PAUSE_MS,
  ReconnectPause,
  rollingState,
} from "../../lib/miner/asicboost.ts";
import { type FakeMiner, FakeMiners } from "../support/fake_miners.ts";

const RECONNECT = '{"id":null,"method":"client.reconnect","params":[]}';

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

/** Sends 101 shares with version bits and one without; returns what the last one brought. */
function loseIt(miner: FakeMiner): string[] {
  for (let i = 0; i < 101; i++) miner.send(share("00002000"));
  miner.takeLines();
  return miner.ask(share());
}

Deno.test("a miner that rolled for over 100 shares and stops is asked to reconnect, once", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  assert.deepEqual(loseIt(miner), [RECONNECT]);
  assert.deepEqual(miner.ask(share()), []);
});

Deno.test("100 shares with version bits are not enough to call one without a loss", () => {
  const miner = rollingMiner(new FakeMiners());
  for (let i = 0; i < 100; i++) miner.send(share("00002000"));
  miner.takeLines();
  assert.deepEqual(miner.ask(share()), []);
});

Deno.test("the share that shows the loss is submitted like any other", () => {
  const farm = new FakeMiners();
  const miner = rollingMiner(farm);
  loseIt(miner);
  assert.equal(farm.mux.shares.length, 102);
});

Deno.test("a miner that comes back and loses it again is left alone for 30 minutes", () => {
  const farm = new FakeMiners();
  rollingMiner(farm).hangUp();
  const first = rollingMiner(farm);
  assert.deepEqual(loseIt(first), [RECONNECT]);
  first.hangUp();
  farm.time += RECONNECT_PAUSE_MS - 1;
  const second = rollingMiner(farm);
  assert.deepEqual(loseIt(second), []);
  second.hangUp();
  farm.time += 1;
  assert.deepEqual(loseIt(rollingMiner(farm)), [RECONNECT]);
});

Deno.test("a pool that forbids version rolling makes no miner a loser", () => {
  const farm = new FakeMiners();
  farm.mux.pool = { mask: 0, difficulty: 1, job: undefined };
  assert.deepEqual(loseIt(rollingMiner(farm)), []);
});

Deno.test("with disconnect_when_lost_asicboost off, no miner is asked to reconnect", () => {
  const farm = new FakeMiners({ reconnectsLostAsicboost: false });
  assert.deepEqual(loseIt(rollingMiner(farm)), []);
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
