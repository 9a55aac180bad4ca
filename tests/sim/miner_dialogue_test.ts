/** What a simulated miner makes of what it is sent, whatever its kind. */

import assert from "node:assert/strict";
import { FIRMWARE, type FirmwareName } from "../../lib/sim/firmware.ts";
import { MinerDialogue, type MinerShare, type ShareAnswer } from "../../lib/sim/miner_dialogue.ts";
import { difficultyLine, JOB, notifyLine } from "./stratum_server.ts";

/** A dialogue, and everything it told its owner. */
function begin(firmware: FirmwareName) {
  const sent: { id: unknown; method: string; params: unknown[] }[] = [];
  const faults: string[] = [];
  const left: string[] = [];
  const answers: ShareAnswer[] = [];
  const dialogue = new MinerDialogue(FIRMWARE[firmware], {
    user: "alice.rig1",
    password: "x",
    server: "pool.test:3333",
    previousSession: undefined,
  }, {
    send: (line) => sent.push(JSON.parse(line)),
    authorized: () => {},
    work: () => {},
    job: () => {},
    answered: (_share: MinerShare, answer) => answers.push(answer),
    fault: (fault) => faults.push(fault),
    leave: (reason) => left.push(reason),
  });
  dialogue.begin();
  return { dialogue, sent, faults, left, answers };
}

const MASK = '{"id":null,"method":"mining.set_version_mask","params":["1fffe000"]}';
const CONFIGURED =
  '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}';
const SUBSCRIBED = '{"id":2,"result":[[],"00000007",4],"error":null}';
const AUTHORIZED = '{"id":3,"result":true,"error":null}';
const GOOD = [CONFIGURED, SUBSCRIBED, AUTHORIZED, difficultyLine(1), notifyLine(JOB)];

Deno.test("a server that follows the dialect has no fault", () => {
  const { dialogue, faults, left } = begin("antminer");
  GOOD.forEach((line) => dialogue.receive(line));
  assert.deepEqual([faults, left], [[], []]);
  assert.equal(dialogue.work?.versionMask, 0x1fffe000);
});

/** Lines an Antminer gets, the fault it notes, and whether it leaves because of it. */
const BREACHES: readonly [string, readonly string[], RegExp, boolean][] = [
  ["no JSON", ["hello"], /no JSON object: hello/, true],
  ["an array", ["[]"], /no JSON object/, true],
  ["an id that became a text", [CONFIGURED.replace("1,", '"1",')], /no request.*"1"/, true],
  [
    "an answer to nothing",
    [...GOOD, '{"id":99,"result":true,"error":null}'],
    /no request.*99/,
    false,
  ],
  [
    "an answer with id null",
    [...GOOD, '{"id":null,"result":true,"error":null}'],
    /no request.*null/,
    false,
  ],
  [
    "a version mask straight behind the answer to configure",
    [CONFIGURED, MASK],
    /set_version_mask came where the answer to mining.subscribe was due/,
    true,
  ],
  [
    "a version mask before the answer to authorize",
    [CONFIGURED, SUBSCRIBED, MASK.replace("1ff", "00f")],
    /set_version_mask came before the answer to authorize/,
    false,
  ],
  ["a version mask that was told before", [...GOOD, MASK], /mask 1fffe000 was told before/, false],
  [
    "a notification where configure's answer is due",
    [MASK],
    /set_version_mask came where.*configure/,
    true,
  ],
  [
    "work where subscribe's answer is due",
    [CONFIGURED, difficultyLine(1)],
    /set_difficulty came where.*subscribe/,
    true,
  ],
  [
    "difficulty before authorize's answer",
    [CONFIGURED, SUBSCRIBED, difficultyLine(1)],
    /before the answer to authorize/,
    false,
  ],
  [
    "a job before authorize's answer",
    [CONFIGURED, SUBSCRIBED, notifyLine(JOB)],
    /notify came before the answer to authorize/,
    false,
  ],
  [
    "a job before any difficulty",
    [CONFIGURED, SUBSCRIBED, AUTHORIZED, notifyLine(JOB)],
    /before any difficulty/,
    false,
  ],
  [
    "a first job that is not clean",
    [...GOOD.slice(0, -1), notifyLine({ ...JOB, isClean: false })],
    /not clean/,
    false,
  ],
  [
    "a broken job",
    [...GOOD, notifyLine({ ...JOB, bits: "1" })],
    /Cannot read a job: the bits/,
    false,
  ],
  ["a difficulty of zero", [...GOOD, difficultyLine(0)], /difficulty is 0/, false],
  [
    "a configure key nobody asked for",
    [CONFIGURED.replace("}", ',"minimum-difficulty":false}')],
    /minimum-difficulty/,
    true,
  ],
  [
    "a key of its own extension it does not know",
    [CONFIGURED.replace("}", ',"version-rolling.min-bit-count":2}')],
    /min-bit-count/,
    true,
  ],
  [
    "version-rolling as a text",
    [CONFIGURED.replace("true", '"true"')],
    /neither true nor false/,
    true,
  ],
  [
    "a mask that is no text of 8 digits",
    [CONFIGURED.replace("1fffe000", "1ffe000")],
    /no mask/,
    true,
  ],
  [
    "a mask wider than asked",
    [CONFIGURED.replace("1fffe000", "3fffe000")],
    /bits outside 1fffe000/,
    false,
  ],
  [
    "configure refused",
    ['{"id":1,"result":null,"error":[20,"x",null]}'],
    /configure was refused/,
    true,
  ],
  [
    "an extranonce2 too small",
    [CONFIGURED, SUBSCRIBED.replace(",4]", ",1]")],
    /size is 1, wanted 2/,
    true,
  ],
  ["no extranonce1", [CONFIGURED, SUBSCRIBED.replace("00000007", "")], /no extranonce1/, true],
  [
    "authorize refused",
    [CONFIGURED, SUBSCRIBED, '{"id":3,"result":null,"error":[29,"x",null]}'],
    /authorize was refused/,
    true,
  ],
  [
    "authorize answered false",
    [CONFIGURED, SUBSCRIBED, '{"id":3,"result":false,"error":null}'],
    /authorize was answered false/,
    true,
  ],
];
for (const [name, lines, fault, leaves] of BREACHES) {
  Deno.test(`${name} is a fault${leaves ? " no miner goes on after" : ""}`, () => {
    const { dialogue, faults, left } = begin("antminer");
    lines.forEach((line) => dialogue.receive(line));
    assert.match(faults.join("; "), fault);
    assert.deepEqual(left, leaves ? ["fault"] : []);
  });
}

Deno.test("an Antminer that configures again while working tolerates jobs before the answer", () => {
  const { dialogue, sent, faults, left } = begin("antminer");
  GOOD.forEach((line) => dialogue.receive(line));
  dialogue.receive('{"id":4,"result":true,"error":null}');
  assert.equal(sent.at(-1)!.method, "mining.configure");
  dialogue.receive(notifyLine({ ...JOB, id: "j2", ntime: "650d1b21" }));
  dialogue.receive(CONFIGURED.replace('"id":1', '"id":5'));
  assert.deepEqual([faults, left], [[], []]);
});

Deno.test("miners that compare ids tolerate notifications between request and answer", () => {
  const { dialogue, left } = begin("bitaxe");
  GOOD.forEach((line) => dialogue.receive(line));
  assert.deepEqual(left, []);
  const waiting = begin("bitaxe");
  waiting.dialogue.receive(difficultyLine(1));
  assert.deepEqual(waiting.left, []);
  assert.match(waiting.faults[0]!, /before the answer to authorize/);
});

Deno.test("an error to a request such as suggest_difficulty does no harm", () => {
  const { dialogue, sent, faults } = begin("whatsminer");
  dialogue.receive('{"id":1,"result":null,"error":[27,"Illegal params",null]}');
  assert.deepEqual(faults, []);
  assert.equal(sent[1]!.method, "mining.configure");
});

Deno.test("version rolling refused is a fault, and means shares without the version field", () => {
  const { dialogue, sent, faults } = begin("antminer");
  [
    '{"id":1,"result":{"version-rolling":false},"error":null}',
    SUBSCRIBED,
    AUTHORIZED,
    difficultyLine(1),
    notifyLine(JOB),
  ].forEach((line) => dialogue.receive(line));
  dialogue.submit({ jobId: "j1", extranonce2: "00000001", ntime: 1, nonce: 2, versionBits: 0 });
  assert.deepEqual(faults, ["configure was answered without a mask"]);
  assert.deepEqual(sent.at(-1)!.params, ["alice.rig1", "j1", "00000001", "00000001", "00000002"]);
});

for (
  const [answer, expected, isFault] of [
    ['"result":true,"error":null', "accepted", false],
    ['"result":true', "accepted", false],
    ['"result":null,"error":[21,"x",null]', 21, false],
    ['"result":false,"error":[23,"x",null]', 23, false],
    ['"result":false,"error":null', 0, true],
    ['"result":null,"error":"stale"', 0, true],
    ['"result":null,"error":[21,"x"]', 21, true],
    ['"result":null,"error":[21,"過期",null]', 21, true],
    ['"result":null,"error":[21,"x",{}]', 21, true],
  ] as const
) {
  Deno.test(`a share answered ${answer} counts as ${expected}`, () => {
    const { dialogue, sent, faults, answers } = begin("antminer");
    GOOD.forEach((line) => dialogue.receive(line));
    dialogue.submit({ jobId: "j1", extranonce2: "00000001", ntime: 1, nonce: 2, versionBits: 3 });
    dialogue.receive(`{"id":${sent.at(-1)!.id},${answer}}`);
    assert.deepEqual(answers, [expected]);
    assert.equal(faults.length > 0, isFault);
    assert.equal(dialogue.waitingShares, 0);
  });
}
