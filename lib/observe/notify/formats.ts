/**
 * A message as each kind of webhook wants it. Pure.
 */

import type { Level } from "./alarm_watch.ts";
import {
  type Escape,
  escapeDiscord,
  escapeHtml,
  escapeSlack,
  fit,
  headerText,
  plain,
} from "./markup.ts";
import type { Message } from "./message.ts";

/** What a webhook can be. */
export const WEBHOOK_FORMATS = ["json", "ntfy", "slack", "discord", "homeassistant"] as const;

/** One of them. */
export type WebhookFormat = typeof WEBHOOK_FORMATS[number];

/** What is posted. */
export interface Post {
  /** Headers beside those of the channel. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body. */
  readonly body: string;
}

/** How urgent a message is to ntfy, and its picture there. */
const NTFY: Readonly<Record<Level, readonly [priority: string, tag: string]>> = {
  critical: ["5", "rotating_light"],
  warning: ["4", "warning"],
  info: ["3", "information_source"],
  good: ["3", "white_check_mark"],
};

/** The longest texts that each takes, with room to spare, in UTF-16 units. */
const MOST = { ntfy: 3_000, slack: 3_000, discord: 1_800, homeassistant: 3_000, telegram: 3_500 };

/** What is posted to a webhook of this format. */
export function webhookPost(format: WebhookFormat, message: Message): Post {
  switch (format) {
    case "json":
      return jsonPost(jsonOf(message));
    case "ntfy": {
      const [priority, tag] = NTFY[message.level];
      const title = headerText(message.title.slice(0, MAX_TITLE));
      const headers = { title, priority, tags: tag, "content-type": "text/plain; charset=utf-8" };
      return { headers, body: textOf(message, plain, MOST.ntfy, false) };
    }
    case "slack":
      return jsonPost({
        text: textOf(message, escapeSlack, MOST.slack, true),
        mrkdwn: false,
        parse: "none",
        link_names: false,
        unfurl_links: false,
        unfurl_media: false,
      });
    case "discord":
      return jsonPost({
        content: textOf(message, escapeDiscord, MOST.discord, true),
        allowed_mentions: { parse: [] },
        // No previews of links.
        flags: 4,
      });
    case "homeassistant":
      return jsonPost({
        title: message.title,
        message: textOf(message, plain, MOST.homeassistant, false),
      });
  }
}

/** What is posted to Telegram's `sendMessage`. */
export function telegramPost(chat: string, message: Message): Post {
  return jsonPost({
    chat_id: chat,
    text: textOf(message, escapeHtml, MOST.telegram, true),
    parse_mode: "HTML",
    link_preview_options: { is_disabled: true },
    disable_notification: message.level === "good",
  });
}

/** The longest title of a notification. */
const MAX_TITLE = 200;

/** All of a message, for programs. */
function jsonOf({ level, farm, title, items, more, time }: Message): unknown {
  return {
    farm,
    level,
    title,
    text: items.map(({ text }) => text).join("\n"),
    time: time === undefined ? null : new Date(time).toISOString(),
    events: items.map(({ event, phase, text, seconds }) => ({
      event,
      phase,
      text,
      seconds: seconds ?? null,
    })),
    more,
  };
}

/** The message as text, with its title in front if the channel has no place for one. */
function textOf(
  { farm, title, items, more }: Message,
  escape: Escape,
  most: number,
  hasTitle: boolean,
): string {
  const lines = items.map(({ text }) => text);
  // The title of a message of one line has that line.
  const head = items.length === 1 && title === `${farm}: ${lines[0]}` ? [] : [title];
  const told = head.length === 0 ? [title] : [...head, ...lines];
  return fit(hasTitle ? told : lines, { escape, most, more });
}

/** The texts of a message are printable already, and their line ends are ours. */
function jsonPost(value: unknown): Post {
  return { headers: { "content-type": "application/json" }, body: JSON.stringify(value) };
}
