/** What each token opens: every path and method of the status server, with each. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { ROUTE_METHODS } from "../../lib/observe/status/routes.ts";
import type { StreamStateShape } from "../../lib/observe/status/shapes.ts";
import { startStatusServer } from "../../lib/observe/status/server.ts";
import { EventReader } from "../support/event_reader.ts";
import { FakeHistory } from "../support/fake_history.ts";
import { FakeStatus } from "../support/fake_status.ts";

const ALL = "all-7f3a";
const READING = "reading-91c2";

/** The tokens that are tried, with what each is good for. */
const TRIED = [
  ["no token", undefined, "nothing"],
  ["a wrong token", "wrong", "nothing"],
  ["a token that begins like the right one", ALL.slice(0, -1), "nothing"],
  ["the token that reads", READING, "reading"],
  ["the token for everything", ALL, "everything"],
] as const;

/** Asks a server with both tokens for one path. */
async function statusOf(method: string, path: string, token: string | undefined): Promise<number> {
  const source = new FakeStatus();
  source.history = new FakeHistory();
  const server = startStatusServer({
    hostname: "127.0.0.1",
    port: 0,
    token: ALL,
    readToken: READING,
    source,
    control: source,
    workerSeriesMax: 0,
    time: systemTime,
    now: systemTime.now,
  })!;
  try {
    const url = `http://127.0.0.1:${server.address.port}${path.replace("{id}", idFor(path))}`;
    const isLevel = method === "POST" && path.endsWith("log-level");
    const response = await fetch(url, {
      method,
      headers: {
        ...token === undefined ? {} : { authorization: `Bearer ${token}` },
        ...isLevel ? { "content-type": "application/json" } : {},
      },
      ...isLevel ? { body: '{"level": "info"}' } : {},
    });
    await response.body?.cancel();
    if (method === "POST") assert.equal(source.changes > 0, response.status === 200);
    return response.status;
  } finally {
    await server.stop();
  }
}

function idFor(path: string): string {
  return path.includes("/workers/") ? "2" : path.includes("/pools/") ? "1" : "00000001";
}

for (const [what, token, good] of TRIED) {
  Deno.test(`${what} is good for ${good}, at every path`, async () => {
    for (const [path, methods] of ROUTE_METHODS) {
      for (const method of methods) {
        const isOpen = good === "everything" || good === "reading" && method === "GET" ||
          path === "/healthz";
        const wanted = isOpen ? 200 : good === "reading" ? 403 : 401;
        assert.equal(await statusOf(method, path, token), wanted, `${method} ${path}`);
      }
    }
  });
}

Deno.test("the stream says to each watcher whether its own token may change something", async () => {
  const source = new FakeStatus();
  const server = startStatusServer({
    hostname: "127.0.0.1",
    port: 0,
    token: ALL,
    readToken: READING,
    source,
    control: source,
    workerSeriesMax: 0,
    time: systemTime,
    now: systemTime.now,
  })!;
  const url = `http://127.0.0.1:${server.address.port}/api/v1/stream`;
  const watch = async (token: string) =>
    new EventReader(await fetch(url, { headers: { authorization: `Bearer ${token}` } }));
  const readers = [await watch(READING), await watch(ALL), await watch(READING)];
  for (const _ of ["first", "second"]) {
    const states = await Promise.all(readers.map((reader) => reader.next("state")));
    const control = states.map((state) => (state as StreamStateShape).control);
    assert.deepEqual(control, [false, true, false]);
  }
  for (const reader of readers) await reader.close();
  await server.stop();
});

Deno.test("with only the token that reads, changes are for nobody, and names are free", async () => {
  const source = new FakeStatus();
  const server = startStatusServer({
    hostname: "127.0.0.1",
    port: 0,
    token: "",
    readToken: READING,
    source,
    control: source,
    workerSeriesMax: 0,
    time: systemTime,
    now: systemTime.now,
  })!;
  const url = `http://127.0.0.1:${server.address.port}/api/v1/`;
  const ask = async (path: string, method: string, authorization: string) => {
    const response = await fetch(url + path, { method, headers: { authorization } });
    await response.body?.cancel();
    return response.status;
  };
  assert.equal(await ask("summary", "GET", `Bearer ${READING}`), 200);
  assert.equal(await ask("reload", "POST", `Bearer ${READING}`), 403);
  assert.equal(await ask("summary", "GET", "Bearer "), 401);
  assert.equal(await ask("summary", "GET", "Basic abc"), 401);
  await server.stop();
});
