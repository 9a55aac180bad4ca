/** What we send to ordinary pools, to the letter. */

import assert from "node:assert/strict";
import {
  authorizeRequest,
  FIRST_LOGIN_ID,
  openingRequests,
  pingAnswer,
  submitAs,
  submitRequest,
  versionAnswer,
} from "../../../lib/protocol/stratum/pool_request.ts";

const LOGIN = {
  version: "1.2.3",
  user: "alice.farm",
  password: "x",
  suggestedDifficulty: undefined,
};

Deno.test("Trap 15: the opening begins with configure, subscribe and authorize, and holds nothing else", () => {
  assert.equal(
    openingRequests(LOGIN),
    '{"id":1,"method":"mining.configure","params":[["version-rolling"],' +
      '{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]}\n' +
      '{"id":2,"method":"mining.subscribe","params":["btcagent/1.2.3"]}\n' +
      '{"id":4,"method":"mining.authorize","params":["alice.farm","x"]}\n',
  );
});

Deno.test("A suggested difficulty stands between subscribe and authorize, as a plain number", () => {
  for (
    const [suggestedDifficulty, text] of [
      [2 ** 40, "1099511627776"],
      [0.001, "0.001"],
      [2 ** -20, "0.00000095367431640625"],
      [1e21, "1000000000000000000000"],
    ] as const
  ) {
    const lines = openingRequests({ ...LOGIN, suggestedDifficulty }).split("\n");
    assert.deepEqual(lines.map((line) => line && JSON.parse(line).method), [
      "mining.configure",
      "mining.subscribe",
      "mining.suggest_difficulty",
      "mining.authorize",
      "",
    ]);
    assert.equal(lines[2], `{"id":3,"method":"mining.suggest_difficulty","params":[${text}]}`);
  }
});

Deno.test("Trap 7: all ids are whole numbers from 1", () => {
  const lines = openingRequests({ ...LOGIN, suggestedDifficulty: 1 }).trim().split("\n");
  assert.deepEqual(lines.map((line) => JSON.parse(line).id), [1, 2, 3, 4]);
});

const SUBMIT = {
  id: 5,
  workerJson: '"alice.farm"',
  poolJobId: "6b0d7b2600000007",
  extranonce2: "0000002a18334cb2",
  ntime: 0x6b0d7b9f,
  nonce: 0x10b426,
  versionBits: undefined,
};

Deno.test("Trap 12: a submit is lower case and of full width", () => {
  assert.equal(
    submitRequest(SUBMIT),
    '{"id":5,"method":"mining.submit","params":["alice.farm","6b0d7b2600000007",' +
      '"0000002a18334cb2","6b0d7b9f","0010b426"]}',
  );
  const { params } = JSON.parse(submitRequest({ ...SUBMIT, ntime: 0, nonce: 0xffffffff }));
  assert.deepEqual(params.slice(3), ["00000000", "ffffffff"]);
});

Deno.test("Trap 6: the sixth parameter is there if it is given, also when it is 0", () => {
  const params = (versionBits: number | undefined) =>
    JSON.parse(submitRequest({ ...SUBMIT, versionBits })).params;
  assert.equal(params(undefined).length, 5);
  assert.equal(params(0)[5], "00000000");
  assert.equal(params(0xa02000)[5], "00a02000");
});

Deno.test("Names and job ids that need it are escaped", () => {
  const line = submitRequest({ ...SUBMIT, workerJson: JSON.stringify('a"\n'), poolJobId: '"]' });
  assert.deepEqual(JSON.parse(line).params.slice(0, 2), ['a"\n', '"]']);
});

Deno.test("A pool's questions are answered under the ids they came with", () => {
  assert.equal(pingAnswer(42), '{"id":42,"result":"pong","error":null}');
  assert.equal(
    versionAnswer('"v"', "1.2.3"),
    '{"id":"v","result":"btcagent/1.2.3","error":null}',
  );
});

Deno.test("A submit is told again under another name, whatever the first has in it", () => {
  for (const name of ["farm.main", 'a"\n', '"],"b', "\\", "$&"]) {
    const before = submitRequest({ ...SUBMIT, workerJson: JSON.stringify(name) });
    for (const other of ["farm", "$1$&", 'x"y']) {
      const workerJson = JSON.stringify(other);
      assert.equal(submitAs(before, workerJson), submitRequest({ ...SUBMIT, workerJson }));
    }
  }
});

Deno.test("An authorize of later is written as the handshake's, under another id", () => {
  const user = 'a"\n';
  const [, , expected] = openingRequests({
    version: "1",
    user,
    password: "p\\",
    suggestedDifficulty: undefined,
  }).split("\n");
  const later = authorizeRequest(FIRST_LOGIN_ID, JSON.stringify(user), JSON.stringify("p\\"));
  assert.equal(later.replace(String(FIRST_LOGIN_ID), "4"), expected);
  assert.ok(FIRST_LOGIN_ID < 2 ** 31, "pools may keep ids in 32 bits");
});
