/**
 * Fuzz target: anything that an ordinary Stratum pool may send, through a session, from dialling to
 * its end.
 */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { CONFIGURE_WAIT_MS } from "../../lib/pool/stratum/handshake.ts";
import { StratumSession } from "../../lib/pool/stratum/session.ts";
import { WorkersAtPools } from "../../lib/pool/stratum/workers_at_pools.ts";
import { FIRST_LOGIN_ID } from "../../lib/protocol/stratum/pool_request.ts";
import { type PoolEvent, RecordingEvents } from "../../tests/support/recording_events.ts";
import { SHARE } from "../../tests/support/session_rig.ts";
import { difficultyLine, STRATUM_LINES, stratumJob } from "../../tests/support/stratum_rig.ts";
import { InputConnection } from "./input_connection.ts";
import {
  type Dice,
  type FuzzTarget,
  hexDigits,
  joined,
  jsonValue,
  mutate,
  Reached,
} from "./target.ts";

const encoder = new TextEncoder();
const ADDRESS = { host: "pool.example", port: 3333 };

const reached = new Reached({ ready: 0.3, "a second job": 0.1 });

const NOTIFICATIONS = [
  "mining.notify",
  "mining.set_difficulty",
  "mining.set_version_mask",
  "mining.set_extranonce",
  "client.show_message",
  "client.get_version",
  "mining.ping",
  "",
];

const ERRORS = [
  '[21,"job not found"]',
  '[23,"low difficulty share of 0.1"]',
  '[24,"unauthorized worker",null]',
  '"Worker mismatch"',
  '{"code":22,"message":"dup"}',
  "null",
  "false",
  "[]",
  "[[]]",
];

/** Makes a job as pools send it, or one with a wrong parameter. */
function job(dice: Dice): string {
  const good = {
    0: hexDigits(dice, 1 + dice.below(16)),
    1: dice.pick(["ab", "cd"]).repeat(32),
    5: dice.pick(["20000000", "4", "20004000"]),
    7: hexDigits(dice, 1 + dice.below(8)),
    8: dice.oneIn(2),
  };
  if (!dice.oneIn(8)) return stratumJob(good);
  const line = stratumJob({ ...good, [dice.below(10)]: "@" });
  return line.replace('"@"', () => jsonValue(dice));
}

function subscribed(dice: Dice): string {
  if (dice.oneIn(3)) return STRATUM_LINES.sub;
  const bytes = dice.oneIn(6) ? jsonValue(dice) : String(4 + dice.below(13));
  const extranonce1 = hexDigits(dice, 2 * dice.below(dice.oneIn(8) ? 20 : 16));
  return `{"result":[[],"${extranonce1}",${bytes}],"id":2,"error":null}`;
}

function configured(dice: Dice): string {
  switch (dice.below(4)) {
    case 0:
      return `{"id":1,"result":${jsonValue(dice)},"error":null}`;
    case 1:
      return '{"id":1,"result":false,"error":null}';
    default:
      return STRATUM_LINES.conf;
  }
}

/** Of a share, or of a worker's name. */
function requestId(dice: Dice): number {
  return (dice.oneIn(3) ? FIRST_LOGIN_ID : 5) + dice.below(4);
}

/** One of the lines that follow a handshake, most of them good. */
function line(dice: Dice): string {
  switch (dice.below(10)) {
    case 0:
    case 1:
    case 2:
      return job(dice);
    case 3:
      return difficultyLine(dice.oneIn(4) ? jsonValue(dice) : `${1 + dice.below(1e6)}e-3`);
    case 4:
      return `{"id":${requestId(dice)},"result":true,"error":null}`;
    case 5: {
      const error = dice.oneIn(4) ? jsonValue(dice) : dice.pick(ERRORS);
      return `{"error":${error},"id":${dice.oneIn(4) ? jsonValue(dice) : requestId(dice)}}`;
    }
    case 6:
      return `{"id":null,"method":"mining.set_version_mask","params":["${hexDigits(dice, 8)}"]}`;
    case 7:
      return `{"id":null,"method":"mining.set_extranonce","params":["${hexDigits(dice, 8)}",${
        dice.pick(["8", "8", "8", "6", "null"])
      }]}`;
    case 8:
      return dice.pick([
        "Invalid JSON, disconnecting",
        "",
        "{",
        '{"result":{,"x":false}}',
        '{"id":null,"method":"client.reconnect","params":["evil.example",3333,0]}',
      ]);
    default: {
      const params = dice.many(4, () => jsonValue(dice)).join();
      return `{"id":${jsonValue(dice)},"method":"${
        dice.pick(NOTIFICATIONS)
      }","params":[${params}]}`;
    }
  }
}

/** Sessions with ordinary pools, of which enough get ready and receive a second job. */
export const STRATUM_POOL: FuzzTarget = {
  name: "stratum-pool",
  reached,

  generate(dice) {
    const lines = [configured(dice), subscribed(dice), difficultyLine(1), job(dice)];
    lines.splice(dice.below(3) + 2, 0, STRATUM_LINES.auth);
    // A line left out, put elsewhere or changed, now and then.
    if (dice.oneIn(8)) lines.splice(dice.below(lines.length), 1);
    if (dice.oneIn(4)) lines.unshift(lines.splice(dice.below(lines.length), 1)[0]!);
    if (dice.oneIn(8)) lines.splice(dice.below(lines.length), 0, line(dice));
    lines.push(...dice.many(6, () => line(dice)));
    const bytes = joined(...lines.map((text) => encoder.encode(text + "\n")));
    return dice.oneIn(2) ? bytes : mutate(dice, bytes);
  },

  async run(input) {
    const events = new RecordingEvents();
    let time = 0;
    const connection = new InputConnection(input, () => {
      time += CONFIGURE_WAIT_MS;
      session.tick();
    });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let dials = 0;
    let jobs = 0;
    events.onEvent = (event) => {
      try {
        check(event);
      } catch (error) {
        // An error thrown here would count as the session's own fault, so it is kept and thrown
        // later.
        reject(error);
      }
      if ("ended" in event) resolve();
      if ("job" in event && jobs++ === 0) reached.count("a second job");
      if ("ready" in event) {
        reached.count("ready");
        const upstream = events.upstream!;
        assert.match(upstream.latestJob.coinbase1, HEX);
        const poolJob = { poolJobId: upstream.latestJob.id, ntime: 1, version: 0 };
        upstream.enter({ sessionId: 7, account: "", name: "rig", clientAgent: "cgminer/4" });
        for (let serial = 0; serial < 3; serial++) {
          upstream.submit(serial, 7, poolJob, SHARE, serial === 2);
        }
      }
    };
    const session = new StratumSession({
      poolId: 0,
      name: "pool:1 #1",
      address: ADDRESS,
      kind: "stratum",
      account: "alice",
      password: "x",
      workers: "each",
      wantsVerdicts: true,
      version: "1.2.3",
      dial: (address) => {
        assert.equal(address, ADDRESS, "nobody else is ever dialled");
        dials++;
        return Promise.resolve(connection);
      },
      now: () => time,
      rateClock: { realNow: () => time, awayMs: () => 0 },
      wallNow: systemTime.wallNow,
      timers: systemTime,
      handshakeTimeoutMs: 15_000,
      readTimeoutMs: undefined,
      shareWindowMs: 0,
      mux: events,
      owner: events,
    }, new WorkersAtPools());
    reached.input();
    await promise;
    assert.equal(dials, 1);
    assert.ok(connection.isClosed);
    assert.equal(events.all.filter((event) => "ended" in event).length, 1, "it ends once");
    assert.ok("ended" in events.all.at(-1)!, "nothing is told after the end");
  },
};

const HEX = /^(?:[0-9a-f]{2})*$/;

/** Checks that events for the mux make sense, whatever the pool sent. */
function check(event: PoolEvent): void {
  if ("job" in event) {
    assert.ok(event.job.length >= 1 && event.job.length <= 64);
    assert.match(event.coinbase1, HEX);
    assert.equal(typeof event.isClean, "boolean");
  } else if ("poolDifficulty" in event) {
    assert.ok(event.poolDifficulty >= 2 ** -32 && event.poolDifficulty <= 2 ** 224);
  } else if ("mask" in event) {
    assert.equal(event.mask & ~0x1fffe000, 0);
  } else if ("verdict" in event) {
    assert.ok(Number.isSafeInteger(event.verdict) && Number.isSafeInteger(event.status));
  } else if ("ended" in event) {
    assert.ok(event.ended.length < 600, "the reason is short");
    assert.ok(!/TypeError|RangeError|Cannot read prop|is not a f/.test(event.ended), event.ended);
  }
}
