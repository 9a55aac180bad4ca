/**
 * Miners get only what every firmware bears: Braiins OS of 2020 ends a connection on anything else
 * (any other method, an answer that is neither result nor error, an error array of another length).
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { errorText } from "../../lib/protocol/stratum/error_code.ts";
import { FakeMiners } from "../support/fake_miners.ts";
import { answerShare, shortJob } from "../support/fake_mux.ts";

const NOTIFICATIONS = ["mining.set_difficulty", "mining.notify", "mining.set_version_mask"];

/** Error texts are cut at this many bytes by Braiins OS, within a character if need be. */
const MAX_ERROR_BYTES = 32;

function assertBearable(line: string): void {
  const { id, method, params, result, error } = JSON.parse(line);
  if (method !== undefined) {
    assert.ok(NOTIFICATIONS.includes(method) && id === null && Array.isArray(params), line);
    return;
  }
  assert.ok((result === null) !== (error === null), line);
  if (error === null) return;
  const [code, text, data] = error;
  assert.equal(error.length, 3, line);
  assert.ok(Number.isInteger(code) && data === null, line);
  assert.match(text, /^[\x20-\x7e]+$/);
  assert.ok(text.length <= MAX_ERROR_BYTES, line);
}

Deno.test("the text of every code is ASCII and no longer than firmware takes", () => {
  for (let code = -10; code < 500; code++) {
    assert.match(errorText(code), /^[\x20-\x7e]{1,32}$/, `${code}`);
  }
});

Deno.test("whatever a miner asks, and whatever becomes of it, it gets nothing that firmware ends on", () => {
  const methods = [
    "mining.configure",
    "mining.subscribe",
    "mining.authorize",
    "mining.submit",
    "mining.extranonce.subscribe",
    "mining.suggest_difficulty",
    "mining.suggest_target",
    "mining.multi_version",
    "mining.ping",
    "mining.get_transactions",
    "client.get_version",
    "client.show_message",
    "client.reconnect",
    "pong",
    "no.such",
  ];
  const params = [
    "[]",
    "null",
    "{}",
    '["farm.rig1","x"]',
    '[["version-rolling"],{"version-rolling.mask":"ffffffff"}]',
    '["w","a1","00000001","650d1b20","00000007"]',
    '["w","a1","00000001","650d1b20","00000007","00002000"]',
  ];
  const line = fc.tuple(
    fc.constantFrom("1", '"x"', "null"),
    fc.constantFrom(...methods),
    fc.constantFrom(...params),
  )
    .map(([id, method, list]) => `{"id":${id},"method":"${method}","params":${list}}`);
  const receipt = fc.constantFrom("waiting" as const, "taken" as const, 20, 21, 33);
  const status = fc.constantFrom(SHARE_ACCEPTED, 0, 22, 23, 31, 36, 37, 38, 400, 2147483647, -7);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(line, receipt, status), { maxLength: 30 }),
      fc.boolean(),
      fc.constantFrom(0, 0x1fffe000),
      (steps, logsIn, mask) => {
        const world = new FakeMiners();
        world.mux.pool = { mask, difficulty: 16, job: shortJob("a1") };
        const miner = world.connect();
        if (logsIn) {
          miner.send('{"id":1,"method":"mining.subscribe","params":[]}');
          miner.send('{"id":2,"method":"mining.authorize","params":["farm.rig1"]}');
        }
        for (const [asked, becomes, judged] of steps) {
          world.mux.receipt = becomes;
          miner.send(asked);
          for (const seated of [...world.mux.seated.values()]) answerShare(seated, 1, judged);
        }
        for (const sent of miner.takeLines()) assertBearable(sent);
      },
    ),
    { seed: 39, numRuns: 1000 },
  );
});
