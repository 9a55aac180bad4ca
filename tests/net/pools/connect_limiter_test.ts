/** ConnectLimiter: how often one address is connected to, and who goes first. */

import assert from "node:assert/strict";
import { ConnectLimiter, URGENCY, type Urgency } from "../../../lib/net/pools/connect_limiter.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const POOL = { host: "pool.test", port: 3333 };
const TICK_MS = 250;

interface Asker {
  readonly name: string;
  readonly urgency: Urgency;
}

class Rig {
  readonly clock = new FakeClock();
  readonly limiter = new ConnectLimiter(this.clock.now);
  /** Who connected, in order. */
  readonly connected: string[] = [];

  ask(asker: Asker, address = POOL): boolean {
    if (!this.limiter.mayConnect(address, asker, asker.urgency)) return false;
    this.limiter.connects(address, asker, asker.urgency);
    this.connected.push(asker.name);
    return true;
  }

  /** All that are still to connect ask in every tick. */
  pass(ms: number, askers: readonly Asker[]): void {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.clock.advance(TICK_MS);
      for (const asker of askers) if (!this.connected.includes(asker.name)) this.ask(asker);
    }
  }

  exhaust(): void {
    let n = 0;
    while (this.ask({ name: `burst${n++}`, urgency: URGENCY.more }));
    this.limiter.forget(this);
    this.connected.length = 0;
    this.pass(1250, []);
    assert.ok(this.ask({ name: "one more", urgency: URGENCY.more }));
    this.connected.length = 0;
  }
}

function askers(count: number, name: string, urgency: Urgency): Asker[] {
  return Array.from({ length: count }, (_, i) => ({ name: `${name}${i}`, urgency }));
}

Deno.test("1,000 askers get 10 connections at once, then one a second, in their order", () => {
  const rig = new Rig();
  const all = askers(1000, "account", URGENCY.first);
  for (const asker of all) rig.ask(asker);
  assert.equal(rig.connected.length, 10);
  rig.pass(8_600, all);
  assert.ok(rig.connected.length <= 19, `${rig.connected.length} in 8.6 s`);
  rig.pass(60_000, all);
  assert.ok(rig.connected.length >= 75, `${rig.connected.length} in 69 s`);
  assert.deepEqual(rig.connected, all.slice(0, rig.connected.length).map(({ name }) => name));
});

Deno.test("Each address has its own rate; the spelling of a name does not make it another", () => {
  const rig = new Rig();
  for (let i = 0; i < 10; i++) assert.ok(rig.ask({ name: `${i}`, urgency: URGENCY.more }));
  const late = { name: "late", urgency: URGENCY.more };
  assert.equal(rig.ask(late), false);
  assert.equal(rig.ask(late, { host: "POOL.test.", port: 3333 }), false);
  assert.equal(rig.ask(late, { host: "pool.test", port: 443 }), true);
  assert.equal(rig.limiter.waitMs(POOL), 1000);
  assert.equal(rig.limiter.waitMs({ host: "other.test", port: 1 }), 0);
});

Deno.test("Miners that stand still go before those that wait for their first, and those before spares", () => {
  const rig = new Rig();
  rig.exhaust();
  const waiting = [
    ...askers(3, "spare", URGENCY.more),
    ...askers(3, "first", URGENCY.first),
    ...askers(3, "outage", URGENCY.outage),
  ];
  rig.pass(12_000, waiting);
  const places = (name: string) => rig.connected.findIndex((one) => one.startsWith(name));
  assert.equal(rig.connected.length, 9);
  assert.ok(places("outage") < places("first"));
});

Deno.test("Urgent askers without end do not keep a patient one waiting forever", () => {
  const rig = new Rig();
  rig.exhaust();
  const patient = { name: "spare", urgency: URGENCY.more };
  let n = 0;
  for (let i = 0; i < 10 && !rig.connected.includes("spare"); i++) {
    rig.pass(1000, [patient, ...askers(20, `first${n++}.`, URGENCY.first)]);
  }
  assert.ok(rig.connected.includes("spare"), rig.connected.join());
  assert.ok(rig.connected.length <= 6);
});

Deno.test("An asker that asks no more delays no other", () => {
  const rig = new Rig();
  rig.exhaust();
  rig.ask({ name: "gone", urgency: URGENCY.first });
  const stays = { name: "stays", urgency: URGENCY.more };
  rig.pass(3_000, [stays]);
  assert.deepEqual(rig.connected, ["stays"]);
  rig.exhaust();
  const other = { name: "forgotten", urgency: URGENCY.first };
  rig.ask(other);
  rig.limiter.forget(other);
  const next = { name: "next", urgency: URGENCY.more };
  rig.pass(1_250, [next]);
  assert.deepEqual(rig.connected, ["next"]);
});

Deno.test("60 sub-accounts that a pool served return within seconds after it closed all connections", () => {
  const rig = new Rig();
  rig.exhaust();
  const all = askers(60, "served", URGENCY.outage);
  rig.pass(6_000, all);
  assert.equal(new Set(rig.connected).size, 60);
});

Deno.test("however many return, it is at most ten a second, and others lose nothing by it", () => {
  const rig = new Rig();
  rig.exhaust();
  const all = [...askers(1000, "served", URGENCY.outage), ...askers(20, "new", URGENCY.first)];
  rig.pass(10_000, all);
  const served = rig.connected.filter((name) => name.startsWith("served"));
  assert.ok(served.length <= 10 + 10 * 11, `${served.length} in 10 s`);
  assert.ok(rig.connected.some((name) => name.startsWith("new")));
});

Deno.test("further connections of a granted asker make the next askers wait", () => {
  const rig = new Rig();
  assert.ok(rig.ask({ name: "first", urgency: URGENCY.more }));
  for (let n = 0; n < 12; n++) rig.limiter.connectsAgain(POOL);
  assert.equal(rig.limiter.waitMs(POOL), 4_000);
  const next = askers(1, "next", URGENCY.first);
  rig.pass(3_750, next);
  assert.deepEqual(rig.connected, ["first"]);
  rig.pass(500, next);
  assert.deepEqual(rig.connected, ["first", "next0"]);
  assert.equal(rig.limiter.waitMs({ ...POOL, port: 1 }), 0, "another address owes nothing");
});

Deno.test("a crowd connects at ten a second beside all others, and takes nothing from them", () => {
  const rig = new Rig();
  const all = [...askers(1000, "crowd", URGENCY.crowd), ...askers(10, "more", URGENCY.more)];
  rig.pass(TICK_MS, all);
  const count = (name: string) => rig.connected.filter((one) => one.startsWith(name)).length;
  assert.deepEqual([count("crowd"), count("more")], [10, 10]);
  rig.pass(10_000, all);
  assert.ok(count("crowd") >= 105 && count("crowd") <= 110, `${count("crowd")} in 10 s`);
});
