/** Messages on their way to real HTTP servers that take them, refuse them, or are not there. */

import assert from "node:assert/strict";
import type { Time } from "../../../lib/base/clock.ts";
import { systemTime } from "../../../lib/base/system_time.ts";
import type { ChannelSettings } from "../../../lib/observe/notify/channel.ts";
import { Delivery, MAX_RETRIES, MAX_WAITING } from "../../../lib/observe/notify/delivery.ts";
import { testMessage } from "../../../lib/observe/notify/message.ts";
import { Notifications } from "../../../lib/observe/notify/notifications.ts";
import type { Outcome } from "../../../lib/observe/notify/post.ts";
import { DEFAULTS, HEALTHY, momentAt, NOON, TROUBLES } from "../../support/alarm_farm.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { freePort } from "../../support/free_port.ts";
import { LogCapture } from "../../support/log_capture.ts";
import { LoopbackServer } from "../../support/loopback_server.ts";
import { Webhook } from "../../support/webhook.ts";

const SECRET = "topsecret";

const REFUSED: Outcome = {
  ok: false,
  answer: "HTTP 503",
  isAnswered: true,
  mayRetry: true,
  retryAfterMs: 0,
};
const TAKEN: Outcome = { ok: true, answer: "HTTP 200" };

/** A delivery whose channel answers as the test wants, at the times it was asked. */
class Rig {
  readonly time = new FakeTime();
  readonly attempts: { readonly title: string; readonly at: number }[] = [];
  outcome: Outcome = TAKEN;
  readonly delivery = new Delivery("ntfy ntfy.sh", ({ title }) => {
    this.attempts.push({ title, at: this.time.now() });
    return Promise.resolve(this.outcome);
  }, this.time);

  add(name: string): void {
    this.delivery.add(testMessage(name, NOON));
  }

  /** Lets time pass, with what happens in it. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 1_000) {
      this.time.advance(Math.min(1_000, left));
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  }
}

Deno.test("a dead channel is tried again 5 times, at growing intervals, and costs one log line", async () => {
  using log = new LogCapture();
  const rig = new Rig();
  rig.outcome = REFUSED;
  for (const name of ["one", "two", "three"]) rig.add(name);
  await rig.pass(3_600_000);
  assert.equal(rig.attempts.length, 3 * (1 + MAX_RETRIES));
  const gaps = rig.attempts.slice(1, 1 + MAX_RETRIES).map(({ at }, i) => at - rig.attempts[i]!.at);
  for (const [i, gap] of gaps.slice(1).entries()) assert.ok(gap > 1.5 * gaps[i]!, gaps.join());
  assert.equal(rig.delivery.report.failed, 3);
  const lines = log.take();
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0]!, /^warning: Cannot send a message to ntfy ntfy\.sh: HTTP 503/);
  rig.outcome = TAKEN;
  rig.add("four");
  await rig.pass(60_000);
  assert.deepEqual(log.take(), ["info: Messages reach ntfy ntfy.sh again; 3 were lost"]);
  const { sent, failed, waiting, trouble } = rig.delivery.report;
  assert.deepEqual([sent, failed, waiting, trouble], [1, 3, 0, ""]);
});

Deno.test("messages arrive in their order, each once", async () => {
  const rig = new Rig();
  for (let i = 0; i < 10; i++) rig.add(`message ${i}`);
  await rig.pass(10_000);
  assert.deepEqual(
    rig.attempts.map(({ title }) => title),
    Array.from({ length: 10 }, (_, i) => `message ${i}: test message`),
  );
});

Deno.test("a receiver that asks to be left alone is left alone for as long", async () => {
  using _log = new LogCapture();
  const rig = new Rig();
  rig.outcome = { ...REFUSED, answer: "HTTP 429", retryAfterMs: 300_000 };
  rig.add("one");
  await rig.pass(299_000);
  assert.equal(rig.attempts.length, 1);
  rig.outcome = TAKEN;
  await rig.pass(10_000);
  assert.equal(rig.delivery.report.sent, 1);
});

Deno.test("what may not be tried again is not", async () => {
  using _log = new LogCapture();
  const rig = new Rig();
  rig.outcome = { ...REFUSED, answer: "HTTP 404", mayRetry: false };
  rig.add("one");
  await rig.pass(3_600_000);
  assert.equal(rig.attempts.length, 1);
  assert.equal(rig.delivery.report.failed, 1);
});

Deno.test("more than 100 waiting messages drop the oldest, counted", async () => {
  using _log = new LogCapture();
  const rig = new Rig();
  rig.outcome = { ...REFUSED, retryAfterMs: 60_000 };
  rig.add("first");
  await rig.pass(1_000);
  for (let i = 0; i < MAX_WAITING + 20; i++) rig.add(`message ${i}`);
  assert.equal(rig.delivery.report.waiting, MAX_WAITING);
  assert.equal(rig.delivery.report.dropped, 21);
  rig.outcome = TAKEN;
  await rig.pass(600_000);
  assert.equal(rig.delivery.report.sent, MAX_WAITING);
  assert.equal(rig.attempts.at(-1)!.title, `message ${MAX_WAITING + 19}: test message`);
});

Deno.test("a stopped delivery leaves no timer and sends nothing", async () => {
  using _log = new LogCapture();
  const rig = new Rig();
  rig.outcome = REFUSED;
  rig.add("one");
  await rig.pass(1_000);
  rig.delivery.stop();
  rig.add("two");
  await rig.pass(3_600_000);
  assert.equal(rig.attempts.length, 1);
  assert.equal(rig.time.timers, 0);
});

/** Notifications to `channels` by real time; alarms at once. */
function notifications(...channels: readonly ChannelSettings[]): Notifications {
  const { events } = DEFAULTS;
  const settings = {
    ...DEFAULTS,
    at_most_every_minutes: 0,
    events: { ...events, outage: { on: true, after_seconds: 0 } },
  };
  const all = new Notifications({
    settings,
    startedAt: momentAt(0),
    time: systemTime,
    times: {
      gatherMs: 0,
      settling: { startMs: 0, hashrateMs: 0, changeMs: 0, outageMs: 0, lostWorkMs: 0 },
    },
  });
  all.setChannels({ channels, ways: [] });
  return all;
}

function webhook(url: string): ChannelSettings {
  return { type: "webhook", url, format: "json", headers: [], token: SECRET };
}

Deno.test("an alarm and its end reach a webhook and Telegram, once each", async () => {
  await using hook = new Webhook();
  await using telegram = new Webhook();
  telegram.answer = () => Response.json({ ok: true, result: { message_id: 1 } });
  const all = notifications(webhook(hook.url()), {
    type: "telegram",
    token: SECRET,
    chat: "42",
    api: telegram.url(""),
  });
  const outage = { ...HEALTHY, ...TROUBLES.outage };
  for (let i = 1; i < 5; i++) all.look(outage, momentAt(i * 1_000));
  await Promise.all([hook.until(1), telegram.until(1)]);
  for (let i = 5; i < 10; i++) all.look(HEALTHY, momentAt(i * 1_000));
  await Promise.all([hook.until(2), telegram.until(2)]);
  all.stop();
  assert.deepEqual(hook.bodies.map(({ level, title }) => [level, title]), [
    ["critical", "Farm 7: No pool serves the miners: main.example:3333: connection refused"],
    ["good", "Farm 7: A pool serves the miners again, after 3 s"],
  ]);
  assert.equal(hook.received[0]!.headers.get("authorization"), `Bearer ${SECRET}`);
  assert.deepEqual(telegram.received.map(({ path }) => path), [
    `/bot${SECRET}/sendMessage`,
    `/bot${SECRET}/sendMessage`,
  ]);
  assert.equal(telegram.bodies[1].text, "Farm 7: A pool serves the miners again, after 3 s");
});

Deno.test("a test names what each channel answered, and no secret, whatever they answer", async () => {
  await using hook = new Webhook();
  hook.answer = ({ path }) => new Response(`no ${path} ${SECRET}\n\x1b[2J`, { status: 403 });
  const gone = freePort();
  const all = notifications(
    webhook(hook.url(`/${SECRET}?key=${SECRET}`)),
    webhook(`http://127.0.0.1:${gone}/${SECRET}`),
    webhook(`http://${SECRET}.invalid/${SECRET}`.replace(`${SECRET}.`, "nobody.")),
  );
  const results = await all.test(NOON);
  all.stop();
  assert.deepEqual(results.map(({ ok }) => ok), [false, false, false]);
  const [refused, absent, unknown] = results.map(({ answer }) => answer);
  assert.match(refused!, /^HTTP 403: no \*\*\* \*\*\* \?\[2J$/);
  assert.equal(absent, "the connection is refused");
  assert.equal(unknown, "its name is not found");
  assert.ok(!JSON.stringify(results).includes(SECRET));
});

Deno.test("a redirect is not followed: the secret would go elsewhere", async () => {
  await using elsewhere = new Webhook();
  await using hook = new Webhook();
  hook.answer = () => new Response(null, { status: 307, headers: { location: elsewhere.url() } });
  const all = notifications(webhook(hook.url()));
  const [result] = await all.test(NOON);
  all.stop();
  const said = "HTTP 307: it leads elsewhere: give the address that it leads to";
  assert.deepEqual([result!.ok, result!.answer], [false, said]);
  assert.equal(elsewhere.received.length, 0);
});

Deno.test("Telegram's retry_after and Retry-After are obeyed, and bounded to an hour", async () => {
  const { post } = await import("../../../lib/observe/notify/post.ts");
  await using hook = new Webhook();
  const ask = async (response: () => Response) => {
    hook.answer = response;
    const outcome = await post({ url: hook.url(), headers: {}, body: "{}" }, {
      client: undefined,
      secrets: [],
      time: systemTime,
      signal: new AbortController().signal,
    });
    return outcome.ok ? undefined : outcome.retryAfterMs;
  };
  const body = JSON.stringify({ ok: false, parameters: { retry_after: 17 } });
  assert.equal(await ask(() => new Response(body, { status: 429 })), 17_000);
  const headers = (value: string) => ({ status: 429, headers: { "retry-after": value } });
  assert.equal(await ask(() => new Response("", headers("5"))), 5_000);
  assert.equal(await ask(() => new Response("", headers("999999999"))), 3_600_000);
  assert.equal(await ask(() => new Response("", headers("soon"))), 0);
  const date = new Date(Date.now() + 120_000).toUTCString();
  const ms = await ask(() => new Response("", headers(date)));
  assert.ok(ms! > 100_000 && ms! <= 120_000, `${ms}`);
});

Deno.test("an answer without end is not read to its end", async () => {
  await using hook = new Webhook();
  hook.answer = () =>
    new Response(
      new ReadableStream({ pull: (to) => to.enqueue(new Uint8Array(16_384).fill(120)) }),
      { status: 500 },
    );
  const all = notifications(webhook(hook.url()));
  const [result] = await all.test(NOON);
  all.stop();
  assert.match(result!.answer, /^HTTP 500: x{100,150}…$/);
});

/** A receiver that writes these bytes to each connection, and then nothing more. */
function rawServer(answer: string, isClosed: boolean): LoopbackServer {
  return new LoopbackServer(async (conn) => {
    const buffer = new Uint8Array(4096);
    await conn.read(buffer);
    await conn.write(new TextEncoder().encode(answer));
    while (!isClosed && await conn.read(buffer) !== null);
  });
}

for (
  const [what, isClosed, length] of [
    ["breaks off in the middle of its answer", true, 100],
    ["never ends its answer", false, 100],
  ] as const
) {
  Deno.test(`a receiver that takes a message and ${what} has taken it, and gets it once`, async () => {
    const head = `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\nfine so far`;
    await using server = rawServer(head, isClosed);
    // Its 10 seconds are over sooner.
    const after: Time["after"] = (ms, act) => systemTime.after(ms / 20, act);
    const every: Time["every"] = (ms, act) => systemTime.every(ms / 20, act);
    const now = () => 20 * systemTime.now();
    const quick = new Notifications({
      settings: DEFAULTS,
      startedAt: momentAt(0),
      time: { ...systemTime, after, every, now },
    });
    quick.setChannels({ channels: [webhook(`http://${server.hostPort}/`)], ways: [] });
    const [result] = await quick.test(NOON);
    assert.deepEqual([result!.ok, result!.answer], [true, "HTTP 200: fine so far"]);
    assert.equal(server.accepted, 1);
    quick.stop();
  });
}

Deno.test("the way that cannot connect is passed over for the next one", async () => {
  await using hook = new Webhook();
  const all = notifications();
  const proxy = Deno.createHttpClient({ proxy: { url: `http://127.0.0.1:${freePort()}` } });
  all.setChannels({
    channels: [webhook(hook.url())],
    ways: [{ client: proxy, proxy: "p" }, { client: undefined, proxy: "" }],
  });
  const results = await all.test(NOON);
  all.stop();
  assert.deepEqual(results.map(({ ok }) => ok), [true]);
  assert.equal(hook.received.length, 1);
});

Deno.test("the summary of the day is due once a day, and not for a time before the start", () => {
  const all = notifications();
  all.reconfigure({ ...DEFAULTS, digest_at: "08:00" });
  const due: string[] = [];
  for (let ms = 0; ms < 3 * 86_400_000; ms += 60_000) {
    const wall = NOON + ms;
    if (all.isDigestDue(wall)) due.push(new Date(wall).toTimeString().slice(0, 5));
  }
  assert.deepEqual(due, ["08:00", "08:00", "08:00"]);
  assert.equal(all.isDigestDue(undefined), false);
  all.stop();
});
