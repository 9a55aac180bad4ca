/** What counts as the first answer of a Stratum pool, and that nothing of it is lost. */

import assert from "node:assert/strict";
import { awaitFirstAnswer } from "../../../lib/net/pools/first_answer.ts";
import { everyCut } from "../../support/any_cut.ts";
import { FakeConnection } from "../../support/fake_connection.ts";
import { ANSWERS } from "../../support/strict_pool.ts";

const encode = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

/** All that can be read after the first answer; the pool sends `chunks` and closes. */
async function rest(chunks: readonly Uint8Array[]): Promise<string> {
  const connection = new FakeConnection();
  for (const chunk of chunks) connection.deliver(chunk);
  connection.end();
  const answered = await awaitFirstAnswer(connection, { waitingFor: "" });
  assert.deepEqual(connection.writes, []);
  const into = new Uint8Array(7);
  const bytes: number[] = [];
  for (let n = await answered.read(into); n !== null; n = await answered.read(into)) {
    bytes.push(...into.subarray(0, n));
  }
  return String.fromCharCode(...bytes);
}

const STREAMS: [name: string, stream: string][] = [
  ["answers of a whole handshake", ANSWERS],
  ["a job before any answer", '{"id":null,"method":"mining.notify","params":[]}\r\n{"i'],
  ["an error", '{"id":1,"error":"-1:params not found"}\n'],
  ["text, then JSON", `Welcome\n\n${ANSWERS}`],
  ["JSON that is none, then JSON", `{"id":1,"result":{,"minimum-difficulty":false}}\n${ANSWERS}`],
  ["JSON that is no object, then an object", `[1]\nnull\n7\n${ANSWERS}`],
];
for (const [name, stream] of STREAMS) {
  Deno.test(`${name}: a pool, of which all is read afterwards, wherever it is cut`, async () => {
    for (const { name: cutting, chunks } of everyCut(encode(stream))) {
      assert.equal(await rest(chunks), stream, cutting);
    }
  });
}

const CLOSES = "no pool answers: it closed the connection";
const NO_POOLS: [stream: string, reason: string][] = [
  ["", CLOSES],
  [
    "Invalid JSON, disconnecting\n",
    `${CLOSES} after it said "Invalid JSON, disconnecting"`,
  ],
  ['{"id":1', `${CLOSES} after it said ${JSON.stringify('{"id":1')}`],
  ["[1]\n", `${CLOSES} after it said "[1]"`],
  [
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    'no pool answers: found "HTTP/1.1 400 Bad Request", wanted JSON; check the pool\'s port',
  ],
  [
    "SSH-2.0-x\r\n",
    'no pool answers: found "SSH-2.0-x", wanted JSON; check the pool\'s port',
  ],
  ["\x15\x03\x01\x00", 'no pool answers: found "????", wanted JSON; check the pool\'s port'],
];
for (const [stream, reason] of NO_POOLS) {
  Deno.test(`${JSON.stringify(stream)} is not taken for a Stratum pool`, async () => {
    await assert.rejects(rest(stream === "" ? [] : [encode(stream)]), { message: reason });
  });
}

Deno.test("64 KiB without a line of JSON are too many", async () => {
  const text = (length: number) => encode(`${"x".repeat(99)}\n`.repeat(length / 100));
  const json = encode('{"id":1}\n');
  assert.equal((await rest([text(65_500), json])).length, 65_500 + json.length);
  await assert.rejects(rest([text(65_600), json]), {
    message: "no pool answers: found 65536 bytes without a line of JSON",
  });
});

Deno.test("the error of a time-out quotes the words that came instead", async () => {
  const connection = new FakeConnection();
  const attempt = { waitingFor: "" };
  const waiting = awaitFirstAnswer(connection, attempt);
  assert.equal(attempt.waitingFor, "the pool's answer");
  connection.deliver(encode("220 mail.example ESMTP\r\n"));
  while (!attempt.waitingFor.includes("after")) await Promise.resolve();
  assert.equal(attempt.waitingFor, 'a line of JSON after "220 mail.example ESMTP"');
  connection.end();
  await assert.rejects(waiting);
});
