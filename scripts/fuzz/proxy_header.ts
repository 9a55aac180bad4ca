/**
 * Fuzz target: PROXY headers, through a port behind load balancers: cuts change nothing, and what a
 * miner is taken for is what the header says, or nothing.
 */

import assert from "node:assert/strict";
import { addressBytes } from "../../lib/base/cidr.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import { ProtocolViolation } from "../../lib/base/violation.ts";
import { startBehindBalancers } from "../../lib/net/miners/balancer_engine.ts";
import { MAX_HEADER_BYTES, readProxyHeader } from "../../lib/protocol/proxy/header.ts";
import { FakeEngine } from "../../tests/support/fake_engine.ts";
import { headerV1, headerV2, rawHeaderV2 } from "../../tests/support/proxy_headers.ts";
import { chunksOf, type Dice, type FuzzTarget, joined, mutate, Reached } from "./target.ts";

const encoder = new TextEncoder();
const HOSTNAMES = [
  "10.1.2.3",
  "255.255.255.255",
  "0.0.0.0",
  "::",
  "2001:db8::7",
  "::ffff:10.0.0.1",
];
const REACHED = new Reached({ miner: 0.15, balancer: 0.05, refused: 0.15 });

function header(dice: Dice): Uint8Array {
  const from = { hostname: dice.pick(HOSTNAMES), port: dice.below(65536) };
  switch (dice.below(6)) {
    case 0:
      return headerV1(from);
    case 1:
      return headerV2(from, [...dice.bytes(dice.below(40))]);
    case 2:
      return headerV2(from);
    case 3:
      return encoder.encode(`PROXY UNKNOWN${" x".repeat(dice.below(60))}\r\n`);
    case 4:
      return rawHeaderV2(0x20, dice.below(256), [...dice.bytes(dice.below(600))]);
    default:
      return rawHeaderV2(
        dice.pick([0x20, 0x21, dice.below(256)]),
        dice.pick([0x00, 0x11, 0x21, 0x31, dice.below(256)]),
        [...dice.bytes(dice.below(250))],
      );
  }
}

/** What a port made of a connection. */
interface Outcome {
  /** The miner; `undefined` for none. */
  readonly from: PeerAddress | undefined;
  /** The bytes after the header. */
  readonly bytes: Uint8Array;
  /** Whether it ended as a fault. */
  readonly wasRefused: boolean;
}

function outcomeOf(chunks: Iterable<Uint8Array>): Outcome {
  let from: PeerAddress | undefined;
  let bytes: Uint8Array = new Uint8Array(0);
  let wasRefused = false;
  const fake = new FakeEngine();
  startBehindBalancers(
    (events) => fake.listen(events),
    {
      opened: (_, miner) => {
        from = miner;
        return true;
      },
      received: (_, more) => bytes = joined(bytes, more),
      closed() {},
      ended() {},
      acceptFailed() {},
      news: () => undefined,
      balancerLeft: () => wasRefused = true,
    },
    { isTrusted: () => true, read: readProxyHeader, maxBytes: MAX_HEADER_BYTES },
    { now: () => 0, freePlaces: () => 0 },
  );
  const handle = fake.connect()!;
  for (const chunk of chunks) fake.receive(handle, chunk);
  return { from, bytes, wasRefused };
}

/** PROXY headers with a miner's bytes after them. */
export const PROXY_HEADER: FuzzTarget = {
  name: "proxy-header",
  reached: REACHED,

  generate(dice) {
    const rest = dice.oneIn(3) ? encoder.encode('{"id":1,"method":"x"}\n') : new Uint8Array(0);
    return mutate(dice, joined(header(dice), rest));
  },

  run(input) {
    if (input.length === 0) return;
    REACHED.input();
    const whole = outcomeOf([input]);
    assert.deepEqual(outcomeOf(chunksOf(input)), whole, "cuts change nothing");
    let read: ReturnType<typeof readProxyHeader>;
    try {
      read = readProxyHeader(input);
    } catch (error) {
      assert.ok(error instanceof ProtocolViolation);
      assert.match(error.message, /^[\x20-\x7e…]{20,400}$/);
      assert.deepEqual([whole.wasRefused, whole.from], [true, undefined]);
      REACHED.count("refused");
      return;
    }
    assert.ok(!whole.wasRefused);
    if (read === undefined) return assert.ok(input.length < MAX_HEADER_BYTES);
    assert.ok(read.length <= Math.min(MAX_HEADER_BYTES, input.length));
    assert.deepEqual(whole.bytes, input.slice(read.length));
    if (read.source === undefined) {
      REACHED.count("balancer");
      return assert.equal(whole.from?.isShared, read.length < input.length ? true : undefined);
    }
    REACHED.count("miner");
    assert.deepEqual(whole.from, read.source);
    assert.ok(addressBytes(read.source.hostname) !== undefined);
    assert.ok(read.source.port >= 0 && read.source.port <= 65535);
  },
};
