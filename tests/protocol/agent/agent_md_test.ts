/** Runs every example of lib/protocol/agent/agent.md: a page that is not run drifts from the code. */

import assert from "node:assert/strict";
import { formatHex32, parseHex32 } from "../../../lib/base/hex.ts";
import { COMMAND, viewOf } from "../../../lib/protocol/agent/frame.ts";
import {
  decodeAgentFrame,
  decodePoolFrame,
  encodeRegister,
  encodeSetDifficulty,
  encodeVerdict,
  MAX_SUBMIT_BYTES,
  writeSubmit,
  writeUnregister,
} from "../../../lib/protocol/agent/message.ts";
import { appendExtranonce1, parseNotify } from "../../../lib/protocol/stratum/job.ts";
import { PoolStreamDecoder } from "../../../lib/protocol/agent/stream.ts";
import { decodeStratum } from "../../../lib/protocol/stratum/message.ts";
import { PoolFault } from "../../../lib/base/violation.ts";
import { coinbaseOf } from "../../../lib/bitcoin/header.ts";
import { feed } from "../../support/any_cut.ts";

const page = Deno.readTextFileSync(
  new URL("../../../lib/protocol/agent/agent.md", import.meta.url),
);

/** A fenced block of the page. */
interface Block {
  /** What kind of example it is. */
  readonly language: string;
  readonly text: string;
}

const blocks: readonly Block[] = Array.from(
  page.matchAll(/^```(\w+)\n(.*?)\n```$/gms),
  ([, language, text]) => ({ language: language!, text: text! }),
);

/** The blocks of a kind, each with the block behind it. */
function examples(language: string): { text: string; next: Block | undefined }[] {
  return blocks
    .map((block, i) => ({ ...block, next: blocks[i + 1] }))
    .filter((block) => block.language === language);
}

function bytesIn(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replace(/\s/g, ""));
}

/** What the JSON block behind an example says. */
function meaningOf(next: Block | undefined): Record<string, unknown> {
  assert.equal(next?.language, "json", "a block of JSON says what the example means");
  return JSON.parse(next.text);
}

type Message = ReturnType<typeof decodePoolFrame> | ReturnType<typeof decodeAgentFrame>;

function decode(bytes: Uint8Array): Message {
  const isPools = bytes[1] === COMMAND.setDifficulty || bytes[1] === COMMAND.verdict;
  return isPools ? decodePoolFrame(bytes) : decodeAgentFrame(bytes);
}

function encode(message: Message): Uint8Array {
  const room = new Uint8Array(MAX_SUBMIT_BYTES);
  switch (message?.kind) {
    case "register":
      return encodeRegister(message.sessionId, message.clientAgent, message.workerName);
    case "unregister":
      return room.subarray(0, writeUnregister(viewOf(room), 0, message.sessionId));
    case "submit":
      return room.subarray(0, writeSubmit(viewOf(room), 0, message));
    case "setDifficulty":
      return encodeSetDifficulty(message.exponent, message.sessionIds);
    case "verdict":
      return encodeVerdict(message.index, message.status);
    default:
      throw new Error("Cannot encode an example: it is no message");
  }
}

for (const { text, next } of [...examples("bytes"), ...examples("dropped")]) {
  Deno.test(`agent.md: "${text}" states its own length`, () => {
    const bytes = bytesIn(text);
    assert.equal(bytes[0], 0x7f);
    assert.equal(bytes[2]! | bytes[3]! << 8, bytes.length);
    const pieces = feed(new PoolStreamDecoder(PoolFault), [bytes], (piece) => piece.kind);
    assert.deepEqual(pieces, ["frame"]);
  });

  if (next?.language !== "json") continue;

  Deno.test(`agent.md: "${text}" is the message the page says, and is written so`, () => {
    const message = decode(bytesIn(text));
    // A time that is left out is `undefined` here and absent on the page.
    assert.deepEqual(JSON.parse(JSON.stringify(message)), meaningOf(next));
    assert.equal(encode(message).toHex(), bytesIn(text).toHex());
  });
}

for (const { text } of examples("dropped")) {
  Deno.test(`agent.md: "${text}" is dropped`, () => {
    assert.equal(decodeAgentFrame(bytesIn(text)), undefined);
  });
}

Deno.test("agent.md has an example of every command, under a heading that names it", () => {
  const shown = new Set(examples("bytes").map(({ text }) => bytesIn(text)[1]));
  const headings = page.match(/^### .*$/gm)!.join(" ");
  for (const command of Object.values(COMMAND)) {
    assert.ok(shown.has(command), `example of ${command}`);
    assert.ok(headings.includes(`0x${command.toString(16).padStart(2, "0")}`));
  }
});

Deno.test("agent.md: every example of bytes says what it means", () => {
  for (const { next } of examples("bytes")) meaningOf(next);
  assert.deepEqual(
    new Set(blocks.map(({ language }) => language)),
    new Set(["lines", "bytes", "json", "coinbase", "dropped"]),
  );
});

Deno.test("agent.md: every answer of the handshake is to the oldest open request", () => {
  const open: unknown[] = [];
  for (const { text } of examples("lines")) {
    for (const line of text.split("\n")) {
      const [, sender, json] = line.match(/^(agent|pool): +(.*)$/)!;
      const message = decodeStratum(new TextEncoder().encode(json), PoolFault);
      if (sender === "agent") {
        assert.equal(message.kind, "request", line);
        open.push(message.id);
      } else if (message.kind === "reply") {
        assert.equal(message.id, open.shift(), line);
      } else {
        assert.equal(message.kind, "request", line);
        assert.equal(message.id, null, line);
      }
    }
  }
  assert.deepEqual(open, []);
});

for (const { text, next } of examples("coinbase")) {
  Deno.test(`agent.md: "${text}" stands between the parts of the coinbase`, () => {
    const { poolExtranonce1, sessionId, extranonce2 } = meaningOf(next);
    const word = "00000000";
    const job = parseNotify(["1", word.repeat(8), "aa", "bb", [], word, word, word, true]);
    const miners = appendExtranonce1(job, parseHex32(String(poolExtranonce1))!);
    const coinbase = coinbaseOf(miners, Number(sessionId), Number(extranonce2)).toHex();
    assert.equal(coinbase, `aa${bytesIn(text).toHex()}bb`);
    assert.ok(coinbase.includes(formatHex32(Number(sessionId))));
  });
}
