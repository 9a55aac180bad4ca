/**
 * What miners, health checks and strangers were seen to send to a port for miners, byte for byte
 * (tests/cases/miner): what each gets, and what the operator reads.
 */

import assert from "node:assert/strict";
import { everyCut } from "../support/any_cut.ts";
import { FakeMiners } from "../support/fake_miners.ts";
import { shortJob } from "../support/fake_mux.ts";
import { LogCapture } from "../support/log_capture.ts";

const FOLDER = new URL("../cases/miner/", import.meta.url);
const PRINTABLE = /^[\x20-\x7e…]*$/;

/** What a case has to come to. */
interface Outcome {
  /** Of each answer: its id, and the result or the number of the error. */
  readonly answers: readonly (readonly [id: unknown, outcome: unknown])[];
  /** What the mux was asked, logins and shares. */
  readonly calls?: readonly string[];
  /** Why it was closed; absent if it stays. */
  readonly closed?: RegExp;
}

const GRANTED = { "version-rolling": true, "version-rolling.mask": "1fffe000" };
const SUBSCRIBED = [
  [["mining.set_difficulty", "00000000"], ["mining.notify", "00000000"]],
  "00000000",
  4,
];

const CASES: Readonly<Record<string, Outcome>> = {
  // A share for a job that was never ours.
  "espminer_1558.txt": {
    answers: [[1, GRANTED], [2, SUBSCRIBED], [3, true], [4, true], [5, 21]],
    calls: [
      'join session 0, account "bc1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqq", worker "bitaxe-gamma", ' +
      'agent "bitaxe/BM1370/v2.13.0b8-4-ge44"',
      "submit of 0: job …",
    ],
  },
  "espminer_199.txt": {
    answers: [[1, SUBSCRIBED], [2, GRANTED], [3, true], [4, true]],
    calls: ['join session 0, account "BC-ADDRESS", worker "BC-ADDRESS", agent "bitaxe/BM1368"'],
  },
  "gopool_escapes.txt": {
    answers: [["sub-1", SUBSCRIBED], ["abc", true]],
    calls: [
      'join session 0, account "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", worker "worker1", ' +
      'agent "cgminer/4.11.1"',
    ],
  },
  // Keep-alives of all kinds: each with an id is answered, notifications and pongs are not.
  "keepalive.txt": {
    answers: [
      [1, SUBSCRIBED],
      [2, true],
      [3, 27],
      [4, 20],
      [5, 20],
      [6, 20],
      [7, 20],
      [9, true],
      [10, true],
      [11, true],
      [12, "btcagent/1.2.3"],
      [13, 20],
      [14, 20],
    ],
    calls: ['join session 0, account "farm", worker "k", agent "a/1"'],
  },
  "luxos_ua.txt": {
    answers: [
      [0, { ...GRANTED, "minimum-difficulty": false, "subscribe-extranonce": false }],
      [1, SUBSCRIBED],
      [2, true],
    ],
    calls: [
      'join session 0, account "farm", worker "rack-01_miner12", agent "AntminerS19jPro|LUXminer2026.3"',
    ],
  },
  // Methods and members are spelled in one way only.
  "method_case.txt": { answers: [[1, 20], [3, 27], [4, 20]] },
  "mrr_test.txt": {
    answers: [[1, SUBSCRIBED], [2, true], [3, true]],
    calls: ['join session 0, account "farm", worker "mrr", agent "MiningRigRentals/Test/1.0"'],
  },
  "nerdoct_unicode.txt": {
    answers: [[1, SUBSCRIBED], [2, true]],
    calls: [
      'join session 0, account "", worker "1", agent "NerdOCTAXE-/BM1370/v1.0.37-bet"',
    ],
  },
  "nerdqaxe_511.txt": {
    answers: [[1, SUBSCRIBED], [2, GRANTED], [3, true], [4, true], [5, true]],
    calls: [
      'join session 0, account "username-here", worker "username-here", ' +
      'agent "NerdQAxe/BM1370/v1.0.36"',
    ],
  },
  "nomp510_multi_version.txt": {
    answers: [[0, true], [1, SUBSCRIBED], [2, true], [3, true]],
    calls: ['join session 0, account "farm", worker "s9", agent "bmminer/2.0.0/AntminerS9/13500"'],
  },
  "object_params.txt": {
    answers: [[1, 27], [2, 27], [3, 27]],
    closed: /^it spoke Monero's JSON-RPC/,
  },
  "zecminer17_wrong_order.txt": {
    answers: [[1, SUBSCRIBED], [2, true]],
    calls: ['join session 0, account "farm", worker "z", agent "example.net"'],
  },
  "proxy_v1.bin": {
    answers: [],
    closed: /^it spoke the PROXY protocol \(version 1\): turn it off/,
  },
  "proxy_v2.bin": {
    answers: [],
    closed: /^it spoke the PROXY protocol \(version 2\): turn it off/,
  },
  "rdp_cookie.bin": { answers: [], closed: /^it spoke RDP \(Windows remote desktop\)/ },
  "ssh_banner.bin": { answers: [], closed: /^it spoke SSH, probably a scanner/ },
  "stratehm59_getwork.bin": {
    answers: [],
    closed: /^it spoke HTTP \(POST\), as miners with getwork do/,
  },
  "stratehm97_connect.bin": { answers: [], closed: /^it spoke HTTP to a proxy \(CONNECT\)/ },
  // It has no line end: nothing would come that could be waited for.
  "tls_hello.bin": { answers: [], closed: /^it spoke TLS, but this port has none/ },
};

Deno.test("every case has its outcome", () => {
  const files = [...Deno.readDirSync(FOLDER)].map(({ name }) => name);
  assert.deepEqual(files.toSorted(), Object.keys(CASES).toSorted());
});

for (const [file, { answers, calls = [], closed }] of Object.entries(CASES)) {
  Deno.test(`${file}: it gets what it needs, and the log says what it was`, () => {
    const sent = Deno.readFileSync(new URL(file, FOLDER));
    for (const { name, chunks } of everyCut(sent)) {
      using log = new LogCapture();
      const world = new FakeMiners({ limits: { banAfterViolations: 1 } });
      world.mux.receipt = 21;
      world.mux.pool = { mask: 0x1fffe000, difficulty: 16, job: shortJob("a1") };
      const miner = world.connect();
      for (const chunk of chunks) miner.sendBytes(chunk);
      const heard = miner.takeLines().map((line) => JSON.parse(line));
      const told = heard.filter(({ method }) => method === undefined)
        .map(({ id, result, error }) => [id, error === null ? result : error[0]]);
      assert.deepEqual(told, answers, name);
      for (const { error, result } of heard.filter(({ method }) => method === undefined)) {
        assert.ok((result === null) !== (error === null), "either is null, never both");
        if (error !== null) assert.equal(error.length, 3);
      }
      const asked = world.mux.takeCalls().filter((call) => !/^(?:lease|release|leave)/.test(call))
        .map((call) => call.replace(/: job .*/, ": job …"));
      assert.deepEqual(asked, calls, name);
      const [line = ""] = log.take().filter((line) => line.includes(" disconnected: "));
      assert.match(line, PRINTABLE);
      assert.equal(miner.isConnected, closed === undefined, name);
      if (closed !== undefined) assert.match(line.replace(/^.* disconnected: /, ""), closed, name);
    }
  });
}
