/** What terminals send, read as keys, however it is cut. */

import assert from "node:assert/strict";
import { type Key, KeyReader } from "../../lib/terminal/top/keys.ts";

const encoder = new TextEncoder();

/** Keys of a text that comes in these pieces. */
function keysIn(...pieces: readonly Uint8Array[]): string[] {
  const reader = new KeyReader();
  return pieces.flatMap((piece) => reader.read(piece)).map(nameOf);
}

function nameOf(key: Key): string {
  return key.kind === "text" ? key.text : `<${key.kind}>`;
}

const STREAM = "q矿\x1b[A\x1b[B\x1bOC\x1b[5~\x1b[6~\x1b[1~\x1b[F\r\x7f\x03🚀\x1b[1;5A\x1b[200~s";
const KEYS = [
  "q",
  "矿",
  "<up>",
  "<down>",
  "<right>",
  "<pageUp>",
  "<pageDown>",
  "<home>",
  "<end>",
  "<enter>",
  "<backspace>",
  "<interrupt>",
  "🚀",
  "s",
];

Deno.test("a stream of keys reads the same whole and cut anywhere but after an escape", () => {
  const bytes = encoder.encode(STREAM);
  assert.deepEqual(keysIn(bytes), KEYS);
  for (let cut = 1; cut < bytes.length; cut++) {
    // Nothing but time tells the key from the start of a sequence, and terminals send them whole.
    if (bytes[cut - 1] === 0x1b) continue;
    assert.deepEqual(keysIn(bytes.subarray(0, cut), bytes.subarray(cut)), KEYS, `at ${cut}`);
  }
});

Deno.test("the escape key alone is a key at once", () => {
  assert.deepEqual(keysIn(encoder.encode("\x1b")), ["<escape>"]);
  assert.deepEqual(keysIn(encoder.encode("\x1bq")), ["<escape>", "q"]);
});

Deno.test("other controls and sequences are no keys and no text", () => {
  assert.deepEqual(keysIn(encoder.encode("\x00\x01\x1a\x1b[?1;2c\x1b[99~\x9b31m")), [
    "3",
    "1",
    "m",
  ]);
  assert.deepEqual(keysIn(encoder.encode(`\x1b[${"1;".repeat(500)}`)).length > 0, true);
});
