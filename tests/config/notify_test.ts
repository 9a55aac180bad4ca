/** The channels and alarms of a configuration: what is taken, what is refused, what is shown. */

import assert from "node:assert/strict";
import { effectiveConfig } from "../../lib/config/effective.ts";
import { readConfigFile } from "../../lib/config/file.ts";
import { formatProblems } from "../../lib/config/problem.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";
import { difference } from "../../lib/config/difference.ts";
import { DEFAULTS } from "../support/alarm_farm.ts";

const SECRET = "topsecret";

function textOf(channel: unknown, more: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({ pools: [["h", 1, "me"]], notify: { channels: [channel], ...more } });
}

function configOf(text: string): Config {
  const result = readConfig(text);
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

function complaints(text: string): string {
  const result = readConfig(text);
  assert.ok(!result.ok, "it is taken");
  return formatProblems("f", result.problems);
}

const WEBHOOK = {
  type: "webhook",
  url: `https://hooks.example/${SECRET}?key=${SECRET}`,
  format: "slack",
  headers: [`X-Key: ${SECRET}`],
  token: SECRET,
};
const TELEGRAM = { type: "telegram", token: SECRET, chat: "-100123" };

Deno.test("without a word of it there is no channel, and every alarm has its default", () => {
  const { notify } = configOf('{ "pools": [["h", 1, "me"]] }');
  assert.deepEqual(notify.channels, []);
  const { farm_name: _, ...defaults } = DEFAULTS;
  const { channels: __, farm_name: ___, ...found } = notify;
  assert.deepEqual(found, defaults);
});

Deno.test("addresses, headers and tokens are masked wherever a configuration is shown", () => {
  for (const channel of [WEBHOOK, { ...TELEGRAM, api: `https://t.example/${SECRET}` }]) {
    const config = configOf(textOf(channel));
    const effective = effectiveConfig(config);
    assert.ok(!JSON.stringify(effective).includes(SECRET));
    assert.ok(readConfig(JSON.stringify(effective)).ok, "it can be read again");
    const changes = difference(configOf('{ "pools": [["h", 1, "me"]] }'), config);
    assert.deepEqual(changes.map(({ key, takesEffect }) => [key, takesEffect]), [
      ["notify.channels[0]", "now"],
    ]);
    assert.ok(!JSON.stringify(changes).includes(SECRET));
  }
  const { channels } = effectiveConfig(configOf(textOf(WEBHOOK))).notify;
  assert.deepEqual(channels[0], {
    type: "webhook",
    url: "https://hooks.example/***",
    format: "slack",
    headers: ["X-Key: ***"],
    token: "***",
  });
});

const WRONG: Readonly<Record<string, readonly [channel: unknown, said: RegExp]>> = {
  "a webhook without an address": [
    { type: "webhook" },
    /channels\[0\]\.url: found nothing, wanted one of url, url_file, url_env/,
  ],
  "two addresses": [
    { ...WEBHOOK, url_env: "BTCAGENT_HOOK" },
    /url_env: found a second url, wanted one of/,
  ],
  "an address of another kind": [
    { type: "webhook", url: `ftp://${SECRET}` },
    /url: found a string, wanted an address that begins with https/,
  ],
  "an address with a login": [
    { type: "webhook", url: `https://joe:${SECRET}@h/` },
    /url: found a string, wanted an address .* without user and password/,
  ],
  "a format that is not known": [
    { ...WEBHOOK, format: "teams" },
    /format: found "teams" \(a string\), wanted "json", "ntfy"/,
  ],
  "a header with a line end": [
    { ...WEBHOOK, headers: [`X: ${SECRET}\nY: 1`] },
    /headers\[0\]: found a string, wanted a header such as/,
  ],
  "a token with a space": [
    { ...TELEGRAM, token: `${SECRET} 1` },
    /token: found a string, wanted a token, without spaces/,
  ],
  "Telegram without a chat": [
    { type: "telegram", token: SECRET },
    /chat: found nothing, wanted the chat to write to; write to the bot first/,
  ],
  "Telegram with an address": [
    { ...TELEGRAM, url: `https://${SECRET}` },
    /url: found the key "url", wanted nothing here: it belongs to a webhook/,
  ],
  "a webhook with a chat": [{ ...WEBHOOK, chat: "1" }, /chat: found the key "chat".*telegram/],
  "a variable that btcagent may not read": [
    { type: "webhook", url_env: "HOME" },
    /url_env: found "HOME" \(a string\), wanted a name such as BTCAGENT_WEBHOOK/,
  ],
  "a token in place of the name of its variable": [
    { type: "telegram", token_env: SECRET, chat: "42" },
    /token_env: found a string, wanted a name such as BTCAGENT_BOT/,
  ],
  "an unknown key": [{ ...WEBHOOK, formt: "json" }, /unknown key "formt".*did you mean "format"/],
};

for (const [what, [channel, said]] of Object.entries(WRONG)) {
  Deno.test(`${what} is refused with what is wanted, and shows no secret`, () => {
    const text = complaints(textOf(channel));
    assert.match(text, said);
    assert.ok(!text.includes(SECRET), text);
  });
}

Deno.test("wrong times, numbers and names of alarms are refused in one go", () => {
  const text = complaints(textOf(TELEGRAM, {
    digest_at: "8:00",
    at_most_every_minutes: -1,
    quiet_hours: { from: "24:00", to: "", except: ["outages"] },
    events: { outage: { on: "yes" }, hashrate: { below_percent: 120 }, teapot: {} },
  }));
  for (
    const path of [
      "notify.digest_at",
      "notify.at_most_every_minutes",
      "notify.quiet_hours.from",
      "notify.quiet_hours.to",
      "notify.quiet_hours.except[0]",
      "notify.events.hashrate.below_percent",
      "notify.events.teapot",
    ]
  ) {
    assert.ok(text.includes(`  ${path}: `), `${path} in ${text}`);
  }
});

Deno.test("secrets come from files and the environment, and are shown by where they are", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/url`, `https://hooks.example/${SECRET}\n`);
    await Deno.writeTextFile(`${folder}/bad`, `hooks.example/${SECRET}\n`);
    Deno.env.set("BTCAGENT_TEST_TOKEN", SECRET);
    const path = `${folder}/agent.jsonc`;
    const channels = [
      { type: "webhook", url_file: `${folder}/url` },
      { type: "telegram", token_env: "BTCAGENT_TEST_TOKEN", chat: "@farm" },
    ];
    const write = (channels: readonly unknown[]) =>
      Deno.writeTextFile(path, JSON.stringify({ pools: [["h", 1, "me"]], notify: { channels } }));
    await write(channels);
    const file = await readConfigFile(path);
    assert.ok(file.ok, JSON.stringify(file));
    const [webhook, telegram] = file.config.notify.channels;
    assert.equal(webhook!.url, `https://hooks.example/${SECRET}`);
    assert.equal(telegram!.token, SECRET);
    assert.deepEqual(effectiveConfig(file.config).notify.channels, channels);

    await write([
      { type: "webhook", url_file: `${folder}/bad` },
      { type: "webhook", url_file: `${folder}/absent` },
      { type: "webhook", url_env: "BTCAGENT_TEST_ABSENT" },
    ]);
    const refused = await readConfigFile(path);
    assert.ok(!refused.ok);
    assert.match(refused.message, /bad": it is not an address that begins with https/);
    assert.match(refused.message, /absent": /);
    assert.match(refused.message, /"BTCAGENT_TEST_ABSENT": it is not set, wanted a variable/);
    assert.ok(!refused.message.includes(SECRET));
  } finally {
    Deno.env.delete("BTCAGENT_TEST_TOKEN");
    await Deno.remove(folder, { recursive: true });
  }
});
