/**
 * `btcagent notify --test`: sends a test message to each channel of a configuration.
 */

import type { Time } from "../base/clock.ts";
import { isClockSet } from "../base/wall_clock.ts";
import { readConfigFile } from "../config/file.ts";
import { Notifications } from "../observe/notify/notifications.ts";
import { channelsOf, openWays } from "./notifier.ts";

/** What the program prints, and its exit code. */
export interface TestOutcome {
  /** A line for each channel. */
  readonly text: string;
  /** 0 when every channel took the message, 1 when one did not, 2 for a bad configuration. */
  readonly exitCode: number;
}

/** Sends them, by the configuration at `configPath`. */
export async function testChannels(
  configPath: string | undefined,
  time: Time,
): Promise<TestOutcome> {
  const file = await readConfigFile(configPath);
  if (!file.ok) return { text: file.message, exitCode: 2 };
  const { config, path } = file;
  const channels = channelsOf(config);
  if (channels.length === 0) {
    return { text: `No channel to send to: notify.channels of ${path} is empty`, exitCode: 1 };
  }
  const notifications = new Notifications({
    settings: config.notify,
    startedAt: { attended: time.now(), real: time.now(), wall: undefined },
    time,
  });
  notifications.setChannels({ channels, ways: await openWays(config) });
  const wall = time.wallNow();
  const results = await notifications.test(isClockSet(wall) ? wall : undefined);
  notifications.stop();
  const lines = results.map(({ channel, ok, answer }) =>
    `${ok ? "ok     " : "failed "} ${channel}: ${answer}`
  );
  return { text: lines.join("\n"), exitCode: results.every(({ ok }) => ok) ? 0 : 1 };
}
