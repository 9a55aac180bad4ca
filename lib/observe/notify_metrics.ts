/**
 * Metrics of the alarms that are sent to people. Pure.
 */

import { type MetricsPage, type Sample } from "./exposition.ts";
import type { ChannelShape } from "./status/notify_shapes.ts";

/** Writes these metrics; nothing without a channel. */
export function writeNotify(page: MetricsPage, channels: readonly ChannelShape[]): void {
  page.counter(
    "btcagent_notify_messages",
    "Messages to a channel by result: sent, failed (given up), dropped (too many waited).",
    channels.flatMap(({ channel, sent, failed, dropped }): Sample[] => [
      [{ channel, result: "sent" }, sent],
      [{ channel, result: "failed" }, failed],
      [{ channel, result: "dropped" }, dropped],
    ]),
  );
  page.gauge(
    "btcagent_notify_waiting",
    "Messages that wait to be sent to a channel.",
    channels.map(({ channel, waiting }): Sample => [{ channel }, waiting]),
  );
}
