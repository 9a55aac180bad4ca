/** StratumHandshake: what is taken in which order, and what is refused with which words. */

import assert from "node:assert/strict";
import { PoolFault } from "../../../lib/base/violation.ts";
import {
  CONFIGURE_WAIT_MS,
  DIFFICULTY_WAIT_MS,
  StratumHandshake,
} from "../../../lib/pool/stratum/handshake.ts";
import { decodePoolMessage } from "../../../lib/protocol/stratum/pool_message.ts";
import {
  difficultyLine,
  STRATUM_LINES,
  stratumHandshake,
  stratumJob,
} from "../../support/stratum_rig.ts";

const { conf, sub, auth, difficulty } = STRATUM_LINES;

/** A handshake that has heard these lines, at time 0. */
function after(...lines: string[]): StratumHandshake {
  const handshake = new StratumHandshake("alice");
  for (const line of lines) {
    handshake.receive(decodePoolMessage(new TextEncoder().encode(line)), 0);
  }
  return handshake;
}

function subscribed(extranonce1: unknown, bytes: unknown): string {
  return JSON.stringify({ id: 2, result: [[], extranonce1, bytes], error: null });
}

function faultOf(...lines: string[]): PoolFault {
  let fault: unknown;
  try {
    after(...lines);
  } catch (error) {
    fault = error;
  }
  assert.ok(fault instanceof PoolFault, lines.join());
  return fault;
}

/** All orders of up to five things. */
function orders<T>(items: readonly T[]): T[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) =>
    orders([...items.slice(0, at), ...items.slice(at + 1)]).map((rest) => [item, ...rest])
  );
}

Deno.test("Trap 8: jobs and difficulties come in the middle; every order comes to the same", () => {
  for (const lines of orders(stratumHandshake())) {
    const handshake = new StratumHandshake("alice");
    for (const [at, line] of lines.entries()) {
      assert.equal(handshake.agreement, undefined, lines[at]);
      handshake.receive(decodePoolMessage(new TextEncoder().encode(line)), 0);
    }
    const { agreement } = handshake;
    assert.ok(agreement !== undefined);
    assert.equal(agreement.difficulty, 1024);
    assert.equal(agreement.extranonce1, "0a0b0c0d");
    assert.deepEqual(agreement.room, { bytes: 8, offset: 2, idBytes: 2 });
    assert.equal(agreement.versionMask, 0x1fffe000);
    assert.equal(agreement.job.id, "6b0d7b2600000001");
  }
});

Deno.test("A handshake names what it waits for, in this order", () => {
  assert.equal(after().waitingFor, "the subscribe answer");
  assert.equal(after(sub).waitingFor, "the authorize answer");
  assert.equal(after(sub, auth).waitingFor, "the version mask");
  assert.equal(after(sub, auth, conf).waitingFor, "a job");
  assert.equal(after(sub, auth, conf, stratumJob()).waitingFor, "a difficulty");
  assert.equal(after(sub, auth, conf, stratumJob(), difficultyLine(1)).waitingFor, undefined);
});

Deno.test("Trap 5: configure that is never answered is waited for three seconds after subscribe", () => {
  const handshake = after(sub, auth, difficulty, stratumJob());
  handshake.tick(CONFIGURE_WAIT_MS - 1);
  assert.equal(handshake.missing, "configure");
  handshake.tick(CONFIGURE_WAIT_MS);
  assert.equal(handshake.missing, undefined);
  assert.equal(handshake.agreement?.versionMask, undefined);
  const unsubscribed = after(auth, difficulty, stratumJob());
  unsubscribed.tick(1_000_000);
  assert.equal(unsubscribed.missing, "subscribe");
});

Deno.test("Trap 5: a no or an unreadable answer to configure means no version rolling", () => {
  for (
    const answer of [
      '{"id":1,"result":false,"error":null}',
      '{"id":1,"result":null,"error":[20,"Not supported",null]}',
      '{"id":1,"result":{"version-rolling":false},"error":null}',
      '{"id":1,"error":"-1:params not found"}',
    ]
  ) {
    const { agreement } = after(answer, sub, auth, difficulty, stratumJob());
    assert.ok(agreement !== undefined, answer);
    assert.equal(agreement.versionMask, undefined);
  }
});

Deno.test("The mask is what we asked AND what the pool says, last by set_version_mask", () => {
  const wide = conf.replace("1fffe000", "ffffffff");
  const told = (mask: string) =>
    `{"id":null,"method":"mining.set_version_mask","params":["${mask}"]}`;
  const maskAfter = (...lines: string[]) =>
    after(...lines, sub, auth, difficulty, stratumJob()).agreement?.versionMask;
  assert.equal(maskAfter(wide), 0x1fffe000);
  assert.equal(maskAfter(conf, told("00c00000")), 0x00c00000);
  assert.equal(maskAfter(told("00c00000"), conf), 0x00c00000);
  assert.equal(maskAfter(conf, told("0")), 0, "agreed, with nothing to roll");
  const refused = '{"id":1,"result":false,"error":null}';
  assert.equal(maskAfter(refused, told("1fffe000")), undefined, "without an agreement");
});

Deno.test("A pool that sends a job and no difficulty within a second has difficulty 1", () => {
  const handshake = after(conf, sub, stratumJob(), auth);
  handshake.tick(500);
  handshake.tick(500 + DIFFICULTY_WAIT_MS - 1);
  assert.equal(handshake.missing, "difficulty");
  handshake.tick(500 + DIFFICULTY_WAIT_MS);
  assert.equal(handshake.agreement?.difficulty, 1);
});

Deno.test("The newest job and difficulty of the handshake count", () => {
  const { agreement } = after(
    difficultyLine(1),
    stratumJob(),
    conf,
    sub,
    difficultyLine("1e-6"),
    stratumJob({ 0: "x2" }),
    auth,
  );
  assert.equal(agreement?.difficulty, 1e-6);
  assert.equal(agreement?.job.id, "x2");
});

Deno.test("set_extranonce in the handshake counts from the next job on, its size too", () => {
  const change = '{"id":null,"method":"mining.set_extranonce","params":["FF",6]}';
  const handshake = after(conf, sub, difficulty, stratumJob(), change, auth);
  assert.equal(handshake.waitingFor, "a job");
  handshake.receive(decodePoolMessage(new TextEncoder().encode(stratumJob({ 0: "x2" }))), 0);
  const { agreement } = handshake;
  assert.equal(agreement?.extranonce1, "ff");
  assert.deepEqual(agreement?.room, { bytes: 6, offset: 0, idBytes: 2 });
  assert.equal(
    after(change, conf, sub, difficulty, stratumJob(), auth).agreement?.extranonce1,
    "0a0b0c0d",
  );
});

Deno.test("set_extranonce in the handshake without a size keeps the one before", () => {
  const change = '{"id":null,"method":"mining.set_extranonce","params":["FF"]}';
  const { agreement } = after(conf, subscribed("0a", 6), change, difficulty, stratumJob(), auth);
  assert.equal(agreement?.extranonce1, "ff");
  assert.deepEqual(agreement?.room, { bytes: 6, offset: 0, idBytes: 2 });
});

Deno.test("Every size from 4 to 16 bytes is accepted, and no other", () => {
  for (let bytes = 4; bytes <= 16; bytes++) {
    const { agreement } = after(conf, subscribed("0a", bytes), auth, difficulty, stratumJob());
    assert.equal(agreement?.room.bytes, bytes);
  }
  for (const bytes of [0, 1, 2, 3, 17, 4.5, -4, 1e300, "4", null, undefined]) {
    const { code, message } = faultOf(subscribed("0a", bytes));
    assert.equal(code, "not-for-many-miners");
    assert.match(message, /wanted 4 to 16/);
  }
});

Deno.test("An extranonce1 is up to 32 hex digits, of either case", () => {
  const read = (extranonce1: string) =>
    after(conf, subscribed(extranonce1, 8), auth, difficulty, stratumJob()).agreement?.extranonce1;
  assert.equal(read("ABcd"), "abcd");
  assert.equal(read(""), "");
  assert.equal(read("0".repeat(32)), "0".repeat(32));
  for (const extranonce1 of ["abc", "zz", "0".repeat(34), 7, null]) {
    assert.match(faultOf(subscribed(extranonce1, 8)).message, /extranonce1/);
  }
});

Deno.test("A refused subscribe is reported in the pool's words", () => {
  const { code, message } = faultOf('{"id":2,"result":null,"error":[20,"go away",null]}');
  assert.equal(code, "not-for-many-miners");
  assert.match(message, /20 "go away"/);
  assert.match(faultOf('{"id":2,"result":[[],"0a"],"error":null}').message, /subscribe/);
});

Deno.test("A refused name is a refusal of the account, in the pool's words", () => {
  for (
    const [answer, words] of [
      ['"result":false,"error":null', /no, without a reason/],
      ['"result":false,"error":"Empty workername parameter"', /"Empty workername parameter"/],
      ['"result":null,"error":[20,"Mining Authorize validation error",""]', /20 "Mining Auth/],
      ['"result":"true","error":null', /no, without a reason/],
    ] as const
  ) {
    const { code, message } = faultOf(`{"id":4,${answer}}`);
    assert.equal(code, "authorize-refused");
    assert.match(message, /as "alice"/);
    assert.match(message, words);
  }
});

Deno.test("Answers without a request, and other messages of a pool, change nothing", () => {
  const handshake = after(
    '{"id":9,"result":true,"error":null}',
    '{"id":null,"result":true,"error":null}',
    '{"id":3,"result":null,"error":[-3,"Method not found",null]}',
    '{"id":42,"method":"mining.ping","params":[]}',
  );
  assert.equal(handshake.missing, "subscribe");
});

Deno.test("A second answer to subscribe changes nothing", () => {
  const { agreement } = after(conf, sub, subscribed("ff", 4), auth, difficulty, stratumJob());
  assert.equal(agreement?.extranonce1, "0a0b0c0d");
  assert.equal(agreement?.room.bytes, 8);
});
