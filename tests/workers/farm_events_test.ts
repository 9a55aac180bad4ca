/** What happens to a farm as a whole is no fault of any worker's: none is called anything for it. */

import assert from "node:assert/strict";
import { seededRandom } from "../../lib/sim/seeded_random.ts";
import { type MadeUpMiner, MadeUpWorkers } from "../support/made_up_workers.ts";

const MINERS = 200;

interface Farm {
  readonly workers: MadeUpWorkers;
  readonly miners: MadeUpMiner[];
}

/** A farm of several models that has worked for some hours. */
function settledFarm(seed: number): Farm {
  const workers = new MadeUpWorkers(seededRandom(seed));
  const miners = Array.from({ length: MINERS }, (_, i) =>
    workers.connect({
      name: `rig${i}`,
      clientAgent: `firmware/${i % 3}`,
      sharesPerMinute: 3 + i % 18,
      lostPerMinute: 0.02,
    }));
  workers.run(180);
  return { workers, miners };
}

/** Goes on, while all have to be in this state. */
function all({ workers }: Farm, state: string, minutes: number): void {
  const check = () => {
    const wrong = workers.views().filter(({ condition }) => condition.state !== state);
    assert.deepEqual(wrong.map(({ name, condition }) => [name, condition]), []);
  };
  workers.run(minutes, check);
}

function moveAll({ miners }: Farm, upstream: string | undefined): void {
  for (const miner of miners) miner.upstream = upstream;
}

/** For a minute one share of these is stale. */
function stale(farm: Farm, perMinute: number): void {
  for (const miner of farm.miners) miner.lostPerMinute = perMinute;
  all(farm, "working", 1);
  for (const miner of farm.miners) miner.lostPerMinute = 0.02;
}

/** All are sent away, and come back. */
function sendAway({ workers, miners }: Farm, isOurDoing: boolean): void {
  for (const miner of miners) workers.disconnect(miner, "sent away", isOurDoing);
  for (const miner of miners) workers.connect(miner);
}

const EVENTS: Readonly<Record<string, (farm: Farm) => void>> = {
  "a failover and the way back": (farm) => {
    moveAll(farm, "backup:3333 #2");
    stale(farm, 0.5);
    all(farm, "working", 30);
    moveAll(farm, "pool:3333 #3");
    stale(farm, 0.5);
  },
  "pools that are changed every four minutes": (farm) => {
    for (let move = 0; move < 20; move++) {
      moveAll(farm, `pool:3333 #${4 + move}`);
      stale(farm, 0.3);
      all(farm, "working", 3);
    }
  },
  "an outage of ten minutes": (farm) => {
    moveAll(farm, undefined);
    all(farm, "waiting", 10);
    moveAll(farm, "pool:3333 #4");
  },
  "an outage in which all are sent away once a minute": (farm) => {
    moveAll(farm, undefined);
    all(farm, "waiting", 2);
    for (let minute = 0; minute < 30; minute++) {
      sendAway(farm, true);
      all(farm, "waiting", 1);
    }
    moveAll(farm, "pool:3333 #5");
  },
  "an outage in which all come and go of themselves": (farm) => {
    moveAll(farm, undefined);
    all(farm, "waiting", 2);
    for (let minute = 0; minute < 30; minute++) {
      sendAway(farm, false);
      all(farm, "waiting", 1);
    }
    moveAll(farm, "pool:3333 #5");
  },
  "ten outages of a minute within an hour, each of which ends their connections": (farm) => {
    for (let outage = 0; outage < 10; outage++) {
      moveAll(farm, undefined);
      all(farm, "waiting", 1);
      sendAway(farm, false);
      moveAll(farm, `pool:3333 #${6 + outage}`);
      all(farm, "working", 5);
    }
  },
  "being sent away ten times within an hour": (farm) => {
    for (let time = 0; time < 10; time++) {
      sendAway(farm, true);
      all(farm, "working", 5);
    }
  },
  "blocks with a burst of stale shares every few minutes": (farm) => {
    for (let block = 0; block < 12; block++) {
      stale(farm, 0.4);
      all(farm, "working", 4);
    }
  },
};

for (const [seed, [name, happens]] of Object.entries(EVENTS).entries()) {
  Deno.test(`no worker is blamed for ${name}`, () => {
    const farm = settledFarm(seed);
    happens(farm);
    all(farm, "working", 120);
    const observed = farm.workers.views().filter(({ observations }) => observations.length > 0);
    assert.deepEqual(observed.map(({ name, observations }) => [name, observations]), []);
    const views = farm.workers.views();
    assert.equal(views.length, MINERS);
    assert.deepEqual([...new Set(views.map(({ usualConnections }) => usualConnections))], [1]);
  });
}
