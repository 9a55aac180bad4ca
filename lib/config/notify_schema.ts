/**
 * The group `notify` of the configuration: which alarms are raised, when, and where they are sent.
 */

import * as v from "valibot";
import { ALARM_KINDS } from "../base/alarm_kind.ts";
import { about, file, flag, group, seconds, text, variable, wholeNumber } from "./schema_parts.ts";
import { MAX_SECRET_LENGTH } from "./secrets.ts";

/** What a webhook can be sent. */
const FORMATS = ["json", "ntfy", "slack", "discord", "homeassistant"] as const;

/** Where Telegram's API is if `api` is left out. */
export const TELEGRAM_API = "https://api.telegram.org";

function on(what: string, fallback = true) {
  return v.optional(about(what, flag()), fallback);
}

function secret(what: string) {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(MAX_SECRET_LENGTH),
    // What may be in an address or a header.
    v.regex(/^[\x21-\x7e]*$/),
    v.metadata({ wanted: `${what}, without spaces, at most ${MAX_SECRET_LENGTH} characters` }),
  );
}

function timeOfDay(isEmptyAllowed: boolean) {
  const pattern = isEmptyAllowed
    ? /^(?:(?:[01]\d|2[0-3]):[0-5]\d)?$/
    : /^(?:[01]\d|2[0-3]):[0-5]\d$/;
  const none = isEmptyAllowed ? ', or "" for none' : "";
  return v.pipe(
    v.string(),
    v.regex(pattern),
    v.metadata({ wanted: `a time of day from "00:00" to "23:59"${none}` }),
  );
}

/** `notify_checks.ts` checks which fields go together. */
const Channel = group(
  "Where messages are sent. A webhook needs its address: one of `url`, `url_file` and `url_env`. Telegram needs a bot's token, in one of `token`, `token_file` and `token_env`, and a `chat`.",
  {
    type: about(
      'A "webhook", or a chat of "telegram".',
      v.pipe(
        v.picklist(["webhook", "telegram"]),
        v.metadata({ wanted: '"webhook" or "telegram"' }),
      ),
    ),
    url: v.optional(about(
      "The address of the webhook. It is a secret: where it is shown, all but its host is masked.",
      secret("an address such as https://ntfy.sh/topic"),
    )),
    url_file: v.optional(about("A file that contains the address, in one line.", file())),
    url_env: v.optional(
      about("A variable of the environment that has the address.", variable("BTCAGENT_WEBHOOK")),
    ),
    format: v.optional(about(
      'What is sent to the webhook: "json", all of the alarm for programs; or what ntfy, Slack (also Mattermost), Discord or Home Assistant understands. Left out: "json".',
      v.pipe(
        v.picklist(FORMATS),
        v.metadata({ wanted: '"json", "ntfy", "slack", "discord" or "homeassistant"' }),
      ),
    )),
    headers: v.optional(about(
      "More headers for the webhook, each `Name: value`; values are secrets.",
      v.pipe(
        v.array(v.pipe(
          v.string(),
          v.maxLength(MAX_SECRET_LENGTH),
          v.regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}:[\x20-\x7e]*$/),
          v.metadata({ wanted: 'a header such as "X-Key: value", in ASCII' }),
        )),
        v.maxLength(16),
        v.metadata({ wanted: "a list of at most 16 headers" }),
      ),
    )),
    token: v.optional(about(
      "The token of the Telegram bot; for a webhook, a token that is sent as `Authorization: Bearer`.",
      secret("a token"),
    )),
    token_file: v.optional(about("A file that contains the token, in one line.", file())),
    token_env: v.optional(
      about("A variable of the environment that has the token.", variable("BTCAGENT_BOT")),
    ),
    chat: v.optional(about(
      "The Telegram chat: its number, or the @name of a channel.",
      v.pipe(
        v.string(),
        v.regex(/^(?:-?\d{1,20}|@\w{1,64})$/),
        v.metadata({ wanted: 'a chat such as "-1001234567890" or "@channel", in quotes' }),
      ),
    )),
    api: v.optional(about(
      `Where Telegram's API is, if not at ${TELEGRAM_API}.`,
      secret("an address such as https://telegram.example"),
    )),
  },
);

function lasting(what: string, afterSeconds: number) {
  return v.optional(
    group(what, {
      on: on("Whether it is sent."),
      after_seconds: v.optional(
        about("How long it must last.", seconds(0, 86_400)),
        afterSeconds,
      ),
    }),
    {},
  );
}

function percent(min: number) {
  return v.pipe(
    v.number(),
    v.minValue(min),
    v.maxValue(100),
    v.metadata({ wanted: `a percentage from ${min} to 100` }),
  );
}

function manyWorkers(what: string, afterSeconds: number) {
  return v.optional(
    group(what, {
      on: on("Whether it is sent."),
      more_than: v.optional(
        about(
          "It is sent for more than this many, or for more than `more_than_percent`.",
          wholeNumber("a number of workers", 0, 65_535),
        ),
        4,
      ),
      more_than_percent: v.optional(
        about(
          "It is sent for more than this part of all, or for more than `more_than`. 100: only `more_than` counts.",
          percent(0),
        ),
        2,
      ),
      after_seconds: v.optional(
        about(
          "How long it must last, after the worker list shows it.",
          seconds(0, 86_400),
        ),
        afterSeconds,
      ),
    }),
    {},
  );
}

const Events = group("The alarms.", {
  outage: lasting("No pool serves the miners.", 60),
  account_outage: lasting(
    "No pool serves the miners of one of several sub-accounts (`multi_user_mode`).",
    120,
  ),
  backup: lasting("Miners work for another pool than the preferred one.", 300),
  pool_lost: lasting("Any other pool of the list does not answer.", 600),
  workers_missing: manyWorkers("Machines that worked in the last day are gone.", 600),
  workers_refused: manyWorkers("Workers whose shares are refused.", 600),
  workers_flapping: manyWorkers("Workers that connect and disconnect again and again.", 600),
  workers_silent: manyWorkers("Workers that are connected and send no share.", 600),
  workers_weak: manyWorkers("Workers far below their kind, or their own usual hashrate.", 1800),
  hashrate: v.optional(
    group("The hashrate of the farm is far below its usual or nominal one.", {
      on: on("Whether it is sent."),
      below_percent: v.optional(
        about("It is sent below this part of it.", percent(1)),
        90,
      ),
      after_seconds: v.optional(about("How long it must last.", seconds(0, 86_400)), 900),
    }),
    {},
  ),
  lost_work: v.optional(
    group("Work is refused, rejected or gets no verdict.", {
      on: on("Whether it is sent."),
      above_percent: v.optional(
        about("It is sent above this part of the last hour's work.", percent(0)),
        2,
      ),
      after_seconds: v.optional(about("How long it must last.", seconds(0, 86_400)), 600),
    }),
    {},
  ),
  certificate: v.optional(
    group("A certificate shown to miners expires soon.", {
      on: on("Whether it is sent."),
      days: v.optional(
        about("It is sent this many days before.", wholeNumber("a number of days", 1, 365)),
        14,
      ),
    }),
    {},
  ),
  disk: lasting("The log or another file cannot be written.", 60),
  block: v.optional(
    group("A miner found a block, or a block may not have reached the pool.", {
      on: on("Whether it is sent."),
    }),
    {},
  ),
});

const QuietHours = group(
  "When messages wait. Afterwards one message sums them up. Not applied while the clock is not set.",
  {
    from: v.optional(
      about("When they begin, in local time; equal to `to`: never.", timeOfDay(false)),
      "00:00",
    ),
    to: v.optional(about("When they end, in local time.", timeOfDay(false)), "00:00"),
    except: v.optional(
      about(
        "The alarms that are sent all the same, as named in `events`.",
        v.pipe(
          v.array(v.pipe(
            v.picklist(ALARM_KINDS),
            v.metadata({ wanted: `one of ${ALARM_KINDS.join(", ")}` }),
          )),
          v.maxLength(ALARM_KINDS.length),
          v.metadata({ wanted: "a list of alarms" }),
        ),
      ),
      ["outage", "block"],
    ),
  },
);

/**
 * The whole group.
 *
 * @internal Its type is valibot's.
 */
export const NotifySchema = group("Alarms that are sent to people.", {
  channels: v.optional(
    about(
      'Where messages are sent, each { "type": "webhook", "url": …, "format": … } or { "type": "telegram", "token": …, "chat": … }. Empty: nowhere.',
      v.pipe(
        v.array(Channel),
        v.maxLength(16),
        v.metadata({ wanted: 'a list of at most 16 channels, each { "type": …, … }' }),
      ),
    ),
    [],
  ),
  farm_name: v.optional(
    about("The name of the farm in every message.", text("a name", 64)),
    "btcagent",
  ),
  events: v.optional(Events, {}),
  quiet_hours: v.optional(QuietHours, {}),
  at_most_every_minutes: v.optional(
    about(
      "The least time between two messages; what happens meanwhile is in the next one. No more than 20 messages are sent in an hour.",
      wholeNumber("a number of minutes", 0, 1440),
    ),
    1,
  ),
  digest_at: v.optional(
    about("When a summary of the day is sent, in local time; empty: never.", timeOfDay(true)),
    "",
  ),
});
