/** Miners that roll version bits their pool does not allow. */

import assert from "node:assert/strict";
import { finished } from "../../lib/base/steps.ts";
import { cannotNarrow, noteBits } from "../../lib/miner/narrowing.ts";
import { parseJobId } from "../../lib/protocol/stratum/job_id.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { type FakeMiner, FakeMiners } from "../support/fake_miners.ts";
import { LogCapture } from "../support/log_capture.ts";

const SHARE =
  '{"id":9,"method":"mining.submit","params":["w","a1","00000001","650d1b20","00000007","00002000"]}';

/** A miner at a pool that allows nothing to be rolled. */
function stubbornMiner(farm: FakeMiners): FakeMiner {
  farm.mux.pool = { mask: 0, difficulty: 1, job: undefined };
  farm.mux.receipt = 33;
  return farm.login("farm.stubborn");
}

function rollingOf(farm: FakeMiners): string {
  return [...farm.miners.reports()][0]!.rolling;
}

Deno.test("20 shares in a row with bits that are not allowed mark a miner, which is logged once", () => {
  using log = new LogCapture();
  const farm = new FakeMiners();
  const miner = stubbornMiner(farm);
  log.take();
  farm.mux.takeCalls();
  for (let i = 0; i < 19; i++) miner.send(SHARE);
  assert.equal(rollingOf(farm), "never");
  assert.deepEqual(log.take(), []);
  miner.send(SHARE);
  assert.equal(rollingOf(farm), "cannot_narrow");
  assert.equal(finished(farm.miners.census()).rolling.cannot_narrow, 1);
  assert.deepEqual(log.take(), [
    "warning: Miner farm.stubborn@10.0.0.7:4001 cannot narrow the version bits it rolls: 20 " +
    "shares in a row rolled bits outside 00000000, which is all that imagined #1 allows, and " +
    "were refused; it earns nothing there: update its firmware, turn its version rolling " +
    "(ASICBoost) off, or list first a pool that allows 1fffe000",
  ]);
  for (let i = 0; i < 50; i++) miner.send(SHARE);
  assert.deepEqual(log.take(), []);
  assert.deepEqual(farm.mux.takeCalls().filter((call) => call.startsWith("full")), [
    "full mask for 0",
  ]);
  assert.ok(miner.isConnected, "it is never disconnected for it");
  assert.equal(miner.takeLines().length, 70, "each of its shares is answered");
});

Deno.test("where its sub-account has a connection with all bits it moves there, and the log says so", () => {
  using log = new LogCapture();
  const farm = new FakeMiners();
  farm.mux.hasFullMask = true;
  const miner = stubbornMiner(farm);
  log.take();
  for (let i = 0; i < 20; i++) miner.send(SHARE);
  assert.match(log.take().join(), /were refused; moving it to a connection that allows all bits$/);
  farm.mux.receipt = "waiting";
  miner.send(SHARE);
  assert.equal(rollingOf(farm), "cannot_narrow", "a good share there does not change what it is");
});

for (const checksShares of [false, true]) {
  const when = checksShares ? "once its shares are hashed" : "by its hashes";
  Deno.test(`a miner that was narrowed and hides its bits is marked ${when}, others are not`, async () => {
    const farm = new FakeMiners();
    farm.mux.checksShares = checksShares;
    farm.mux.pool = { mask: 0, difficulty: 1, job: undefined };
    farm.mux.receipt = 23;
    const plain = farm.login("farm.plain");
    const hiding = farm.connect();
    hiding.send(
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff"}]}',
      '{"id":2,"method":"mining.subscribe","params":["cgminer/4.11.1"]}',
      '{"id":3,"method":"mining.authorize","params":["farm.hiding","x"]}',
    );
    const share = SHARE.replace(',"00002000"', "");
    for (let i = 0; i < 20; i++) {
      plain.send(share);
      hiding.send(share);
      await Promise.resolve();
    }
    assert.equal(
      hiding.takeLines().filter((line) => line.includes("[23,")).length,
      20,
      "all answered",
    );
    const states = new Map([...farm.miners.reports()].map(({ user, rolling }) => [user, rolling]));
    assert.deepEqual(
      states,
      new Map([["farm.plain", "never"], ["farm.hiding", "cannot_narrow"]] as const),
    );
  });
}

Deno.test("a good share between, or shares of old jobs, keep a miner from being marked", () => {
  const farm = new FakeMiners();
  const miner = stubbornMiner(farm);
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 19; i++) miner.send(SHARE);
    farm.mux.receipt = "waiting";
    miner.send(SHARE);
    farm.mux.receipt = 33;
  }
  // What was begun before the mask was told is finished with the bits of before.
  farm.mux.currentFrom = parseJobId("a2");
  for (let i = 0; i < 100; i++) miner.send(SHARE);
  farm.mux.currentFrom = 0;
  farm.mux.receipt = 21;
  for (let i = 0; i < 100; i++) miner.send(SHARE);
  assert.notEqual(rollingOf(farm), "cannot_narrow");
});

Deno.test("one good share in eight, as of a Nano 3S, does not hide for long what it is", () => {
  const random = seededRandom(8);
  let streak = 0;
  let shares = 0;
  for (; !cannotNarrow(streak); shares++) streak = noteBits(streak, randomBelow(random, 8) > 0);
  assert.ok(shares < 1000, `${shares} shares`);
  assert.ok(cannotNarrow(noteBits(streak, false)));
});
