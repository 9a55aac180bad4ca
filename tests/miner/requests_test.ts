/**
 * Every request of stratum.md "Requests": each method, with each kind of id and of parameters, is
 * answered exactly so.
 */

import assert from "node:assert/strict";
import { FakeMiners } from "../support/fake_miners.ts";

const SUBSCRIBED =
  '[[["mining.set_difficulty","00000000"],["mining.notify","00000000"]],"00000000",4]';
const MASKED = '{"version-rolling":true,"version-rolling.mask":"1fffe000"}';

/** What a request gets: JSON text of the result, or the error. */
type Outcome = string | readonly [code: number, text: string];

const ILLEGAL: Outcome = [27, "Illegal params"];
const UNKNOWN: Outcome = [20, "Unknown"];
const NO_NAME: Outcome = [104, "Worker name must be a string"];

/** Parameters as the text behind `"params":`; `undefined` for a request without the member. */
type ParamsText = string | undefined;

/** Arrays and what counts as an empty one. */
const ANY_LIST: readonly ParamsText[] = [
  undefined,
  "null",
  "[]",
  "[null]",
  '[[],{},"x",1.5,true,null,1e400]',
];

/** What is no list at all. */
const NO_LIST: readonly ParamsText[] = ["{}", '"x"', "5", "true", '{"0":"farm.rig1","length":1}'];

interface Row {
  readonly method: string;
  readonly cases: readonly (readonly [Outcome, readonly ParamsText[]])[];
  /** Handshake requests are answered even with id null. */
  readonly isHandshake?: boolean;
}

const ROWS: readonly Row[] = [
  {
    method: "mining.configure",
    isHandshake: true,
    cases: [
      [MASKED, [
        '[["version-rolling"],{"version-rolling.mask":"1fffe000","version-rolling.min-bit-count":2}]',
        '[["version-rolling"],null]',
        '[["version-rolling"],[]]',
        '[["version-rolling"]]',
        '["version-rolling",{}]',
        '[["version-rolling",5]]',
        '[[null,"version-rolling"],{"version-rolling.mask":"0x1fffe000"}]',
      ]],
      ["{}", [undefined, "null", "[]", "[null]", "[[]]", "[[5]]"]],
      [ILLEGAL, ["[5]", "[{}]", "[true]"]],
    ],
  },
  {
    method: "mining.subscribe",
    isHandshake: true,
    cases: [[SUBSCRIBED, [
      ...ANY_LIST,
      '["cgminer/4.11.1"]',
      '["bmminer/2.0.0 rwglr","0000beef"]',
      '["bosminer","not hex at all","10.0.0.1:3333",null]',
      "[null,null,null,null]",
      '[5,{},[],true,"more","and more"]',
    ]]],
  },
  {
    method: "mining.authorize",
    isHandshake: true,
    cases: [
      ["true", [
        '["farm.rig1","x"]',
        '["farm.rig1"]',
        '["farm.rig1",null]',
        '["farm.rig1",{},5]',
        '[""]',
        '["\\u0000\\ud800 ☃"]',
      ]],
      [NO_NAME, [
        undefined,
        "null",
        "[]",
        "[null]",
        "[5]",
        '[{"toString":"x"}]',
        '[["farm.rig1"]]',
      ]],
    ],
  },
  ...[
    "mining.extranonce.subscribe",
    "mining.suggest_difficulty",
    "mining.suggest_target",
    "mining.multi_version",
  ].map((method): Row => ({ method, cases: [["true", [...ANY_LIST, "[1024]", '["ff"]']]] })),
  { method: "mining.ping", cases: [['"pong"', ANY_LIST]] },
  { method: "client.get_version", cases: [['"btcagent/1.2.3"', ANY_LIST]] },
  ...[
    "mining.capabilities",
    "mining.notify",
    "mining.set_difficulty",
    "client.reconnect",
    "agent.get_capabilities",
    "eth_submitLogin",
    "MINING.SUBSCRIBE",
    "mining.subscribe ",
    "__proto__",
    "constructor",
    '\u2028☃\\"',
  ].map((method): Row => ({ method, cases: [[UNKNOWN, ANY_LIST]] })),
];

/** Members `id` as they come, and how they are echoed; `undefined` for a notification. */
const IDS: readonly (readonly [member: string, echo: string | undefined])[] = [
  ['"id":0,', "0"],
  ['"id":7,', "7"],
  ['"id":999999999999999,', "999999999999999"],
  ['"id":"abc",', '"abc"'],
  ['"id":"",', '""'],
  ['"id":"7",', '"7"'],
  ['"id":null,', undefined],
  ["", undefined],
  ['"id":-1,', "-1"],
  ['"id":-0,', "-0"],
  ['"id":1.50,', "1.50"],
  ['"id":1e400,', "1e400"],
  ['"id":1E+2,', "1E+2"],
  ['"id":12345678901234567890123,', "12345678901234567890123"],
  ['"id":"\\u0061\\n\\"\\ud800☃",', '"\\u0061\\n\\"\\ud800☃"'],
  ['"id":true,', "true"],
  ['"id":[1,"]",{}],', '[1,"]",{}]'],
  ['"id":{"a" : "}"},', '{"a" : "}"}'],
  ['"id":1,"id":2,', "2"],
  [`"id":"${"x".repeat(6000)}",`, `"${"x".repeat(6000)}"`],
];

function answerText(id: string, outcome: Outcome): string {
  if (typeof outcome === "string") return `{"id":${id},"result":${outcome},"error":null}`;
  const [code, text] = outcome;
  return `{"id":${id},"result":null,"error":[${code},"${text}",null]}`;
}

for (const { method, cases, isHandshake = false } of ROWS) {
  for (const [outcome, list] of [...cases, [ILLEGAL, NO_LIST] as const]) {
    const what = typeof outcome === "string" ? outcome : outcome.join(" ");
    Deno.test(`${JSON.stringify(method)} is answered ${what}, the id as it came`, () => {
      for (const params of list) {
        // A list of parameters that is none leaves no request to tell a handshake by.
        const isAnsweredAlways = isHandshake && list !== NO_LIST;
        for (const [idMember, echo] of IDS) {
          const member = params === undefined ? "" : `,"params":${params}`;
          const line = `{${idMember}"method":${JSON.stringify(method)}${member}}`;
          const wanted = echo ?? (isAnsweredAlways ? "null" : undefined);
          const answers = wanted === undefined ? [] : [answerText(wanted, outcome)];
          assert.deepEqual(new FakeMiners().connect().ask(line), answers, line);
          if (isHandshake) continue;
          assert.deepEqual(new FakeMiners().login().ask(line), answers, `logged in: ${line}`);
        }
      }
    });
  }
}

Deno.test("a request without a method, or with one that is no text, is illegal", () => {
  for (const method of ["", '"method":"",', '"method":null,', '"method":5,', '"method":["a"],']) {
    const miner = new FakeMiners().connect();
    assert.deepEqual(miner.ask(`{${method}"id":"m","params":[]}`), [answerText('"m"', ILLEGAL)]);
    assert.deepEqual(miner.ask(`{${method}"params":[]}`), []);
  }
});

Deno.test("answers to requests that were never sent are ignored", () => {
  const miner = new FakeMiners().connect();
  assert.deepEqual(miner.ask('{"id":1,"result":true,"error":null}'), []);
  assert.deepEqual(miner.ask('{"id":null,"result":null,"error":[20,"x",null]}'), []);
  assert.ok(miner.isConnected);
});

Deno.test("order of members, blanks, CR LF and a byte order mark make no difference", () => {
  for (
    const line of [
      '{"params":[],"method":"mining.ping","id":5}',
      ' \t{ "jsonrpc" : "2.0" , "method" : "mining.ping" , "id" : 5 } ',
      '{"id":5,"method":"mining.ping"}\r',
      '\ufeff{"id":5,"method":"mining\\u002eping"}',
      '\n\r\n{"id":5,"method":"mining.ping"}\n\r\n',
    ]
  ) {
    const miner = new FakeMiners().connect();
    assert.deepEqual(miner.ask(line), ['{"id":5,"result":"pong","error":null}'], line);
  }
});

Deno.test("answers come in the order of the requests, those of a packet together", () => {
  const miner = new FakeMiners().connect();
  miner.send(
    '{"id":1,"method":"mining.ping"}',
    '{"id":2,"method":"no.such"}',
    '{"id":3,"method":"mining.configure","params":[]}',
    '{"id":null,"method":"mining.ping"}',
    '{"id":4,"method":"mining.ping"}',
    '{"id":5,"method":"mining.submit","params":[]}',
  );
  assert.deepEqual(miner.takeLines(), [
    '{"id":1,"result":"pong","error":null}',
    '{"id":2,"result":null,"error":[20,"Unknown",null]}',
    '{"id":3,"result":{},"error":null}',
    '{"id":4,"result":"pong","error":null}',
    '{"id":5,"result":null,"error":[24,"Unauthorized worker",null]}',
  ]);
});
