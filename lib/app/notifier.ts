/**
 * Joins alarms to the farm: looks at it every few seconds, and sends to the channels of the
 * configuration. Loaded only if there is a channel, since it costs memory.
 */

import type { Time, Timer } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import { formatAddress } from "../base/peer_address.ts";
import { parseProxyAddress, type ProxyAddress } from "../base/proxy_address.ts";
import { isClockSet } from "../base/wall_clock.ts";
import { TELEGRAM_API } from "../config/notify_schema.ts";
import type { Config } from "../config/schema.ts";
import { reportFault } from "../observe/fault.ts";
import { areaLog } from "../observe/log.ts";
import type { ChannelSettings } from "../observe/notify/channel.ts";
import type { DeliveryReport } from "../observe/notify/delivery.ts";
import type { IncidentMemory } from "../observe/notify/incident_memory.ts";
import {
  Notifications,
  type NotificationTimes,
  type TestResult,
  type Way,
} from "../observe/notify/notifications.ts";
import type { Moment } from "../observe/notify/snapshot.ts";
import { partLost } from "../workers/causes.ts";
import type { FarmSummary, HistoryView } from "./farm_view.ts";
import { FarmReader, type SnapshotSource } from "./farm_snapshot.ts";

/** How often it is looked, in milliseconds. */
export interface LookTimes extends NotificationTimes {
  /** At pools. */
  readonly lookMs: number;
  /** At workers and lost work, which takes longer. */
  readonly countMs: number;
}

/** Those of a farm. */
export const LOOK_TIMES: LookTimes = { lookMs: 2_000, countMs: 30_000 };

/** Steps in one turn, and the pause until the next, in milliseconds. */
const STEPS_PER_TURN = 8;
const PAUSE_MS = 1;

const log = areaLog("agent");

/** What a notifier needs. */
export interface NotifierOptions {
  /** The farm. */
  readonly proxy: SnapshotSource;
  /** When the proxy was started, in real time. */
  readonly startedReal: number;
  /** Real time. */
  readonly time: Time;
  /** The history on disk, if one is kept. */
  readonly history: Pick<HistoryView, "shape"> | undefined;
  /** What people were told before. */
  readonly memory: IncidentMemory;
  /** How often it is looked, if not as at a farm. */
  readonly times?: LookTimes;
}

/** A running notifier. */
export class Notifier {
  readonly #proxy: SnapshotSource;
  readonly #time: Time;
  readonly #reader: FarmReader;
  readonly #notifications: Notifications;
  readonly #work: InTurns;
  readonly #timer: Timer;
  readonly #times: LookTimes;
  #config: Config;
  #countedAt = -Infinity;
  #isStopped = false;

  private constructor(options: NotifierOptions) {
    const { proxy, startedReal, time, history, memory, times = LOOK_TIMES } = options;
    this.#proxy = proxy;
    this.#time = time;
    this.#times = times;
    this.#config = proxy.config;
    this.#reader = new FarmReader(proxy, startedReal, history);
    this.#notifications = new Notifications({
      settings: proxy.config.notify,
      startedAt: this.#moment(),
      time,
      times,
      memory,
    });
    this.#work = new InTurns(time, STEPS_PER_TURN, PAUSE_MS);
    this.#timer = time.every(times.lookMs, () => this.#start());
  }

  /** Starts to watch by the configuration that is in force. */
  static async start(options: NotifierOptions): Promise<Notifier> {
    const notifier = new Notifier(options);
    await notifier.#openChannels();
    const { reports } = notifier.#notifications;
    const channels = reports.map(({ channel }) => channel).join(", ");
    log.info("Alarms are sent to {channels}", { channels });
    return notifier;
  }

  /** Applies the configuration that is in force now. */
  async reconfigure(): Promise<void> {
    const { config } = this.#proxy;
    if (JSON.stringify(config) === JSON.stringify(this.#config)) return;
    this.#config = config;
    this.#reader.changed();
    this.#notifications.reconfigure(config.notify);
    await this.#openChannels();
  }

  /** What became of the messages, channel by channel. */
  get reports(): DeliveryReport[] {
    return this.#notifications.reports;
  }

  /** Sends a test message to every channel. */
  test(): Promise<TestResult[]> {
    return this.#notifications.test(this.#wall());
  }

  /** Looks no more, and gives up what waits. */
  stop(): void {
    this.#isStopped = true;
    this.#time.clear(this.#timer);
    this.#work.stop();
    this.#notifications.stop();
  }

  async #openChannels(): Promise<void> {
    const config = this.#config;
    const ways = await openWays(config);
    const channels = channelsOf(config);
    // Meanwhile it may have been stopped, or reconfigured again.
    if (this.#isStopped || config !== this.#config) ways.forEach(({ client }) => client?.close());
    else this.#notifications.setChannels({ channels, ways });
  }

  #start(): void {
    try {
      this.#work.run(() => this.#look());
    } catch (error) {
      reportFault(log, error);
    }
  }

  *#look(): Generator<void> {
    try {
      const { clock } = this.#proxy;
      const real = clock.realNow();
      if (real - this.#countedAt >= this.#times.countMs) {
        this.#countedAt = real;
        yield* this.#reader.count();
      }
      const snapshot = yield* this.#reader.read();
      const moment = this.#moment();
      const { wall } = moment;
      this.#notifications.look(snapshot, moment);
      if (!this.#notifications.isDigestDue(wall)) return;
      const summary = yield* this.#proxy.view.summary();
      this.#tellDay(summary, wall);
    } catch (error) {
      reportFault(log, error);
    }
  }

  #tellDay(summary: FarmSummary, wall: number | undefined): void {
    const { hashrates, miners, workers: { states, missingMachines }, losses, attention } = summary;
    this.#notifications.tellDay({
      hashrate: hashrates.hour,
      usual: attention.usualHashrate,
      connected: miners.states.working,
      missing: missingMachines,
      troubled: states.refused + states.flapping + states.silent + states.weak,
      lostPart: partLost(losses.day),
      lostCauses: losses.day.sentence,
      outageMs: attention.outageTodayMs,
      backup: attention.backup?.pool ?? "",
      blocks: summary.shares.blocks,
    }, wall);
  }

  #moment(): Moment {
    const { clock } = this.#proxy;
    return { attended: clock.now(), real: clock.realNow(), wall: this.#wall() };
  }

  #wall(): number | undefined {
    const wall = this.#proxy.wallNow();
    return isClockSet(wall) ? wall : undefined;
  }
}

/** The channels of a configuration whose secrets are in their places. */
export function channelsOf({ notify: { channels } }: Config): ChannelSettings[] {
  return channels.flatMap((channel): ChannelSettings[] => {
    const { type, url, token, chat } = channel;
    if (type === "telegram") {
      if (token === undefined || chat === undefined) return [];
      return [{ type, token, chat, api: channel.api ?? TELEGRAM_API }];
    }
    if (url === undefined) return [];
    const { format = "json", headers = [] } = channel;
    return [{ type, url, format, headers, token }];
  });
}

/**
 * The ways to the channels: the farm's proxies, then directly where pools are reached so, too.
 * `tls.ca_file` is trusted on each.
 */
export async function openWays(config: Config): Promise<Way[]> {
  const caCerts = await readAuthorities(config.tls.ca_file);
  const proxies = config.use_proxy ? config.proxy : [];
  const ways: Way[] = [];
  let isOwn = proxies.length === 0 || config.direct_connect_with_proxy ||
    config.direct_connect_after_proxy;
  for (const address of proxies) {
    const result = parseProxyAddress(address);
    // Deno itself uses the proxies that the environment names.
    if (!result.ok) isOwn = true;
    else {
      const { host: hostname, port } = result.proxy;
      ways.push({
        client: Deno.createHttpClient({ caCerts, proxy: proxyOf(result.proxy) }),
        proxy: formatAddress({ hostname, port }),
      });
    }
  }
  if (isOwn) {
    const client = caCerts.length === 0 ? undefined : Deno.createHttpClient({ caCerts });
    ways.push({ client, proxy: "" });
  }
  return ways;
}

function proxyOf({ protocol, host, port, credentials }: ProxyAddress): Deno.Proxy {
  // The proxy looks names up.
  const scheme = protocol === "socks5" ? "socks5h" : protocol;
  const url = `${scheme}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (credentials === undefined) return { url };
  const { user: username, password } = credentials;
  return { url, basicAuth: { username, password } };
}

async function readAuthorities(path: string | undefined): Promise<string[]> {
  if (path === undefined) return [];
  try {
    return [await Deno.readTextFile(path)];
  } catch {
    log.warn("Cannot read tls.ca_file {path}: alarms are sent without it", { path });
    return [];
  }
}
