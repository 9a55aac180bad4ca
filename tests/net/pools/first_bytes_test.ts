/** Dialling a Stratum V2 pool: a way counts once an answer of the right length has come. */

import assert from "node:assert/strict";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { Connection } from "../../../lib/net/pools/connection.ts";
import { createDial } from "../../../lib/net/pools/dialer.ts";
import { NEVER, OPTIONS, PLAIN, saying, silent, startProxy } from "../../support/dialling.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { LoopbackServer, type Serve } from "../../support/loopback_server.ts";
import { inTime } from "../../support/patience.ts";

const ACT_1 = new Uint8Array(64).fill(0xa5);
const ANSWER_BYTES = 234;
/** Any bytes, with more behind them that belong to the session. */
const ANSWER = Uint8Array.from({ length: ANSWER_BYTES + 30 }, (_, i) => (i * 89 + 200) & 0xff);
const OPENING = { bytes: ACT_1, answerBytes: ANSWER_BYTES };

const STATUS_OK = "HTTP/1.1 200 OK\r\n\r\n";

/** A pool that answers act 1 in pieces. */
function pool(pieceBytes: number, answer: Uint8Array = ANSWER): Serve {
  return async (conn) => {
    const heard = new Uint8Array(ACT_1.length);
    for (let length = 0; length < heard.length;) {
      const count = await conn.read(heard.subarray(length));
      if (count === null) return;
      length += count;
    }
    assert.deepEqual(heard, ACT_1);
    for (let at = 0; at < answer.length; at += pieceBytes) {
      await conn.write(answer.subarray(at, at + pieceBytes));
    }
    await conn.read(new Uint8Array(1));
  };
}

async function dial(proxies: readonly string[], timeoutMs = 5_000): Promise<Connection> {
  return await createDial({ ...OPTIONS, proxies, timeoutMs }, systemTime)(PLAIN, NEVER, OPENING);
}

async function failure(serve: Serve, timeoutMs?: number): Promise<string> {
  using _capture = new LogCapture();
  await using server = new LoopbackServer(serve);
  await using proxy = startProxy("http", { "pool.test:3333": server.address }, false);
  let message = "";
  await assert.rejects(dial([`http://${proxy.hostPort}`], timeoutMs), (error: Error) => {
    message = error.message;
    return true;
  });
  return message.replace(/^.*:\d+: /, "");
}

for (const pieceBytes of [1, 7, 234, Infinity]) {
  Deno.test(`behind a proxy, an answer in pieces of ${pieceBytes} bytes is all there to read`, async () => {
    await using server = new LoopbackServer(pool(Math.min(pieceBytes, ANSWER.length)));
    await using proxy = startProxy("socks5", { "pool.test:3333": server.address }, false);
    using _capture = new LogCapture();
    const connection = await dial([`socks5://${proxy.hostPort}`]);
    const read = new Uint8Array(ANSWER.length);
    for (let length = 0; length < read.length;) {
      const count = await inTime(connection.read(read.subarray(length)), "the answer");
      assert.ok(count !== null);
      length += count;
    }
    assert.deepEqual(read, ANSWER);
    connection.close();
  });
}

Deno.test("of two proxies the one that leads to a Stratum V2 pool wins, whatever the other says", async () => {
  await using server = new LoopbackServer(pool(ANSWER.length));
  const page = `${STATUS_OK}<html>${"x".repeat(500)}</html>`;
  await using liar = new LoopbackServer(saying(page));
  await using deaf = new LoopbackServer(silent);
  await using honest = startProxy("http", { "pool.test:3333": server.address }, false);
  using capture = new LogCapture();
  const connection = await dial([liar, deaf, honest].map(({ hostPort }) => `http://${hostPort}`));
  connection.close();
  assert.match(capture.take().at(-1)!, new RegExp(`reached through http://${honest.hostPort}$`));
});

Deno.test("what answers in text is no Stratum V2 pool, and its words are in the error", async () => {
  const error = '{"id":null,"result":null,"error":[20,"bad JSON",null]}\n';
  const answers: Serve[] = [
    pool(1000, new TextEncoder().encode(error)),
    pool(1000, new TextEncoder().encode(`HTTP/1.1 400 Bad Request\r\n\r\n${"\xe9".repeat(300)}`)),
  ];
  assert.match(
    await failure(answers[0]!),
    /^no pool answers: found ".*error.*", wanted Stratum V2; check the pool's port$/,
  );
  assert.equal(
    await failure(answers[1]!),
    'no pool answers: found "HTTP/1.1 400 Bad Request", wanted Stratum V2; check the pool\'s port',
  );
});

Deno.test("an answer that ends or stops too early is told by its bytes", async () => {
  assert.match(
    await failure(async (conn) => {
      await conn.read(new Uint8Array(100));
      await conn.write(Uint8Array.of(0x15, 3, 1, 0, 2, 2, 40));
    }),
    /^no pool answers: it closed the connection after it said "/,
  );
  assert.equal(
    await failure(pool(100, ANSWER.subarray(0, 100)), 1_500),
    "waited 1.2 s for all 234 bytes of the pool's answer, of which 100 came",
  );
});
