/** Who may connect: limits, lists and marks, and how little is remembered of anybody. */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  Admission,
  type AdmissionLimits,
  MAX_REMEMBERED,
  type Refusal,
} from "../../../lib/net/miners/admission.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const NO_LIMITS: AdmissionLimits = {
  maxConnections: 1_000_000,
  maxConnectionsPerIp: 0,
  newConnectionsPerSecondPerIp: 0,
  banAfterViolations: 0,
  banMs: 60_000,
  allow: [],
  deny: [],
};

const IP = "10.0.0.1";

function admission(limits: Partial<AdmissionLimits> = {}): [Admission, FakeClock] {
  const clock = new FakeClock();
  return [new Admission({ ...NO_LIMITS, ...limits }, clock.now), clock];
}

Deno.test("without limits everybody is let in, and nothing is remembered of them", () => {
  const [door] = admission();
  for (let i = 0; i < 1000; i++) assert.equal(door.enter(IP), undefined);
  assert.equal(door.connections, 1000);
  assert.equal(door.visitors, 0);
  for (let i = 0; i < 1000; i++) door.leave(IP);
  assert.equal(door.connections, 0);
});

Deno.test("the connection too many is refused, and a place left is free again", () => {
  const [door] = admission({ maxConnections: 2 });
  assert.equal(door.enter("10.0.0.1"), undefined);
  assert.equal(door.enter("10.0.0.2"), undefined);
  assert.ok(door.isFull);
  assert.equal(door.enter("10.0.0.3"), "max_miners");
  door.leave("10.0.0.1");
  assert.equal(door.enter("10.0.0.3"), undefined);
});

Deno.test("the connections of an address are limited; another address has its own limit", () => {
  const [door] = admission({ maxConnectionsPerIp: 2 });
  assert.equal(door.enter(IP), undefined);
  assert.equal(door.enter(`::ffff:${IP}`), undefined);
  assert.equal(door.enter(IP), "max_connections_per_ip");
  assert.equal(door.enter("10.0.0.2"), undefined);
  assert.equal(door.connections, 3);
  door.leave(IP);
  assert.equal(door.enter(IP), undefined);
  for (const address of [IP, `::ffff:${IP}`, "10.0.0.2"]) door.leave(address);
  assert.equal(door.visitors, 0, "who is gone is forgotten");
});

Deno.test("an IPv6 host cannot multiply itself within its /64", () => {
  const [door] = admission({ maxConnectionsPerIp: 1 });
  assert.equal(door.enter("2001:db8:0:1::1"), undefined);
  assert.equal(door.enter("2001:db8::1:ffff:0:0:2"), "max_connections_per_ip");
  assert.equal(door.enter("2001:db8:0:2::1"), undefined);
});

Deno.test("an address's new connections a second are limited, however soon it closes them", () => {
  const [door, clock] = admission({ newConnectionsPerSecondPerIp: 5 });
  const results: (Refusal | undefined)[] = [];
  const come = () => {
    const refusal = door.enter(IP);
    if (refusal === undefined) door.leave(IP);
    results.push(refusal);
  };
  for (let i = 0; i < 7; i++) come();
  assert.deepEqual(results.map((result) => result === undefined), [
    ...Array.from({ length: 5 }, () => true),
    false,
    false,
  ]);
  assert.equal(results.at(-1), "new_connections_per_second_per_ip");
  assert.equal(door.enter("10.0.0.2"), undefined);
  clock.advance(200);
  come();
  assert.equal(results.at(-1), undefined);
  come();
  assert.equal(results.at(-1), "new_connections_per_second_per_ip");
  clock.advance(1001);
  door.sweep();
  door.leave("10.0.0.2");
  assert.equal(door.visitors, 0);
});

Deno.test("connections that came during our absence are not too many at once", () => {
  const clock = new FakeClock();
  let awayMs = 0;
  const limits = { ...NO_LIMITS, newConnectionsPerSecondPerIp: 5 };
  const door = new Admission(limits, clock.now, () => awayMs);
  const come = (count: number) =>
    Array.from({ length: count }, () => door.enter(IP)).filter((refusal) => refusal === undefined)
      .length;
  clock.advance(65_000);
  awayMs = 65_000;
  assert.equal(come(65 * 5 + 20), 65 * 5 + 5);
  awayMs = 0;
  clock.advance(1_000);
  assert.equal(come(20), 5);
});

Deno.test("an address is marked at its third violation, for as long as a mark lasts, and never kept out", () => {
  const [door, clock] = admission({ banAfterViolations: 3, banMs: 60_000 });
  for (let i = 0; i < 4; i++) door.enter(IP);
  assert.equal(door.violated(IP), false);
  assert.equal(door.violated(IP), false);
  assert.equal(door.isMarked(IP), false);
  assert.equal(door.violated(IP), true);
  assert.equal(door.isMarked(IP), true);
  assert.equal(door.isMarked(`::ffff:${IP}`), true);
  assert.equal(door.isMarked("10.0.0.2"), false);
  assert.equal(door.enter(IP), undefined);
  clock.advance(59_999);
  assert.equal(door.isMarked(IP), true);
  clock.advance(1);
  assert.equal(door.isMarked(IP), false);
  assert.equal(door.violated(IP), false, "it begins again");
});

Deno.test("an address that goes on stays marked, and is reported once", () => {
  const [door, clock] = admission({ banAfterViolations: 3, banMs: 60_000 });
  const news: number[] = [];
  for (let i = 0; i < 100; i++) {
    if (door.violated(IP)) news.push(i);
    clock.advance(10_000);
  }
  assert.deepEqual(news, [2]);
  assert.equal(door.isMarked(IP), true);
  clock.advance(60_000);
  assert.equal(door.isMarked(IP), false);
});

Deno.test("violations far apart never add up to a mark", () => {
  const [door, clock] = admission({ banAfterViolations: 2, banMs: 60_000 });
  for (let i = 0; i < 10; i++) {
    assert.equal(door.violated(IP), false);
    clock.advance(60_000);
  }
  door.sweep();
  assert.equal(door.visitors, 0);
});

Deno.test("with marks switched off nothing is ever counted", () => {
  const [door] = admission({ banAfterViolations: 0 });
  for (let i = 0; i < 1000; i++) assert.equal(door.violated(IP), false);
  assert.equal(door.visitors, 0);
});

for (
  const [name, lists, expected] of [
    ["deny alone", { deny: ["10.0.0.0/8", "fd00::/8"] }, {
      "10.1.1.1": "deny",
      "::ffff:10.1.1.1": "deny",
      "fd00::1": "deny",
      "11.0.0.1": undefined,
      "fe80::1": undefined,
      "unknown": undefined,
    }],
    ["allow alone", { allow: ["10.0.0.0/8", "fd00::/8"] }, {
      "10.1.1.1": undefined,
      "::ffff:10.1.1.1": undefined,
      "fd00::1": undefined,
      "11.0.0.1": "allow",
      "::1": "allow",
      "unknown": "allow",
    }],
    ["deny within allow", { allow: ["10.0.0.0/8"], deny: ["10.0.9.0/24"] }, {
      "10.0.8.1": undefined,
      "10.0.9.1": "deny",
      "11.0.0.1": "allow",
    }],
  ] as const
) {
  Deno.test(`${name}: who is let in`, () => {
    const [door] = admission(lists);
    for (const [address, refusal] of Object.entries(expected)) {
      assert.equal(door.enter(address), refusal, address);
    }
  });
}

Deno.test("a list with something in it that is no network is not taken", () => {
  assert.throws(() => admission({ deny: ["10.0.0.0/40"] }), /"10\.0\.0\.0\/40".*10\.0\.0\.0\/8/);
});

Deno.test("attackers from ever new addresses are remembered up to a bound, the latest ones", () => {
  const [door] = admission({ banAfterViolations: 1, newConnectionsPerSecondPerIp: 1 });
  const address = (i: number) => `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`;
  const count = MAX_REMEMBERED + 5000;
  for (let i = 0; i < count; i++) {
    assert.equal(door.enter(address(i)), undefined);
    door.violated(address(i));
    door.leave(address(i));
  }
  assert.equal(door.visitors, MAX_REMEMBERED);
  assert.equal(door.isMarked(address(count - 1)), true);
  assert.equal(door.isMarked(address(0)), false);
});

Deno.test("in any course of events connections are counted right and all is forgotten in the end", () => {
  const event = fc.record({
    do: fc.constantFrom("enter", "enter", "leave", "violate", "wait", "sweep"),
    who: fc.nat(5),
  });
  const limits = fc.record({
    maxConnections: fc.integer({ min: 1, max: 6 }),
    maxConnectionsPerIp: fc.nat(3),
    newConnectionsPerSecondPerIp: fc.nat(3),
    banAfterViolations: fc.nat(3),
  });
  fc.assert(
    fc.property(limits, fc.array(event, { maxLength: 100 }), (chosen, events) => {
      const [door, clock] = admission(chosen);
      const inside: string[] = [];
      for (const { do: what, who } of events) {
        const address = who < 3 ? `10.0.0.${who}` : `fd00:0:0:${who}::${inside.length + 1}`;
        if (what === "enter" && door.enter(address) === undefined) inside.push(address);
        else if (what === "leave" && inside.length > 0) {
          door.leave(inside.splice(who % inside.length, 1)[0]!);
        } else if (what === "violate") door.violated(address);
        else if (what === "wait") clock.advance(who * 400);
        else if (what === "sweep") door.sweep();
        assert.equal(door.connections, inside.length);
        assert.ok(inside.length <= chosen.maxConnections);
        if (chosen.maxConnectionsPerIp > 0) {
          const own = inside.filter((other) => other === "10.0.0.1").length;
          assert.ok(own <= chosen.maxConnectionsPerIp);
        }
      }
      for (const address of inside) door.leave(address);
      clock.advance(200_000);
      door.sweep();
      assert.equal(door.connections, 0);
      assert.equal(door.visitors, 0);
    }),
    { seed: 33, numRuns: 500 },
  );
});

Deno.test("limits that change count for newcomers; marks and those inside stay", () => {
  const [door] = admission({ banAfterViolations: 1 });
  for (let i = 0; i < 3; i++) assert.equal(door.enter(IP), undefined);
  assert.ok(door.violated("10.0.0.9"));

  const change = (limits: Partial<AdmissionLimits>) =>
    door.reconfigure({ ...NO_LIMITS, ...limits }, [IP, IP, IP]);
  change({ maxConnectionsPerIp: 3 });
  assert.equal(door.enter(IP), "max_connections_per_ip");
  assert.equal(door.isMarked("10.0.0.9"), true);
  change({ maxConnections: 2 });
  assert.equal(door.enter("10.0.0.2"), "max_miners");
  change({ deny: ["10.0.0.0/24"] });
  assert.equal(door.enter("10.0.0.2"), "deny");
  change({ maxConnectionsPerIp: 4 });
  assert.equal(door.enter(IP), undefined);
  assert.equal(door.enter(IP), "max_connections_per_ip");
  for (let i = 0; i < 4; i++) door.leave(IP);
  assert.equal(door.connections, 0);
  assert.equal(door.enter(IP), undefined);
});

Deno.test("other limits lift no mark, however many addresses there are", () => {
  const limits = { maxConnectionsPerIp: 1, banAfterViolations: 1 };
  const [door] = admission(limits);
  const farm = Array.from({ length: MAX_REMEMBERED + 1 }, (_, i) => `10.1.${i >> 8}.${i & 0xff}`);
  for (const address of farm) assert.equal(door.enter(address), undefined);
  assert.ok(door.violated(farm[0]!));
  assert.ok(door.violated(IP));
  door.reconfigure({ ...NO_LIMITS, ...limits, maxConnectionsPerIp: 2 }, farm);
  assert.equal(door.isMarked(IP), true);
  assert.equal(door.isMarked(farm[0]!), true);
  for (const address of farm) door.leave(address);
  assert.equal(door.visitors, 2, "who is gone is forgotten");
});

Deno.test("an address over its own limit gets that reason, also when all places are taken", () => {
  const [door] = admission({
    maxConnections: 2,
    maxConnectionsPerIp: 1,
    newConnectionsPerSecondPerIp: 1,
  });
  assert.equal(door.enter(IP), undefined);
  assert.equal(door.enter("10.0.0.2"), undefined);
  assert.equal(door.enter(IP), "max_connections_per_ip");
  door.leave(IP);
  assert.equal(door.enter("10.0.0.3"), undefined);
  assert.equal(door.enter(IP), "new_connections_per_second_per_ip");
  assert.equal(door.enter("10.0.0.4"), "max_miners");
});
