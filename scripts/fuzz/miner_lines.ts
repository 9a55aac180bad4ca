/**
 * Fuzz target: anything that miners may send, through the whole miners' side, beside an honest
 * miner.
 */

import assert from "node:assert/strict";
import { type FakeMiner, FakeMiners } from "../../tests/support/fake_miners.ts";
import { shortJob } from "../../tests/support/fake_mux.ts";
import { LogCapture } from "../../tests/support/log_capture.ts";
import {
  chunksOf,
  type Dice,
  type FuzzTarget,
  hexDigits,
  joined,
  jsonValue,
  mutate,
} from "./target.ts";

const PING = '{"id":"p","method":"mining.ping"}';
const PONG = '{"id":"p","result":"pong","error":null}';
const PRINTABLE = /^[\x20-\x7e…]*$/;
const encoder = new TextEncoder();

const HANDSHAKE = [
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"ffffffff","version-rolling.min-bit-count":2}]}',
  '{"id":2,"method":"mining.subscribe","params":["bench/1"]}',
  '{"id":3,"method":"mining.authorize","params":["farm.rig1","x"]}',
];

const METHODS = [
  "mining.configure",
  "mining.subscribe",
  "mining.authorize",
  "mining.submit",
  "mining.submit",
  "mining.extranonce.subscribe",
  "mining.suggest_difficulty",
  "mining.suggest_target",
  "mining.multi_version",
  "mining.ping",
  "client.get_version",
  "mining.notify",
  "client.reconnect",
  "",
];

/** First bytes of other protocols, as scanners of open ports send them. */
const STRANGERS = [
  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
  "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
  "\x03\0\0\x13\x0e\xe0\0\0\0\0\0Cookie: mstshash=u\r\n",
  "PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n",
  "SSH-2.0-x\r\n",
  "EHLO x\r\n",
  "\xef\xbb\xbf{}\n",
  "\0\0\0\0\n",
];

function line(dice: Dice): string {
  if (dice.oneIn(30)) return jsonValue(dice);
  const method = dice.pick(METHODS);
  const params = dice.oneIn(4)
    ? jsonValue(dice)
    : method === "mining.submit"
    ? `["farm.rig1","${dice.pick(["a", "zz", "1"])}","${hexDigits(dice, 8)}","650d1b20","${
      hexDigits(dice, 8)
    }"${dice.pick(["", ',"00002000"', "," + jsonValue(dice)])}]`
    : `[${dice.many(4, () => jsonValue(dice)).join()}]`;
  const id = dice.oneIn(4) ? jsonValue(dice) : String(dice.below(100));
  return dice.oneIn(20)
    ? `{"id":${id},"method":${jsonValue(dice)},"params":${params}}`
    : `{"id":${id},"method":"${method}","params":${params}}`;
}

/** One world for all inputs, so that anything an input leaves behind is found. */
class World {
  readonly miners = new FakeMiners({ limits: { maxRequestsPerSecond: 100 } });
  readonly log = new LogCapture();
  readonly neighbour: FakeMiner;

  constructor() {
    this.miners.mux.pool = { mask: 0x1fffe000, difficulty: 8192, job: shortJob("a") };
    this.neighbour = this.miners.login("farm.other");
  }

  /** Serves all miners that wait for a pool. */
  serveAll(): void {
    const { mux } = this.miners;
    for (const miner of mux.seated.values()) mux.serve(miner, mux.pool!);
    this.neighbour.takeLines();
  }
}

/** Made with the first input, so that it does not read the log of other targets. */
let onlyWorld: World | undefined;

/** Lines of miners, through the whole miners' side. */
export const MINER_LINES: FuzzTarget = {
  name: "miner-lines",

  generate(dice) {
    if (dice.oneIn(50)) {
      const stranger = Uint8Array.from(dice.pick(STRANGERS), (char) => char.charCodeAt(0));
      return mutate(dice, joined(stranger, dice.bytes(dice.below(100))));
    }
    const lines = dice.oneIn(3) ? [] : HANDSHAKE.slice(0, 1 + dice.below(3));
    const end = dice.pick(["\n", "\n", "\n", "\r\n", "\n\n"]);
    const text = [...lines, ...dice.many(3, () => line(dice))].map((one) => one + end).join("");
    return mutate(dice, encoder.encode(text));
  },

  run(input) {
    const { miners: world, log, neighbour } = onlyWorld ??= new World();
    world.time += 100;
    world.mux.holdsMiners = input.length % 7 === 0;
    log.take();
    const miner = world.connect();
    for (const chunk of chunksOf(input)) miner.sendBytes(chunk);
    if (world.mux.holdsMiners) onlyWorld.serveAll();
    for (const answer of miner.takeLines()) JSON.parse(answer);
    miner.hangUp();
    let ends = 0;
    for (const text of log.take()) {
      assert.match(text, PRINTABLE);
      assert.ok(text.length < 600, "a log line is short");
      assert.ok(!text.startsWith("error"), text);
      if (/ disconnected: | closed without having sent a byte: /.test(text)) ends++;
    }
    assert.equal(ends, 1, "its end is said once");
    assert.equal(world.miners.counts.connected, 1, "nobody but the neighbour is left");
    assert.equal(world.mux.leased.size, 1, "its session id is given back");
    assert.equal(world.mux.seated.size, 1);
    assert.deepEqual(neighbour.ask(PING), [PONG], "the neighbour is served");
    world.mux.calls.length = world.mux.shares.length = world.engine.closedByOwner.length = 0;
  },
};
