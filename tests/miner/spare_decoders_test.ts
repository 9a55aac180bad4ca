/** Line decoders lent to miners. */

import assert from "node:assert/strict";
import { SpareDecoders } from "../../lib/miner/spare_decoders.ts";
import { FakeMiners } from "../support/fake_miners.ts";

const PING = '{"id":3,"method":"mining.ping","params":[]}\n';
const PONG = '{"id":3,"result":"pong","error":null}';

Deno.test("miners in the middle of a line do not get each other's beginnings", () => {
  const farm = new FakeMiners();
  const miners = Array.from({ length: 10 }, () => farm.connect());
  for (let cut = 1; cut < PING.length; cut++) {
    for (const miner of miners) miner.sendBytes(PING.slice(0, cut));
    for (const miner of miners) assert.deepEqual(miner.takeLines(), []);
    for (const miner of miners.reverse()) miner.sendBytes(PING.slice(cut));
    for (const miner of miners) assert.deepEqual(miner.takeLines(), [PONG], `cut at byte ${cut}`);
  }
});

Deno.test("a decoder that was given back is lent again, and only a few are kept", () => {
  const decoders = new SpareDecoders(100);
  const lent = Array.from({ length: 10 }, () => decoders.take());
  assert.equal(new Set(lent).size, 10);
  for (const decoder of lent) decoders.give(decoder);
  const again = new Set(Array.from({ length: 10 }, () => decoders.take()));
  assert.equal(again.intersection(new Set(lent)).size, 4);
});
