/** Messages in the markup of each channel: names that others choose do no harm in any. */

import assert from "node:assert/strict";
import type { News } from "../../../lib/observe/notify/alarm_watch.ts";
import {
  channelNames,
  type ChannelSettings,
  requestOf,
} from "../../../lib/observe/notify/channel.ts";
import { conditionsOf } from "../../../lib/observe/notify/conditions.ts";
import { overText } from "../../../lib/observe/notify/endings.ts";
import { WEBHOOK_FORMATS } from "../../../lib/observe/notify/formats.ts";
import { headerText } from "../../../lib/observe/notify/markup.ts";
import { type Message, messageOf, testMessage } from "../../../lib/observe/notify/message.ts";
import { DEFAULTS, HEALTHY, missing, momentAt, NOON } from "../../support/alarm_farm.ts";
import { harmIn, harmInValue, HOSTILE_NAMES } from "../../support/hostile_names.ts";

const TELEGRAM: ChannelSettings = {
  type: "telegram",
  token: "123:secret",
  chat: "-100",
  api: "https://api.telegram.org/",
};

function webhook(format: typeof WEBHOOK_FORMATS[number]): ChannelSettings {
  const url = "https://hooks.example/secret/path?key=secret";
  return { type: "webhook", url, format, headers: ["X-Key: abc:d"], token: "secret" };
}

/** The message of alarms in which `name` is everything that others can choose. */
function messageAbout(name: string): Message {
  const farm = {
    ...missing(12, [name, name]),
    outage: { reason: name },
    unserved: [{ account: name, reason: name }],
    backup: { pool: name, insteadOf: name, reason: name },
    pools: [{ poolId: 1, name, isLost: true, reason: name }],
    lostWork: { part: 0.5, shares: 500, causes: name },
    certificates: [{ file: name, daysLeft: 1 }],
    disk: [{ what: name, reason: name }],
  };
  const conditions = conditionsOf(farm, { ...DEFAULTS.events });
  const news = conditions.map(({ kind, subject, about }, i): News => ({
    kind,
    subject,
    since: 0,
    phase: i === 2 ? "end" : "begin",
    incident: i + 1,
    level: "warning",
    about: i === 2 ? overText(kind, subject) : about,
    lastedMs: 5_000,
    at: momentAt(0),
  }));
  return messageOf(news, {
    farm: "Farm 7",
    isSummary: false,
    more: 0,
    now: 0,
    wall: NOON,
  });
}

const SHORT = Object.entries(HOSTILE_NAMES);

for (const [what, name] of SHORT) {
  Deno.test(`a name with ${what} does no harm in any channel`, () => {
    const message = messageAbout(name);
    assert.ok(message.items.length >= 5);
    for (const { text } of message.items) assert.equal(harmIn(text), undefined);
    for (const format of WEBHOOK_FORMATS) {
      const { headers, body } = requestOf(webhook(format), message);
      // Throws for a line end, or anything beyond Latin-1.
      new Headers(headers);
      for (const value of Object.values(headers)) assert.match(value, /^[\x20-\x7e]*$/);
      if (format === "ntfy") {
        for (const line of body.split("\n")) assert.equal(harmIn(line), undefined);
        continue;
      }
      const value = JSON.parse(body);
      const texts = JSON.parse(
        JSON.stringify(value),
        (_key, member) => typeof member === "string" ? member.replaceAll("\n", " ") : member,
      );
      assert.equal(harmInValue(texts), undefined);
      if (format === "slack") assert.doesNotMatch(value.text, /[<>@*_~`]|&(?!amp;|lt;|gt;)/);
      if (format === "discord") {
        assert.deepEqual(value.allowed_mentions, { parse: [] });
        assert.doesNotMatch(value.content.replace(/\\./g, ""), /[\\`*_~|<>#@[\]]/);
        assert.ok(value.content.length <= 2_000);
      }
    }
    const { body } = requestOf(TELEGRAM, message);
    const { text, parse_mode: mode, chat_id: chat } = JSON.parse(body);
    assert.deepEqual([mode, chat], ["HTML", "-100"]);
    assert.doesNotMatch(text, /[<>]|&(?!amp;|lt;|gt;)/);
    assert.ok(text.length <= 4_096);
  });
}

Deno.test("each thing has a line of its own, after the title where the channel has none", () => {
  const message = messageAbout("rig1");
  const linesOf = (channel: ChannelSettings) => {
    const { body } = requestOf(channel, message);
    const text = body.startsWith("{") ? Object.values(JSON.parse(body)).join("\n") : body;
    return text.split("\n").filter((line) => line.includes("rig1")).length;
  };
  for (const channel of [webhook("ntfy"), webhook("slack"), webhook("homeassistant"), TELEGRAM]) {
    assert.equal(
      linesOf(channel),
      message.items.filter(({ text }) => text.includes("rig1")).length,
    );
  }
});

Deno.test("the name of the farm is made printable, too", () => {
  const { title, farm } = testMessage("Farm\n7\u202e", NOON);
  assert.deepEqual([title, farm], ["Farm?7?: test message", "Farm?7?"]);
});

Deno.test("signs of markup in a name mean nothing in Slack, Discord and Telegram", () => {
  const message = messageAbout("*b* _i_ ~s~ `c` |x| [a](b) <@1> &amp; @here #c");
  const textOf = (channel: ChannelSettings): string => {
    const { text, content } = JSON.parse(requestOf(channel, message).body);
    return text ?? content;
  };
  assert.doesNotMatch(textOf(webhook("slack")), /[*_~`|[\]@#<>]/);
  assert.match(
    textOf(webhook("discord")),
    /\\\*b\\\* \\_i\\_ \\~s\\~ \\`c\\` \\\|x\\\| \\\[a\\\]\\\(b\\\) \\<\\@1\\>/,
  );
  assert.ok(textOf(TELEGRAM).includes("*b* _i_ ~s~ `c` |x| [a](b) &lt;@1&gt; &amp;amp; @here #c"));
});

Deno.test("a message says all that it says in every format", () => {
  const message = messageAbout("rig1");
  for (const channel of [...WEBHOOK_FORMATS.map(webhook), TELEGRAM]) {
    const body = requestOf(channel, message).body.replaceAll("\\\\", "").replaceAll("\\n", "\n");
    for (const { text } of message.items) {
      const words = /[A-Za-z ]{10,}/.exec(text)![0];
      assert.ok(body.includes(words.trim()), `${words} in ${body}`);
    }
  }
});

Deno.test("the JSON of a webhook has every event with its phase and length", () => {
  const body = JSON.parse(requestOf(webhook("json"), messageAbout("rig1")).body);
  assert.deepEqual(Object.keys(body).sort(), [
    "events",
    "farm",
    "level",
    "more",
    "text",
    "time",
    "title",
  ]);
  assert.equal(body.time, new Date(NOON).toISOString());
  const [outage, , pool] = body.events;
  assert.deepEqual(outage, {
    event: "outage",
    phase: "begin",
    text: "No pool serves the miners: rig1",
    seconds: null,
  });
  assert.deepEqual([pool.phase, pool.seconds], ["end", 5]);
});

Deno.test("a request has the token, the headers of its channel and its own", () => {
  const { url, headers } = requestOf(webhook("ntfy"), testMessage("Ферма", NOON));
  assert.equal(url, "https://hooks.example/secret/path?key=secret");
  assert.deepEqual({ ...headers }, {
    title: headerText("Ферма: test message"),
    priority: "3",
    tags: "information_source",
    "content-type": "text/plain; charset=utf-8",
    authorization: "Bearer secret",
    "x-key": "abc:d",
  });
  assert.equal(
    requestOf(TELEGRAM, testMessage("f", NOON)).url,
    [
      "https://api.telegram.org",
      "bot123:secret",
      "sendMessage",
    ].join("/"),
  );
});

Deno.test("a header of any language is encoded as mail does it, in short words", () => {
  assert.equal(headerText("plain ASCII"), "plain ASCII");
  const encoded = headerText("矿场一号：".repeat(20));
  for (const word of encoded.split(" ")) {
    assert.match(word, /^=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=$/);
    assert.ok(word.length <= 75);
  }
  const decoded = encoded.split(" ")
    .map((word) => new TextDecoder().decode(Uint8Array.fromBase64(word.slice(10, -2)))).join("");
  assert.equal(decoded, "矿场一号：".repeat(20));
});

Deno.test("names of channels show no more than the host, and differ", () => {
  const channels = [webhook("ntfy"), webhook("ntfy"), webhook("slack"), TELEGRAM];
  assert.deepEqual(channelNames(channels), [
    "ntfy hooks.example",
    "ntfy hooks.example #2",
    "slack hooks.example",
    "telegram",
  ]);
});

Deno.test("a healthy farm has nothing to say", () => {
  assert.deepEqual(conditionsOf(HEALTHY, DEFAULTS.events), []);
});
