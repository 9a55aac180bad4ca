/** What is found out of a pool's kind by a check: by what it says and by its close, and by no trouble on the way. */

import assert from "node:assert/strict";
import { askKind } from "../../lib/check/kind_talk.ts";
import { turn } from "../support/fake_clock.ts";
import { FakeConnection } from "../support/fake_connection.ts";
import { FakeTime } from "../support/fake_time.ts";
import { linesToBytes } from "../support/pool_lines.ts";

const SUB = '{"id":1,"result":[[["mining.notify","s"]],"0a0b0c0d",8],"error":null}';

/** What is found where the pool answers subscribe and then this happens. */
async function kindAfter(happen: (connection: FakeConnection) => void) {
  const connection = new FakeConnection();
  const time = new FakeTime();
  const kind = askKind(connection, {
    version: "1.2.3",
    user: "acc",
    password: "x",
    now: time.now,
    time,
    signal: new AbortController().signal,
  });
  await turn();
  connection.deliver(linesToBytes([SUB]));
  await turn();
  happen(connection);
  const found = await kind;
  assert.ok(connection.isClosed);
  assert.equal(time.timers, 0);
  return found.kind;
}

Deno.test("a pool that closes or resets on an agent's question is a Stratum pool", async () => {
  assert.equal(await kindAfter((connection) => connection.end()), "stratum");
  const reset = new Deno.errors.ConnectionReset("reset");
  assert.equal(await kindAfter((connection) => connection.fail(reset)), "stratum");
});

Deno.test("a connection that breaks otherwise decides nothing of a pool's kind", async () => {
  const gone = new Deno.errors.TimedOut("the network is gone");
  assert.equal(await kindAfter((connection) => connection.fail(gone)), undefined);
});
