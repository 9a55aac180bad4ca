/**
 * Checks of `notify.channels` that need more than one field, and where their secrets are. They read
 * unchecked values, like those of `cross_checks.ts`, and never show a secret.
 */

import type { Finding, RawConfig } from "./cross_checks.ts";
import { type FoundSecrets, type SecretPlaces, VARIABLE_PATTERN } from "./secrets.ts";
import type { PasswordResult } from "./password_file.ts";
import { type Path, quote } from "./problem.ts";
import type { Config } from "./schema.ts";

/** A channel, unchecked. */
type RawChannel = Readonly<Record<string, unknown>>;

/** A field, and the places it can be in instead. */
const SECRETS = ["url", "token"] as const;

/** What only a webhook has, and what only Telegram has. */
const OF_WEBHOOK = ["url", "url_file", "url_env", "format", "headers"];
const OF_TELEGRAM = ["chat", "api"];

const WANTED_URL = "an address that begins with https:// or http://, without user and password";

/** Every channel that is an object, with its place in the list. */
function rawChannels(raw: RawConfig): { readonly path: Path; readonly channel: RawChannel }[] {
  const notify = raw.notify;
  if (typeof notify !== "object" || notify === null) return [];
  const { channels } = notify as { readonly channels?: unknown };
  if (!Array.isArray(channels)) return [];
  return channels.flatMap((channel: unknown, place) =>
    typeof channel === "object" && channel !== null && !Array.isArray(channel)
      ? [{ path: ["notify", "channels", place], channel: { ...channel } }]
      : []
  );
}

/** Where the secrets of all channels are. */
export function channelSecretsOf(raw: RawConfig): SecretPlaces {
  const all = (ending: string, isOne: (text: string) => boolean) =>
    rawChannels(raw).flatMap(({ channel }) =>
      SECRETS.flatMap((secret) => {
        const value = channel[`${secret}_${ending}`];
        return typeof value === "string" && isOne(value) ? [value] : [];
      })
    );
  return {
    files: all("file", (path) => path !== "" && path.length <= 4096),
    variables: all("env", (name) => VARIABLE_PATTERN.test(name)),
  };
}

/** Each channel needs what its type needs, once, and nothing that belongs to the other. */
export function wrongChannels(raw: RawConfig, secrets: FoundSecrets): Finding[] {
  return rawChannels(raw).flatMap(({ path, channel }): Finding[] => {
    const { type } = channel;
    if (type !== "webhook" && type !== "telegram") return [];
    const strange = (type === "webhook" ? OF_TELEGRAM : OF_WEBHOOK).flatMap((key): Finding[] => {
      if (channel[key] === undefined) return [];
      const wanted = `nothing here: it belongs to ${type === "webhook" ? "telegram" : "a webhook"}`;
      return [{ path: [...path, key], found: `the key ${quote(key)}`, wanted }];
    });
    const isTelegram = type === "telegram";
    const chat: Finding[] = isTelegram && channel.chat === undefined
      ? [{
        path: [...path, "chat"],
        wanted: "the chat to write to",
        hint: "write to the bot first, then look for chat.id in the answer of its getUpdates",
      }]
      : [];
    return [
      ...strange,
      ...chat,
      ...wrongSecret(path, channel, isTelegram ? "token" : "url", true, secrets),
      ...isTelegram ? [] : wrongSecret(path, channel, "token", false, secrets),
      ...wrongUrl([...path, "api"], channel.api),
    ];
  });
}

/** A secret must be in one place, and must be found there. */
function wrongSecret(
  path: Path,
  channel: RawChannel,
  secret: typeof SECRETS[number],
  isNeeded: boolean,
  { files, variables }: FoundSecrets,
): Finding[] {
  const keys = [secret, `${secret}_file`, `${secret}_env`];
  const given = keys.filter((key) => channel[key] !== undefined);
  const [key, second] = given;
  const wanted = `one of ${keys.join(", ")}`;
  if (second !== undefined) {
    return [{ path: [...path, second], found: `a second ${secret}`, wanted }];
  }
  if (key === undefined) return isNeeded ? [{ path: [...path, secret], wanted }] : [];
  const at = [...path, key];
  const value = channel[key];
  if (key === secret) return secret === "url" ? wrongUrl(at, value) : [];
  const result = (key.endsWith("_file") ? files : variables).get(String(value));
  if (result === undefined) return [];
  const trouble = result.ok ? troubleOf(secret, result) : result.trouble;
  if (trouble === undefined) return [];
  const what = key.endsWith("_file") ? "a readable file" : "a variable";
  return [{
    path: at,
    found: `${quote(String(value))}: ${trouble}`,
    wanted: `${what} with the ${secret === "url" ? "address" : "token"} in one line`,
  }];
}

/** What is wrong with a secret that was found; `undefined` for nothing. */
function troubleOf(
  secret: typeof SECRETS[number],
  { password }: PasswordResult & { readonly ok: true },
): string | undefined {
  if (!/^[\x21-\x7e]+$/.test(password)) return "it has spaces or other signs than ASCII";
  return secret === "url" && !isUrl(password) ? `it is not ${WANTED_URL}` : undefined;
}

function wrongUrl(path: Path, value: unknown): Finding[] {
  // Other checks report values that are not a text.
  if (typeof value !== "string" || value === "" || isUrl(value)) return [];
  return [{ path, found: "a string", wanted: WANTED_URL }];
}

function isUrl(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return false;
  return url.hostname !== "" && url.username === "" && url.password === "";
}

/** `config` with the secrets of its channels in their places. */
export function withChannelSecrets(config: Config, { files, variables }: FoundSecrets): Config {
  const found = (path: string | undefined, name: string | undefined) => {
    const result = path !== undefined
      ? files.get(path)
      : name === undefined
      ? undefined
      : variables.get(name);
    return result?.ok === true ? result.password : undefined;
  };
  const channels = config.notify.channels.map((channel) => {
    const url = found(channel.url_file, channel.url_env);
    const token = found(channel.token_file, channel.token_env);
    return {
      ...channel,
      ...url === undefined ? {} : { url },
      ...token === undefined ? {} : { token },
    };
  });
  return { ...config, notify: { ...config.notify, channels } };
}
