/**
 * Nothing a miner sends hurts anybody but itself: it gets the right error, or it is closed with one
 * log line that is safe to read.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { cutAt } from "../support/any_cut.ts";
import { FakeMiners } from "../support/fake_miners.ts";
import { heapGrowth } from "../support/heap_growth.ts";
import { LogCapture } from "../support/log_capture.ts";

const PING = '{"id":"p","method":"mining.ping"}\n';
const PONG = '{"id":"p","result":"pong","error":null}';
const PRINTABLE = /^[\x20-\x7e…]*$/;

const FOUND = "Cannot read a line: found ";

const encoder = new TextEncoder();

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** Bytes that end the connection they come on, and what the log says of them. */
const FATAL: readonly (readonly [name: string, bytes: Uint8Array, reason: string])[] = [
  ["null, which ended the Go agent", bytes("null\n"), FOUND + '"null"'],
  ["an array", bytes("[]\n"), FOUND + '"[]"'],
  ["a number", bytes("1\n"), FOUND + '"1"'],
  ["a number no double holds", bytes("1e400\n"), FOUND + '"1e400"'],
  ["a text", bytes('"x"\n'), FOUND + '""x""'],
  ["a blank", bytes(" \n"), FOUND + '" "'],
  ["true", bytes("true\r\n"), FOUND + '"true"'],
  ["an object that is never closed", bytes('{"id":1,\n'), FOUND + '"{"id":1,"'],
  [
    "a lone half of a surrogate pair, as UTF-8 has none",
    bytes("\xed\xa0\x80\n"),
    FOUND + "3 bytes, no text (ed a0 80)",
  ],
  ["an SSH greeting", bytes("SSH-2.0-x\r\n"), "it spoke SSH, probably a scanner"],
  ["two objects on a line", bytes('{"id":1}{"id":2}\n'), FOUND + '"{"id":1}{"id":2}"'],
  ["half an object", bytes('{"id":1,"method"\n'), FOUND + '"{"id":1,"method""'],
  ["arrays nested 4,000 deep", bytes("[".repeat(4000) + "\n"), FOUND + `"${"[".repeat(60)}…"`],
  ["NUL bytes", bytes("\0\0\0\n"), FOUND + "3 bytes, no text (00 00 00)"],
  [
    "bytes that are no UTF-8",
    bytes("\xff\xfe\xc3\x28\n"),
    FOUND + "4 bytes, no text (ff fe c3 28)",
  ],
  ["control codes of a terminal", bytes("\x1b[2J more\x9b31m\x07\n"), FOUND + '"?[2J more?31m?"'],
  ["a TLS hello with a line end in it", bytes("\x16\x03\x01\x02\x00\x01\n"), "it spoke TLS, but"],
  [
    "a TLS hello without",
    bytes("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "it spoke TLS, but",
  ],
  ["an HTTP request", bytes("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "it spoke HTTP (GET), but"],
  ["an HTTP upload", bytes("POST /x HTTP/1.1\r\n\r\n{}"), "it spoke HTTP (POST), as miners"],
  ["an RDP cookie", bytes("\x03\0\0\x13Cookie: mstshash=u\r\n"), "it spoke RDP (Windows remote"],
  [
    "a PROXY header",
    bytes("PROXY TCP4 1.2.3.4 5.6.7.8 9 10\r\n"),
    "it spoke the PROXY protocol (version 1)",
  ],
  ["two byte order marks", bytes("\xef\xbb\xbf\xef\xbb\xbf{}\n"), FOUND + '"?{}"'],
  [
    "a log line of its own making",
    bytes('x\r2026-01-01 error agent "all lost"\n'),
    FOUND + '"x?2026-01-01 error agent "all lost""',
  ],
];

for (const [name, hostile, reason] of FATAL) {
  Deno.test(`${name}: ends only that connection, with one harmless log line`, () => {
    using log = new LogCapture();
    const world = new FakeMiners();
    const other = world.login("farm.other");
    log.take();
    for (const chunks of [[hostile], [...hostile].map((byte) => Uint8Array.of(byte))]) {
      const miner = world.connect();
      miner.sendBytes(PING);
      for (const chunk of chunks) miner.sendBytes(chunk);
      miner.sendBytes(PING);
      assert.deepEqual(miner.takeLines(), [PONG]);
      assert.ok(!miner.isConnected);
      const [line, ...more] = log.take();
      assert.deepEqual(more, []);
      const start = `info: Miner 10.0.0.7:4001 disconnected: ${reason}`;
      assert.ok(line!.startsWith(start), `${line}\n${start}`);
      assert.match(line!, PRINTABLE);
      assert.ok(line!.length < 300);
    }
    other.sendBytes(PING);
    assert.deepEqual(other.takeLines(), [PONG]);
    assert.equal(world.miners.counts.connected, 1);
  });
}

Deno.test("a line without end costs its sender the connection at the byte too many", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  const miner = world.connect();
  const longest = PING.trimEnd() + " ".repeat(8192 - PING.length + 1);
  miner.send(longest);
  assert.deepEqual(miner.takeLines(), [PONG]);
  miner.sendBytes("x".repeat(8192));
  assert.ok(miner.isConnected);
  miner.sendBytes("x");
  assert.ok(!miner.isConnected);
  assert.deepEqual(log.take(), [
    "info: Miner 10.0.0.7:4001 disconnected: Cannot read a line: 8193 bytes have come, at most 8192 are " +
    "allowed",
  ]);
});

Deno.test("an id of 1 MB or a text of 64 KB is a line too long", () => {
  for (
    const line of [
      `{"id":"${"x".repeat(1 << 20)}","method":"mining.ping"}`,
      `{"id":1,"method":"mining.authorize","params":["${"x".repeat(65536)}"]}`,
    ]
  ) {
    const world = new FakeMiners();
    const miner = world.connect();
    for (const chunk of cutAt(encoder.encode(line + "\n"), [256, 512, 9000])) {
      miner.sendBytes(chunk);
    }
    assert.ok(!miner.isConnected);
    assert.deepEqual(miner.takeLines(), []);
  }
});

Deno.test("blank lines for ever are neither answered nor kept", () => {
  const miner = new FakeMiners().connect();
  for (let i = 0; i < 1000; i++) miner.sendBytes("\r\n\n\r\n\n");
  assert.deepEqual(miner.takeLines(), []);
  miner.sendBytes(PING);
  assert.deepEqual(miner.takeLines(), [PONG]);
});

/** Odd, and answered: the miner stays. */
const ODD: readonly (readonly [name: string, line: string, answers: readonly string[]])[] = [
  ["an empty object", "{}", []],
  [
    "a key twice",
    '{"id":1,"method":"x","id":2,"method":"mining.ping"}',
    ['{"id":2,"result":"pong","error":null}'],
  ],
  ["a request that ends in CRLF", '{"id":1,"method":"mining.ping"}\r', [
    '{"id":1,"result":"pong","error":null}',
  ]],
  ["a byte order mark before a request", '\ufeff{"id":1,"method":"mining.ping"}', [
    '{"id":1,"result":"pong","error":null}',
  ]],
  [
    "a negative id",
    '{"id":-1,"method":"mining.ping"}',
    ['{"id":-1,"result":"pong","error":null}'],
  ],
  [
    "a fraction as an id",
    '{"id":0.5,"method":"mining.ping"}',
    ['{"id":0.5,"result":"pong","error":null}'],
  ],
  [
    "a key of params that is __proto__",
    '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"__proto__":{"version-rolling.mask":"1"}}]}',
    ['{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}'],
  ],
  [
    "__proto__ as a member",
    '{"__proto__":{"method":"mining.ping"},"id":1}',
    ['{"id":1,"result":null,"error":[27,"Illegal params",null]}'],
  ],
  [
    "1e400 as a difficulty",
    '{"id":1,"method":"mining.suggest_difficulty","params":[1e400]}',
    ['{"id":1,"result":true,"error":null}'],
  ],
  [
    "4,000 levels of nesting as a parameter",
    `{"id":1,"method":"mining.configure","params":[${"[".repeat(4000)}${"]".repeat(4000)}]}`,
    ['{"id":1,"result":{},"error":null}'],
  ],
  [
    "4,000 levels of nesting as an id",
    `{"id":${"[".repeat(4000)}${"]".repeat(4000)},"method":"mining.ping"}`,
    [`{"id":${"[".repeat(4000)}${"]".repeat(4000)},"result":"pong","error":null}`],
  ],
  [
    "a lone surrogate as an extension",
    '{"id":1,"method":"mining.configure","params":[["\\udfff"]]}',
    ['{"id":1,"result":{"\\udfff":false},"error":null}'],
  ],
];

for (const [name, line, answers] of ODD) {
  Deno.test(`${name}: is answered like anything else`, () => {
    const miner = new FakeMiners().connect();
    assert.deepEqual(miner.ask(line), answers);
    assert.ok(miner.isConnected);
  });
}

Deno.test("names of any length and any characters reach log and pool filtered and cut", () => {
  using log = new LogCapture();
  const world = new FakeMiners();
  const miner = world.connect();
  const nasty = "\u001b[31m\r\n2026\u2028☃\ud800" + "n".repeat(3000);
  miner.send(
    JSON.stringify({ id: 1, method: "mining.subscribe", params: [nasty] }),
    JSON.stringify({ id: 2, method: "mining.authorize", params: [`farm.${nasty}`] }),
  );
  assert.equal(miner.takeLines().length, 2);
  const [, join] = world.mux.takeCalls();
  assert.equal(
    join,
    `join session 0, account "farm", worker "31m2026${"n".repeat(43)}", ` +
      `agent "31m2026${"n".repeat(23)}"`,
  );
  const lines = log.take();
  assert.ok(lines.length > 0);
  for (const line of lines) {
    assert.match(line, PRINTABLE);
    assert.ok(line.length < 250);
  }
});

Deno.test("of a name that is cut nothing else stays in memory", () => {
  const [count, length] = [1000, 60_000];
  const world = new FakeMiners({ limits: { maxLineBytes: 65_536 } });
  const growth = heapGrowth(() => {
    for (let i = 0; i < count; i++) {
      const name = `${i} `.padEnd(length, "x");
      world.connect().send(
        `{"id":1,"method":"mining.subscribe","params":["${name}"]}`,
        `{"id":2,"method":"mining.authorize","params":["${name}"]}`,
      );
    }
    return world;
  });
  assert.equal(world.miners.counts.working, count);
  assert.ok(growth < count * length, `${growth} bytes`);
});

Deno.test("any bytes in any chunks: only that miner may go, nothing of it stays, all lines are whole", () => {
  const lines = [
    '{"id":1,"method":"mining.subscribe","params":["bench/1"]}\n',
    '{"id":2,"method":"mining.authorize","params":["farm.rig1","x"]}\n',
    '{"id":3,"method":"mining.submit","params":["farm.rig1","a","2a","650d1b20","1234abcd"]}\n',
    '{"id":4,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1"}]}\n',
    "\r\n",
    "null\n",
  ];
  const changed = fc.tuple(
    fc.array(fc.constantFrom(...lines), { maxLength: 6 }),
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 3 }),
  ).map(([chosen, changes]) => {
    const stream = encoder.encode(chosen.join(""));
    for (const [at, byte] of changes) if (stream.length > 0) stream[at % stream.length] = byte;
    return stream;
  });
  fc.assert(
    fc.property(
      fc.oneof({ weight: 3, arbitrary: changed }, fc.uint8Array({ maxLength: 200 })),
      fc.array(fc.nat({ max: 400 }), { maxLength: 4 }),
      (stream, cuts) => {
        using log = new LogCapture();
        const world = new FakeMiners();
        const other = world.login("farm.other");
        log.take();
        const miner = world.connect();
        const points = cuts.filter((point) => point < stream.length);
        for (const chunk of cutAt(stream, points)) miner.sendBytes(chunk);
        for (const line of miner.takeLines()) JSON.parse(line);
        miner.hangUp();
        const logged = log.take();
        for (const line of logged) assert.match(line, PRINTABLE);
        assert.equal(
          logged.filter((line) => / (?:disconnected|closed without .*): /.test(line)).length,
          1,
        );
        assert.deepEqual(logged.filter((line) => line.startsWith("error")), []);
        other.sendBytes(PING);
        assert.deepEqual(other.takeLines(), [PONG]);
        assert.equal(world.mux.leased.size, 1);
      },
    ),
    { seed: 5, numRuns: 1500 },
  );
});
