/** What a line of the log looks like, and what cannot get into it. */

import assert from "node:assert/strict";
import { formatLocalTime } from "../../lib/observe/local_time.ts";
import { formatRecord } from "../../lib/observe/log_format.ts";
import { type LogRecord, MAX_TEXT } from "../../lib/observe/log_record.ts";

const NOON = Date.UTC(2026, 10, 22, 12, 0, 0, 7);

function record(
  template: string,
  values: LogRecord["values"] = {},
  level: LogRecord["level"] = "info",
): LogRecord {
  return { timestamp: NOON, level, area: "pool", template, values };
}

function jsonOf(record: LogRecord): Record<string, unknown> {
  return JSON.parse(formatRecord(record, "json", false));
}

Deno.test("a line for programs is one JSON object with the values beside the message", () => {
  const values = { pool: "a:1", error: new Error("reset"), number: 3, nothing: undefined };
  assert.deepEqual(jsonOf(record("Pool {pool} lost: {error}", values)), {
    time: "2026-11-22T12:00:00.007Z",
    level: "info",
    area: "pool",
    message: "Pool a:1 lost: reset",
    pool: "a:1",
    error: "reset",
    number: 3,
  });
});

Deno.test("a value cannot pass for the time, level, area or message of its line", () => {
  const values = { time: "never", level: "fatal", area: "bank", message: "hello", x: 1 };
  assert.deepEqual(jsonOf(record("{message}", values)), {
    time: "2026-11-22T12:00:00.007Z",
    level: "info",
    area: "pool",
    message: "hello",
    x: 1,
  });
});

Deno.test("a value with braces is not taken for a place of its own", () => {
  const line = formatRecord(record("{a} and {b}", { a: "{b}", b: "$&" }), "text", false);
  assert.match(line, /\{b\} and \$&\n$/);
});

Deno.test("a place with a noun is filled with the number and the noun in its right form", () => {
  const template = "{miners|miner} and {accounts|new sub-account}";
  for (
    const [miners, accounts, words] of [
      [1, 1, "1 miner and 1 new sub-account"],
      [0, 2, "0 miners and 2 new sub-accounts"],
      [21, undefined, "21 miners and undefined new sub-accounts"],
    ]
  ) {
    const values = { miners, accounts };
    assert.equal(jsonOf(record(template, values))["message"], words);
    assert.equal(jsonOf(record(template, values))["miners"], miners);
  }
});

Deno.test("control characters of a peer reach neither terminal nor line structure", () => {
  const nasty = "a\nb\r\x1b[2J\x00\x7f\x9b31m\tz\u202eqwe\u2028x";
  const found = record("Found {text}", { text: nasty });
  assert.equal(
    formatRecord(found, "text", false),
    `${formatLocalTime(NOON)} info    pool   Found a?b??[2J???31m?z?qwe?x\n`,
  );
  const json = formatRecord(found, "json", false);
  // deno-lint-ignore no-control-regex -- these must not be there
  assert.doesNotMatch(json.slice(0, -1), /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2028]/);
  assert.equal(JSON.parse(json).text, nasty, "the value itself is kept, escaped");
  assert.equal(JSON.parse(json).message, "Found a?b??[2J???31m?z?qwe?x");
});

// deno-lint-ignore no-control-regex -- how colours are asked for
const COLOUR = /\x1b\[([\d;]*)m/g;

Deno.test("in colour only the line's own marks are commands to the terminal", () => {
  for (const level of ["debug", "info", "warning", "error"] as const) {
    const said = record("Found {text}", { text: "\x1b[31mred" }, level);
    const line = formatRecord(said, "text", true);
    const plain = line.replaceAll(COLOUR, "");
    assert.equal(plain, formatRecord(said, "text", false));
    assert.match(plain, /Found \?\[31mred\n$/);
    const marks = Array.from(line.matchAll(COLOUR), ([, code]) => code);
    assert.ok(marks.length >= 6);
    assert.equal(marks.at(-1), "0", "what follows the line has no colour");
  }
});

Deno.test("JSON has no colour even on a terminal", () => {
  const said = record("Hello");
  assert.equal(formatRecord(said, "json", true), formatRecord(said, "json", false));
});

Deno.test("a message or value that is too long is cut", () => {
  const long = record("{text}", { text: "x".repeat(1_000_000) });
  assert.ok(formatRecord(long, "text", false).length < MAX_TEXT + 100);
  assert.ok(formatRecord(long, "json", false).length < 2 * MAX_TEXT + 200);
});

Deno.test("a place in a message that was given no value is seen to be missing", () => {
  const line = formatRecord(
    record("Miner {miner} disconnected: {reason}", { miner: "a" }),
    "text",
    false,
  );
  assert.match(line, /Miner a disconnected: undefined\n$/);
});
