/** Runs every example of lib/protocol/stratum/pools.md: a page that is not run drifts from the code. */

import assert from "node:assert/strict";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { roomFor } from "../../lib/mux/terms.ts";
import { extranonce2Text } from "../../lib/pool/stratum/room.ts";
import { judgementOf } from "../../lib/pool/stratum/verdicts.ts";
import { decodePoolMessage, type PoolMessage } from "../../lib/protocol/stratum/pool_message.ts";
import { openingRequests, submitRequest } from "../../lib/protocol/stratum/pool_request.ts";
import { LogCapture } from "../support/log_capture.ts";
import { StratumRig } from "../support/stratum_rig.ts";
import { blocksIn, cellsOf, readPage, tableUnder } from "./pages.ts";

const page = readPage("lib/protocol/stratum/pools.md");

const blocks = blocksIn(page);

/** The blocks of a kind, each with the block after it. */
function examples(language: string) {
  return blocks
    .map((block, i) => ({ ...block, next: blocks[i + 1] }))
    .filter((block) => block.language === language);
}

function decode(line: string): PoolMessage {
  return decodePoolMessage(new TextEncoder().encode(line));
}

Deno.test("pools.md has blocks of known kinds alone", () => {
  assert.deepEqual(
    new Set(blocks.map(({ language }) => language)),
    new Set(["lines", "nonsense", "message", "json", "submit"]),
  );
});

// A session is ready only once the hasher is, whose first load takes a while on a busy machine.
await loadShareHasher();

for (const [number, { text }] of examples("lines").entries()) {
  Deno.test(`pools.md: handshake ${number + 1} is what we write, and gets ready by what the pool says`, async () => {
    const lines = text.split("\n").map((line) => line.match(/^(us|pool): +(.*)$/)!);
    const ours = lines.filter(([, sender]) => sender === "us").map(([, , line]) => line!);
    const { id } = JSON.parse(ours.at(-2)!);
    const suggestedDifficulty = id === 3 ? Number(JSON.parse(ours.at(-2)!).params[0]) : undefined;
    const opening = openingRequests({
      version: "1.2.3",
      user: "bc1qexample.farm",
      password: "x",
      suggestedDifficulty,
    });
    assert.equal(ours.map((line) => line + "\n").join(""), opening);
    using log = new LogCapture();
    const rig = new StratumRig();
    await rig.connect();
    const theirs = lines.filter(([, sender]) => sender === "pool").map(([, , line]) => line!);
    for (const line of theirs) {
      assert.equal(rig.events.upstream, undefined, line);
      await rig.say(line);
    }
    assert.equal(rig.events.upstream?.versionMask, 0x1fffe000);
    assert.deepEqual(log.take().filter((line) => line.includes("without a meaning")), []);
    rig.session.close();
  });
}

for (const { text, next } of examples("message")) {
  Deno.test(`pools.md: ${text.slice(0, 90)} is the message the page says`, () => {
    assert.equal(next?.language, "json");
    // What is `undefined` here is absent on the page.
    assert.deepEqual(JSON.parse(JSON.stringify(decode(text))), JSON.parse(next.text));
  });
}

for (const line of examples("nonsense").flatMap(({ text }) => text.split("\n"))) {
  Deno.test(`pools.md: ${line} means nothing`, () => {
    assert.equal(decode(line).kind, "nonsense");
  });
}

Deno.test("pools.md: the share is written as the page says", () => {
  const { text } = examples("submit")[0]!;
  const { id, params } = JSON.parse(text);
  const [worker, poolJobId, extranonce2, ntime, nonce, bits] = params;
  assert.equal(extranonce2Text(roomFor(8)!, 42, 0x18334cb2), extranonce2);
  assert.equal(
    submitRequest({
      id,
      workerJson: JSON.stringify(worker),
      poolJobId,
      extranonce2,
      ntime: parseInt(ntime, 16),
      nonce: parseInt(nonce, 16),
      versionBits: parseInt(bits, 16),
    }),
    text,
  );
});

Deno.test("pools.md: the room of every number of bytes is as its table says", () => {
  const rows = tableUnder(page, "Handshake").map(cellsOf);
  assert.ok(rows.length >= 5);
  for (const [bytes, offset, idBytes] of rows) {
    assert.deepEqual(roomFor(Number(bytes)), {
      bytes: Number(bytes),
      offset: Number(offset),
      idBytes: Number(idBytes),
    });
  }
});

Deno.test("pools.md: verdicts are counted and told as its table says", () => {
  const rows = tableUnder(page, "Verdicts").map(cellsOf);
  assert.ok(rows.length >= 10);
  for (const [code, words, reason, told] of rows) {
    const error = code === "" ? words : [Number(code), words, null];
    const message = decode(JSON.stringify({ id: 5, result: null, error }));
    assert.ok(message.kind === "answer");
    const { verdict } = judgementOf(message);
    assert.ok(verdict.kind === "rejected");
    assert.deepEqual([verdict.reason, String(verdict.code)], [reason, told], words);
  }
});
