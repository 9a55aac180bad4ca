/**
 * Where messages go: a webhook or a chat of Telegram.
 */

import { telegramPost, type WebhookFormat, webhookPost } from "./formats.ts";
import type { Message } from "./message.ts";

/** A channel as it is configured; its address, headers and tokens are secrets. */
export type ChannelSettings =
  | {
    readonly type: "webhook";
    /** `https://…`. */
    readonly url: string;
    /** What is posted to it. */
    readonly format: WebhookFormat;
    /** More headers, `Name: value`. */
    readonly headers: readonly string[];
    /** Sent as `Authorization: Bearer`; `undefined` for none. */
    readonly token: string | undefined;
  }
  | {
    readonly type: "telegram";
    /** The bot's token. */
    readonly token: string;
    /** The chat, by its number or `@name`. */
    readonly chat: string;
    /** Where the API is, `https://api.telegram.org` or a proxy of it. */
    readonly api: string;
  };

/** A request to a channel. */
export interface ChannelRequest {
  /** Where to; a secret. */
  readonly url: string;
  /** Secrets too. */
  readonly headers: Readonly<Record<string, string>>;
  /** What is posted. */
  readonly body: string;
}

/** The request that sends `message`. */
export function requestOf(channel: ChannelSettings, message: Message): ChannelRequest {
  if (channel.type === "telegram") {
    const url = `${channel.api.replace(/\/+$/, "")}/bot${channel.token}/sendMessage`;
    return { url, ...telegramPost(channel.chat, message) };
  }
  const { url, format, headers: more, token } = channel;
  const { headers, body } = webhookPost(format, message);
  const own = more.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
  });
  const login = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return { url, headers: { ...headers, ...login, ...Object.fromEntries(own) }, body };
}

/** What is secret about a channel: no text that is shown may contain it. */
export function secretsOf(channel: ChannelSettings): string[] {
  if (channel.type === "telegram") return [channel.token];
  const { url, headers, token } = channel;
  const parsed = URL.parse(url);
  const parts = parsed === null ? [] : [parsed.href, `${parsed.pathname}${parsed.search}`];
  const values = headers.map((line) => line.slice(line.indexOf(":") + 1).trim());
  // Parts of a few characters would mask words that mean nothing.
  return [url, ...parts, ...values, ...token === undefined ? [] : [token]]
    .filter((text) => text.length >= 4);
}

/**
 * Names for logs, metrics and answers, which show no more of an address than its host. Each name is
 * another one.
 */
export function channelNames(channels: readonly ChannelSettings[]): string[] {
  const seen = new Map<string, number>();
  return channels.map((channel) => {
    const name = channel.type === "telegram"
      ? "telegram"
      : `${channel.format} ${hostOf(channel.url)}`;
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} #${count}`;
  });
}

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? "";
}
