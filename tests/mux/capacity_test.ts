/** Multiplexer: connections that hold so many miners as the operator wants. */

import assert from "node:assert/strict";
import { CheckedUpstream } from "../support/checked_upstream.ts";
import { type FakeDownstream } from "../support/fake_downstream.ts";
import { MuxWorld, poolJob } from "../support/mux_world.ts";

const CAPACITY = 10;

class World extends MuxWorld {
  /** A connection that serves. */
  serves(name: string, capacity = CAPACITY): CheckedUpstream {
    const upstream = new CheckedUpstream(name, this.mux, { terms: { capacity } });
    upstream.onEnter = ({ sessionId }) => {
      const miner = this.miners.findLast((one) => one.sessionId === sessionId)!;
      miner.moveTo(name, 0);
    };
    this.mux.upstreamReady(upstream);
    this.mux.jobArrived(upstream, { ...poolJob("1", true, name), bits: "03000001" });
    this.mux.moved(undefined, upstream);
    return upstream;
  }

  joinMany(count: number): FakeDownstream[] {
    return Array.from({ length: count }, () => this.join());
  }

  at(...upstreams: CheckedUpstream[]): number[] {
    return upstreams.map((upstream) => this.mux.minersAt(upstream));
  }
}

Deno.test("no more miners sit at a connection than it may hold; the others wait for one more", () => {
  const world = new World();
  const one = world.serves("aa");
  const miners = world.joinMany(25);
  world.tick();
  assert.deepEqual(world.at(one), [CAPACITY]);
  assert.equal(world.mux.roomless, 15);
  assert.equal(miners[CAPACITY]!.isAdmitted, false);
  const two = world.serves("bb");
  world.tick();
  assert.deepEqual(world.at(one, two), [CAPACITY, CAPACITY]);
  assert.equal(world.mux.roomless, 5);
  const three = world.serves("cc");
  world.tick();
  assert.deepEqual(world.at(one, two, three), [CAPACITY, CAPACITY, 5]);
  assert.equal(world.mux.roomless, 0);
});

Deno.test("a miner that leaves a full connection makes room for one that waits", () => {
  const world = new World();
  const one = world.serves("aa");
  const miners = world.joinMany(CAPACITY + 1);
  miners[3]!.leave();
  world.tick();
  assert.deepEqual(world.at(one), [CAPACITY]);
  assert.equal(miners[CAPACITY]!.isAdmitted, true);
});

Deno.test("in a planned move miners without room at the new pool work on at the old one", () => {
  const world = new World();
  const old = world.serves("aa", Infinity);
  const miners = world.joinMany(25);
  const first = world.serves("bb");
  world.rest(old);
  world.tick();
  assert.equal(world.mux.minersAt(first), CAPACITY);
  assert.equal(world.mux.minersAt(old), 15, "they are not left without work");
  assert.equal(world.mux.waitingMiners, 0);
  const others = [world.serves("cc"), world.serves("dd")];
  world.tick();
  assert.deepEqual(world.at(old, first, ...others), [0, CAPACITY, CAPACITY, 5]);
  assert.ok(miners.every(({ isGone }) => !isGone));
});
