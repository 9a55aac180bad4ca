/**
 * Fuzz target: anything that a pool may send, through a session with it, from dialling to its end.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { AgentSession } from "../../lib/pool/agent/session.ts";
import { encodeSetDifficulty, encodeVerdict } from "../../lib/protocol/agent/message.ts";
import { handshakeLines, notifyLine, POOL_LINES } from "../../tests/support/pool_lines.ts";
import { type PoolEvent, RecordingEvents } from "../../tests/support/recording_events.ts";
import { SHARE } from "../../tests/support/session_rig.ts";
import { InputConnection } from "./input_connection.ts";
import { type Dice, type FuzzTarget, hexDigits, joined, jsonValue, mutate } from "./target.ts";

const encoder = new TextEncoder();
const ADDRESS = { host: "pool.example", port: 1800 };

const METHODS = [
  "mining.notify",
  "mining.set_difficulty",
  "mining.set_version_mask",
  "client.reconnect",
  "client.show_message",
  "mining.set_extranonce",
  "",
];

function line(dice: Dice): string {
  switch (dice.below(6)) {
    case 0:
      return notifyLine(String(dice.below(300)), dice.oneIn(2), hexDigits(dice, 8));
    case 1:
      return notifyWith(dice);
    case 2:
      return `{"id":${jsonValue(dice)},"result":${jsonValue(dice)},"error":${jsonValue(dice)}}`;
    case 3:
      return `{"id":null,"method":"client.reconnect","params":["evil.example",3333,${
        jsonValue(dice)
      }]}`;
    case 4:
      return dice.pick(Object.values(POOL_LINES));
    default: {
      const params = dice.many(4, () => jsonValue(dice)).join();
      return `{"id":null,"method":"${dice.pick(METHODS)}","params":[${params}]}`;
    }
  }
}

/** A job with one parameter that is something else. */
function notifyWith(dice: Dice): string {
  const message = JSON.parse(notifyLine("7")) as { params: unknown[] };
  const texts = message.params.map((param) => JSON.stringify(param));
  texts[dice.below(texts.length)] = jsonValue(dice);
  if (dice.oneIn(50)) texts[4] = `[${Array.from({ length: 200 }, () => `"${"cd".repeat(32)}"`)}]`;
  return `{"id":null,"method":"mining.notify","params":[${texts.join()}]}`;
}

function frame(dice: Dice): Uint8Array {
  switch (dice.below(4)) {
    case 0:
      return encodeVerdict(dice.below(65536), dice.below(2 ** 31));
    case 1:
      return encodeSetDifficulty(dice.below(64), dice.many(5, () => dice.below(65535)));
    default: {
      const body = dice.bytes(dice.below(20));
      const length = dice.oneIn(2) ? body.length + 4 : dice.below(70);
      const command = dice.pick([0x01, 0x02, 0x04, 0x05, 0x05, 0x10, 0x10, 0x12, 0x33]);
      return joined(Uint8Array.of(0x7f, command, length & 0xff, length >> 8), body);
    }
  }
}

/** Bytes of an agent pool, through a session. */
export const POOL_STREAM: FuzzTarget = {
  name: "pool-stream",

  generate(dice) {
    const handshake = handshakeLines();
    // A line left out or changed, now and then.
    if (dice.oneIn(4)) handshake[dice.below(handshake.length)] = line(dice);
    const heard = dice.pick([handshake.length, handshake.length, dice.below(handshake.length), 0]);
    const pieces = handshake.slice(0, heard).map((text) => encoder.encode(text + "\n"));
    pieces.push(
      ...dice.many(
        4,
        () => dice.oneIn(2) ? frame(dice) : encoder.encode(line(dice) + "\n"),
      ) as Uint8Array<ArrayBuffer>[],
    );
    return mutate(dice, joined(...pieces));
  },

  async run(input) {
    const events = new RecordingEvents();
    const connection = new InputConnection(input);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let dials = 0;
    events.onEvent = (event) => {
      try {
        check(event);
      } catch (error) {
        // Listeners must not throw, so the error is kept and thrown later.
        reject(error);
      }
      if ("ended" in event) resolve();
      if ("ready" in event) {
        const upstream = events.upstream!;
        const job = { poolJobId: upstream.latestJob.id, ntime: 1, version: 0 };
        upstream.enter({ sessionId: 7, account: "alice", name: "rig", clientAgent: "cgminer/4" });
        upstream.submit(0, 7, job, SHARE, false);
      }
    };
    new AgentSession({
      poolId: 0,
      name: "pool:1 #1",
      address: ADDRESS,
      kind: "agent",
      account: "alice",
      password: "",
      wantsVerdicts: true,
      version: "1.2.3",
      dial: (address) => {
        assert.equal(address, ADDRESS, "nobody else is ever dialled");
        dials++;
        return Promise.resolve(connection);
      },
      now: () => 0,
      rateClock: { realNow: () => 0, awayMs: () => 0 },
      wallNow: systemTime.wallNow,
      timers: systemTime,
      handshakeTimeoutMs: 15_000,
      readTimeoutMs: 60_000,
      shareWindowMs: 0,
      mux: events,
      owner: events,
    });
    await promise;
    assert.equal(dials, 1);
    assert.ok(connection.isClosed);
    assert.equal(events.all.filter((event) => "ended" in event).length, 1, "it ends once");
    assert.ok("ended" in events.all.at(-1)!, "nothing is told after the end");
  },
};

const HEX = /^(?:[0-9a-fA-F]{2})*$/;

/** Checks that events for the mux make sense, whatever the pool sent. */
function check(event: PoolEvent): void {
  if ("job" in event) {
    assert.match(event.job, /^\d{1,3}$/);
    assert.match(event.coinbase1, HEX);
    assert.equal(typeof event.isClean, "boolean");
  } else if ("difficulty" in event) {
    assert.ok(event.difficulty >= 1 && event.difficulty <= 2 ** 63);
    for (const id of event.sessionIds) assert.ok(id >= 0 && id <= 0xffff);
  } else if ("mask" in event) {
    assert.ok(Number.isInteger(event.mask) && event.mask >= 0 && event.mask <= 0xffffffff);
  } else if ("verdict" in event) {
    assert.ok(event.verdict >= 0 && event.verdict <= 0xffff && Number.isInteger(event.status));
  } else if ("ended" in event) {
    assert.ok(event.ended.length < 600, "the reason is short");
    assert.ok(!/TypeError|RangeError|Cannot read prop|is not a f/.test(event.ended), event.ended);
  }
}
