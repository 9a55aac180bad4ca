/** A port behind load balancers: arrivals, their bounds, and what becomes of each. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { PeerAddress } from "../../../lib/base/peer_address.ts";
import {
  HEADER_TIMEOUT_MS,
  MOST_ARRIVALS,
  startBehindBalancers,
} from "../../../lib/net/miners/balancer_engine.ts";
import type { ListenOptions } from "../../../lib/net/miners/engine.ts";
import { startDenoEngine } from "../../../lib/net/miners/deno_engine.ts";
import { Listeners } from "../../../lib/net/miners/listeners.ts";
import { startLibcEngine } from "../../../lib/net/libc/engine.ts";
import { MAX_HEADER_BYTES, readProxyHeader } from "../../../lib/protocol/proxy/header.ts";
import { EngineRecord } from "../../support/engine_record.ts";
import { FakeEngine } from "../../support/fake_engine.ts";
import { headerV1, headerV2, LOCAL_HEADER } from "../../support/proxy_headers.ts";
import { testEngineOnLoopback } from "./engine_loopback.ts";

const BALANCER = { hostname: "10.0.0.5", port: 40000 };
const MINER = { hostname: "10.1.2.3", port: 50000 };
const HELLO = new TextEncoder().encode("hello\n");

const rules = (isTrusted: (from: PeerAddress) => boolean) => ({
  isTrusted,
  read: readProxyHeader,
  maxBytes: MAX_HEADER_BYTES,
});

// A port behind balancers serves those who connect directly like any other.
for (const [name, start] of [["deno", startDenoEngine], ["libc", startLibcEngine]] as const) {
  testEngineOnLoopback(`${name}, behind balancers`, (options: ListenOptions) => {
    return startBehindBalancers(
      (events) => start({ ...options, events }),
      options.events,
      rules(() => false),
      { now: options.now, freePlaces: () => 0 },
    );
  });
}

/** A port that trusts {@linkcode BALANCER}, over an engine without sockets. */
class World {
  readonly fake = new FakeEngine();
  readonly events = new EngineRecord();
  /** Each end of a balancer's connection that stood for no miner. */
  readonly left: (string | undefined)[] = [];
  time = 1_000_000;
  freePlaces = 0;
  readonly engine = startBehindBalancers(
    (events) => this.fake.listen(events),
    Object.assign(this.events, {
      balancerLeft: (_: PeerAddress, fault: string | undefined) => void this.left.push(fault),
    }),
    rules(({ hostname }) => hostname === BALANCER.hostname),
    { now: () => this.time, freePlaces: () => this.freePlaces },
  );
}

const together = (...pieces: readonly Uint8Array[]) =>
  Uint8Array.from(pieces.flatMap((piece) => [...piece]));

for (const [version, header] of [["1", headerV1(MINER)], ["2", headerV2(MINER)]] as const) {
  Deno.test(`version ${version}: however it is cut, the miner opens once with its address and bytes`, () => {
    const stream = together(header, HELLO);
    for (let cut = 0; cut <= stream.length; cut++) {
      const { fake, events, left } = new World();
      const handle = fake.connect(BALANCER)!;
      assert.deepEqual(events.opens, []);
      if (cut > 0) fake.receive(handle, stream.slice(0, cut));
      if (cut < stream.length) fake.receive(handle, stream.slice(cut));
      assert.deepEqual(events.opens, [handle]);
      assert.deepEqual(events.from.get(handle), MINER);
      assert.equal(events.text.get(handle), "hello\n", `cut at byte ${cut}`);
      assert.deepEqual(left, []);
    }
  });
}

Deno.test("a miner that is not let in is closed, and hears nothing", () => {
  const world = new World();
  world.events.letsIn = false;
  const handle = world.fake.connect(BALANCER)!;
  world.fake.receive(handle, together(headerV2(MINER), HELLO));
  assert.ok(!world.fake.isOpen(handle));
  assert.equal(world.events.text.get(handle), "");
  assert.equal(world.engine.arriving, 0);
});

Deno.test("health checks of any kind are reported as such: LOCAL, UNKNOWN, not a byte, one that stays", () => {
  const world = new World();
  const connect = (bytes?: Uint8Array) => {
    const handle = world.fake.connect(BALANCER)!;
    if (bytes !== undefined) world.fake.receive(handle, bytes);
    return handle;
  };
  const unknown = new TextEncoder().encode("PROXY UNKNOWN\r\n");
  for (const bytes of [LOCAL_HEADER, unknown, undefined]) world.fake.hangUp(connect(bytes));
  const stays = connect(LOCAL_HEADER);
  world.time += HEADER_TIMEOUT_MS + 1;
  world.engine.sweep();
  assert.ok(!world.fake.isOpen(stays));
  assert.deepEqual(world.left, [undefined, undefined, undefined, undefined]);
  assert.deepEqual([world.events.opens, world.events.closes], [[], []]);
});

Deno.test("bytes after a header for no miner are a miner's, under the address that it shares", () => {
  for (const bytes of [[LOCAL_HEADER, HELLO], [together(LOCAL_HEADER, HELLO)]]) {
    const { fake, events, left } = new World();
    const handle = fake.connect(BALANCER)!;
    for (const chunk of bytes) fake.receive(handle, chunk);
    assert.deepEqual(events.from.get(handle), { ...BALANCER, isShared: true });
    assert.equal(events.text.get(handle), "hello\n");
    assert.deepEqual(left, []);
  }
});

Deno.test("a header that drips in has its five seconds, and no byte gives it more", () => {
  const world = new World();
  const handle = world.fake.connect(BALANCER)!;
  const other = world.fake.connect(MINER)!;
  const header = headerV2(MINER);
  let sent = 0;
  while (world.fake.isOpen(handle)) {
    assert.ok(sent < header.length - 1, "it is over before the header is");
    world.fake.receive(handle, header.slice(sent, ++sent));
    world.time += 500;
    world.engine.sweep();
  }
  assert.equal(sent, 11);
  assert.deepEqual(world.left, ["sent no whole PROXY header within 5 s"]);
  assert.ok(world.fake.isOpen(other));
});

Deno.test("a header cut off, and bytes that are none, end as faults", () => {
  const world = new World();
  const cut = world.fake.connect(BALANCER)!;
  world.fake.receive(cut, headerV1(MINER).slice(0, 9));
  world.fake.hangUp(cut);
  const none = world.fake.connect(BALANCER)!;
  world.fake.receive(none, HELLO);
  assert.ok(!world.fake.isOpen(none));
  assert.match(world.left[0]!, /^sent only the beginning of a PROXY header: it closed/);
  assert.match(world.left[1]!, /^began without a PROXY header: found "hello\?"/);
  assert.deepEqual(world.events.opens, []);
});

Deno.test("arrivals are bounded: a slow one makes room, and without one the new one ends", () => {
  const world = new World();
  const first = world.fake.connect(BALANCER)!;
  for (let i = 1; i < MOST_ARRIVALS; i++) world.fake.connect(BALANCER);
  assert.equal(world.fake.connect(BALANCER), undefined);
  assert.match(world.left[0]!, /^was one more than 1024 that wait/);
  assert.notEqual(
    world.fake.connect(MINER),
    undefined,
    "who connects directly needs no room there",
  );
  world.time += 1_001;
  assert.notEqual(world.fake.connect(BALANCER), undefined);
  assert.ok(!world.fake.isOpen(first));
  assert.equal(world.engine.arriving, MOST_ARRIVALS);
});

Deno.test("a whole farm that comes back before its first header is read is let in", () => {
  const world = new World();
  world.freePlaces = 10_000;
  const handles = Array.from({ length: 10_000 }, () => world.fake.connect(BALANCER)!);
  for (const handle of handles) world.fake.receive(handle, headerV2(MINER));
  assert.deepEqual([world.events.opens.length, world.left.length], [10_000, 0]);
});

Deno.test("when reading has stopped nobody is late", () => {
  const world = new World();
  const handle = world.fake.connect(BALANCER)!;
  world.engine.stopReading();
  world.time += 60_000;
  world.engine.sweep();
  assert.ok(world.fake.isOpen(handle));
});

Deno.test("a removed port still serves a miner whose header was on its way", async () => {
  const world = new World();
  const record = new EngineRecord();
  let inner: FakeEngine | undefined;
  const listeners = new Listeners(
    [{ hostname: "127.0.0.1", port: 1, trusted: [] }],
    (_, events) => {
      inner = new FakeEngine();
      const fake = inner;
      return startBehindBalancers((own) => fake.listen(own), events, rules(() => true), {
        now: () => world.time,
        freePlaces: () => 0,
      });
    },
    record,
    systemTime,
  );
  const old = inner!;
  const handle = old.connect(BALANCER)!;
  await listeners.reconfigure([{ hostname: "127.0.0.1", port: 2, trusted: [] }]);
  listeners.sweep();
  assert.ok(!old.isStopped);
  old.receive(handle, together(headerV2(MINER), HELLO));
  assert.deepEqual([...record.from.values()], [MINER]);
  assert.deepEqual([...record.text.values()], ["hello\n"]);
});
