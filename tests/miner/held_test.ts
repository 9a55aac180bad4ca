/** A miner that authorizes before there is a pool for it. */

import assert from "node:assert/strict";
import { ERROR_CODE, stratumError } from "../../lib/protocol/stratum/error_code.ts";
import { type FakeMiner, FakeMiners } from "../support/fake_miners.ts";
import { shortJob } from "../support/fake_mux.ts";
import { LogCapture } from "../support/log_capture.ts";

const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":[]}';
const AUTHORIZE = '{"id":2,"method":"mining.authorize","params":["farm.rig1"]}';
const PING = '{"id":3,"method":"mining.ping","params":[]}';
const ADMITTED = '{"id":2,"result":true,"error":null}';
const PONG = '{"id":3,"result":"pong","error":null}';
const POOL = { mask: 0x1fffe000, difficulty: 16, job: shortJob("a") };

/** A miner whose authorize waits. */
function heldMiner(): { farm: FakeMiners; miner: FakeMiner; serve: () => void } {
  const farm = new FakeMiners();
  farm.mux.holdsMiners = true;
  const miner = farm.connect();
  miner.send(SUBSCRIBE);
  miner.takeLines();
  assert.deepEqual(miner.ask(AUTHORIZE), []);
  const serve = () => {
    for (const downstream of [...farm.mux.seated.values()]) farm.mux.serve(downstream, POOL);
  };
  return { farm, miner, serve };
}

Deno.test("its authorize is answered when there is a pool, then difficulty and job follow", () => {
  const { miner, serve } = heldMiner();
  serve();
  assert.deepEqual(miner.takeLines(), [
    ADMITTED,
    '{"id":null,"method":"mining.set_difficulty","params":[16]}',
    '{"id":null,"method":"mining.notify","params":["a",true]}',
  ]);
});

Deno.test("requests sent meanwhile are answered after authorize, in order", () => {
  const { miner, serve } = heldMiner();
  miner.send(PING, PING.replace("3", "4"));
  assert.deepEqual(miner.ask(PING.replace("3", "5")), []);
  serve();
  assert.deepEqual(miner.takeLines().slice(0, 4), [
    ADMITTED,
    PONG,
    PONG.replace("3", "4"),
    PONG.replace("3", "5"),
  ]);
});

Deno.test("it is not sent away for its login while it waits for a pool", () => {
  const { farm, miner, serve } = heldMiner();
  farm.wait(60);
  assert.ok(miner.isConnected);
  serve();
  assert.equal(miner.takeLines()[0], ADMITTED);
});

Deno.test("turned away, it gets the error, may authorize again, and loses its time to log in", () => {
  const { farm, miner } = heldMiner();
  const [downstream] = [...farm.mux.seated.values()];
  farm.mux.seated.clear();
  downstream!.turnAway(
    stratumError(ERROR_CODE.invalidUsername),
    "the pool refuses its sub-account",
  );
  assert.deepEqual(miner.takeLines(), [
    '{"id":2,"result":null,"error":[29,"Invalid username",null]}',
  ]);
  farm.mux.holdsMiners = false;
  assert.deepEqual(miner.ask(AUTHORIZE), [ADMITTED]);
});

for (const [when, seconds] of [["at once", 0], ["after a long time", 300]] as const) {
  Deno.test(`turned away ${when} and silent, it has its time to log in again, and no more`, () => {
    using log = new LogCapture();
    const { farm, miner } = heldMiner();
    farm.wait(seconds);
    const [downstream] = [...farm.mux.seated.values()];
    farm.mux.seated.clear();
    downstream!.turnAway(
      stratumError(ERROR_CODE.invalidUsername),
      "the pool refuses its sub-account",
    );
    farm.wait(10);
    assert.ok(miner.isConnected);
    farm.wait(1);
    assert.ok(!miner.isConnected);
    assert.equal(farm.mux.leased.size, 0);
    assert.match(
      log.take().at(-1)!,
      /disconnected: was turned away, and did not log in again within 10 s$/,
    );
  });
}

Deno.test("turned away, it may log in again, and is then as welcome as any other", () => {
  const { farm, miner } = heldMiner();
  farm.wait(60);
  const [downstream] = [...farm.mux.seated.values()];
  farm.mux.seated.clear();
  downstream!.turnAway(
    stratumError(ERROR_CODE.invalidUsername),
    "the pool refuses its sub-account",
  );
  farm.wait(9);
  farm.mux.holdsMiners = false;
  miner.ask(AUTHORIZE);
  farm.wait(500);
  assert.ok(miner.isConnected);
});

Deno.test("a farm whose sub-account is refused is not marked for it", () => {
  const farm = new FakeMiners({ limits: { banAfterViolations: 1 } });
  farm.mux.holdsMiners = true;
  const miner = farm.login();
  [...farm.mux.seated.values()][0]!.turnAway(stratumError(ERROR_CODE.invalidUsername), "refused");
  farm.mux.seated.clear();
  farm.wait(11);
  assert.ok(!miner.isConnected);
  const next = farm.connect();
  farm.wait(5);
  assert.ok(next.isConnected, "it has its whole time to log in");
});

Deno.test("one that sends more than a line's length meanwhile is disconnected", () => {
  const { farm, miner } = heldMiner();
  for (let i = 0; i < 200 && miner.isConnected; i++) miner.send(PING);
  assert.ok(!miner.isConnected);
  assert.equal(farm.mux.leased.size, 0);
});

Deno.test("garbage it sent meanwhile ends it when its turn comes, and no other miner", () => {
  const { farm, miner, serve } = heldMiner();
  farm.mux.holdsMiners = false;
  const other = farm.login();
  miner.send("garbage");
  serve();
  assert.ok(!miner.isConnected);
  assert.ok(other.isConnected);
});

Deno.test("one that hangs up while it waits gives its session id back", () => {
  const { farm, miner } = heldMiner();
  miner.hangUp();
  assert.equal(farm.mux.leased.size, 0);
});

Deno.test("shares it sent while it waited are in the books when it leaves instead", () => {
  const { farm, miner } = heldMiner();
  miner.send(
    '{"id":5,"method":"mining.submit","params":["farm.rig1","a","00000001","650d1b20","00000007"]}',
    PING,
    '{"id":6,"method":"mining.submit","params":[1]}',
  );
  farm.mux.takeCalls();
  miner.hangUp();
  assert.deepEqual(farm.mux.takeCalls(), [
    "count refusedUnauthorized of 0",
    "count refusedUnauthorized of 0",
    "leave 0",
  ]);
});
