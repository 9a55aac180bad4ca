/** The connection test: what counts as a pool, and that nothing of it is lost. */

import assert from "node:assert/strict";
import { probePool } from "../../../lib/net/pools/pool_probe.ts";
import { everyCut } from "../../support/any_cut.ts";
import { FakeConnection } from "../../support/fake_connection.ts";

const ANSWER = '{"id":"conn_test","result":{"capabilities":["verrol","subres"]}}\n';

const encode = (text: string) => new TextEncoder().encode(text);

/** All that can be read after the test; the pool sends `chunks` and closes. */
async function rest(chunks: readonly Uint8Array[]): Promise<string> {
  const connection = new FakeConnection();
  for (const chunk of chunks) connection.deliver(chunk);
  connection.end();
  const probed = await probePool(connection);
  const into = new Uint8Array(7);
  const bytes: number[] = [];
  for (let n = await probed.read(into); n !== null; n = await probed.read(into)) {
    bytes.push(...into.subarray(0, n));
  }
  return String.fromCharCode(...bytes);
}

Deno.test("the question has the list within a list that the public pool needs to survive", async () => {
  const connection = new FakeConnection();
  connection.deliver(encode(ANSWER));
  await probePool(connection);
  const line = new TextDecoder().decode(connection.written);
  assert.ok(line.endsWith("}\n"));
  assert.deepEqual(JSON.parse(line), {
    id: "conn_test",
    method: "agent.get_capabilities",
    params: [["verrol", "subres"]],
  });
});

const ERROR = '{"id":"conn_test","result":null,"error":[20,"what?",null]}\r\n';
const NOTIFY = '{"id":null,"method":"mining.notify","params":[]}\n';
const STREAMS: [name: string, stream: string, left: string][] = [
  ["only the answer", ANSWER, ""],
  ["an error, from a pool without capabilities", ERROR, ""],
  ["a line and a half behind the answer", `${ANSWER}{"id":1}\n{"i`, '{"id":1}\n{"i'],
  ["a frame behind the answer", `${ANSWER}\x7f\x10\x04\x00`, "\x7f\x10\x04\x00"],
  ["another line first, which is proof enough", `${NOTIFY}${ANSWER}`, `${NOTIFY}${ANSWER}`],
];
for (const [name, stream, left] of STREAMS) {
  Deno.test(`${name}: all but the answer is read afterwards, wherever it is cut`, async () => {
    const bytes = Uint8Array.from(stream, (char) => char.charCodeAt(0));
    for (const { name: cutting, chunks } of everyCut(bytes)) {
      assert.equal(await rest(chunks), left, cutting);
    }
  });
}

const NO_POOLS: [stream: string, reason: string][] = [
  ["", "no pool answers: it closed the connection"],
  ['{"id":"conn_test"', "no pool answers: it closed the connection"],
  [
    "HTTP/1.1 400 Bad Request\r\n\r\n",
    'no pool answers: found "HTTP/1.1 400 Bad Request", wanted JSON; check the pool\'s port',
  ],
  ["{nonsense}\n", 'no pool answers: found "{nonsense}", wanted JSON; check the pool\'s port'],
  ["\x7f\x01\x04\x00", 'no pool answers: found "????", wanted JSON; check the pool\'s port'],
];
for (const [stream, reason] of NO_POOLS) {
  Deno.test(`${JSON.stringify(stream)} is not taken for a pool`, async () => {
    const bytes = Uint8Array.from(stream, (char) => char.charCodeAt(0));
    await assert.rejects(rest(bytes.length > 0 ? [bytes] : []), { message: reason });
  });
}

Deno.test("an answer of 64 KiB is read, a longer one refused", async () => {
  const line = (length: number) => `{"id":"${"x".repeat(length - 10)}"}\n`;
  assert.equal((await rest([encode(line(65_536))])).length, 65_536);
  await assert.rejects(rest([encode(line(65_537))]), {
    message: "no pool answers: found a line of more than 65536 bytes, wanted JSON",
  });
});

Deno.test("writing and closing go on to the connection itself", async () => {
  const connection = new FakeConnection();
  connection.deliver(encode(`${ANSWER}{`));
  const probed = await probePool(connection);
  assert.equal(await probed.write(encode("x")), 1);
  assert.equal(new TextDecoder().decode(connection.written.slice(-1)), "x");
  probed.close();
  assert.ok(connection.isClosed);
});
