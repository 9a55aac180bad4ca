/**
 * The shapes of what the JSON API says about alarms that are sent to people.
 */

import * as v from "valibot";
import { about, count, flag, words } from "./schema_words.ts";

/** @internal A part of answers. */
export const ChannelSchema = v.strictObject({
  channel: words("What it is and its host; nothing secret."),
  sent: count("Messages that it took."),
  failed: count("Messages that were given up."),
  dropped: count("Messages that were dropped because 100 others waited."),
  waiting: count("Messages that wait to be sent."),
  trouble: words("Why the last attempt failed; empty if it did not."),
});

/** @internal Answer of `POST /api/v1/notify/test`. */
export const NotifyTestSchema = v.strictObject({
  done: words("What was done."),
  channels: about(
    "The result of each channel.",
    v.array(v.strictObject({
      channel: words("What it is and its host."),
      ok: flag("Whether it took the message."),
      answer: words("What it answered, or why it could not be reached."),
    })),
  ),
});

/** A channel. */
export type ChannelShape = NonNullable<(typeof ChannelSchema)["~types"]>["output"];

/** The result of a test. */
export type NotifyTestShape = NonNullable<(typeof NotifyTestSchema)["~types"]>["output"];
