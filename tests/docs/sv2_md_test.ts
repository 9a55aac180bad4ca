/** Runs every example of lib/protocol/sv2/sv2.md: a page that is not run drifts from the code. */

import assert from "node:assert/strict";
import { targetBytes, targetOf } from "../../lib/bitcoin/target.ts";
import { formatAuthorityKey, parseAuthorityKey } from "../../lib/protocol/sv2/authority_key.ts";
import { sealedFrameBytes } from "../../lib/protocol/sv2/noise/sealed_frame.ts";
import { workerNameBytes, writeWorkerName } from "../../lib/protocol/sv2/worker_name.ts";
import { AGENT_MESSAGES, POOL_MESSAGES } from "../protocol/sv2/arbitrary.ts";
import { AGENT, type AnyMessage, framed, POOL } from "../protocol/sv2/codec.ts";
import { blocksIn, cellsOf, readPage, tableUnder } from "./pages.ts";

const page = readPage("lib/protocol/sv2/sv2.md");
const blocks = blocksIn(page);

/** The lines of all blocks of a kind, each cut at runs of two blanks or more. */
function linesIn(language: string): string[][] {
  const lines = blocks.filter((block) => block.language === language)
    .flatMap(({ text }) => text.split("\n"));
  assert.ok(lines.length > 0, language);
  return lines.map((line) => line.split(/ {2,}/));
}

function bytesIn(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replace(/\s/g, ""));
}

/** A message as the page prints it: bytes as hex, what is absent left out. */
function printed(message: AnyMessage): unknown {
  return JSON.parse(JSON.stringify(message, (_name, value) => {
    if (value instanceof Uint8Array) return value.toHex();
    return ArrayBuffer.isView(value) ? Array.from(value as Uint32Array) : value;
  }));
}

const examples = blocks
  .map((block, i) => ({ ...block, next: blocks[i + 1] }))
  .filter(({ language }) => language === "agent" || language === "pool")
  .map(({ language, text, heading, next }) => ({
    side: language === "agent" ? AGENT : POOL,
    bytes: bytesIn(text),
    heading,
    meaning: next?.language === "json" ? next.text : undefined,
  }));

for (const { side, bytes, heading, meaning } of examples) {
  Deno.test(`sv2.md, ${heading}: ${bytes.length} bytes are the message the page says`, () => {
    const message = side.decode(framed(bytes));
    assert.deepEqual(printed(message), JSON.parse(meaning!));
    const old = bytes.length === 54 && message.kind === "openExtendedMiningChannelSuccess";
    if (!old) assert.equal(side.encode(message).toHex(), bytes.toHex());
  });
}

Deno.test("sv2.md has an example of every message, under its name and type", () => {
  const shown = new Set(examples.map(({ side, bytes }) => side.decode(framed(bytes)).kind));
  for (const { kind } of [...POOL_MESSAGES, ...AGENT_MESSAGES]) assert.ok(shown.has(kind), kind);
  for (const { heading, bytes } of examples) {
    if (heading === "Worker names") continue;
    const type = `0x${bytes[2]!.toString(16).padStart(2, "0")}`;
    const extension = bytes[0] === 1 ? "Extension 1, " : "";
    assert.ok(heading.startsWith(`${extension}${type} `), heading);
  }
});

Deno.test("sv2.md: the key is read and printed so, and bad ones are refused for what it says", () => {
  const [[text], [key]] = linesIn("key") as [[string], [string]];
  assert.deepEqual(parseAuthorityKey(text), { ok: true, key: Uint8Array.fromHex(key) });
  assert.equal(formatAuthorityKey(Uint8Array.fromHex(key)), text);
  for (const [bad, reason] of linesIn("bad-key")) {
    const result = parseAuthorityKey(bad!);
    assert.ok(!result.ok && result.found.includes(reason!), bad);
  }
});

Deno.test("sv2.md: frames get as long by their seals as it says", () => {
  for (const [plain, sealed] of linesIn("lengths")) {
    assert.equal(sealedFrameBytes(Number(plain)), Number(sealed), plain);
  }
});

Deno.test("sv2.md: names are cut and written as it says", () => {
  for (const [name, hex] of linesIn("names")) {
    const out = new Uint8Array(60);
    const end = writeWorkerName(new DataView(out.buffer), 0, workerNameBytes(name!));
    assert.equal(out.subarray(0, end).toHex(), bytesIn(hex!).toHex(), name);
  }
});

Deno.test("sv2.md: difficulties have the targets of its table", () => {
  const rows = tableUnder(page, "Targets");
  assert.ok(rows.length > 0);
  for (const row of rows) {
    const [difficulty, wire] = cellsOf(row);
    assert.equal(`\`${targetBytes(targetOf(Number(difficulty))).toHex()}\``, wire);
  }
});

Deno.test("sv2.md: every example is of a kind that is run", () => {
  assert.deepEqual(
    new Set(blocks.map(({ language }) => language)),
    new Set(["key", "bad-key", "lengths", "agent", "pool", "json", "names"]),
  );
  for (const { heading, meaning } of examples) assert.ok(meaning !== undefined, heading);
});
