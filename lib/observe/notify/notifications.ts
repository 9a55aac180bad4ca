/**
 * Alarms from snapshots of the farm to every channel.
 */

import type { Time } from "../../base/clock.ts";
import { AlarmWatch, type News } from "./alarm_watch.ts";
import { channelNames, type ChannelSettings, requestOf, secretsOf } from "./channel.ts";
import { Delivery, type DeliveryReport } from "./delivery.ts";
import { type DayFacts, DigestClock, digestMessage } from "./digest.ts";
import { Editor } from "./editor.ts";
import type { IncidentMemory } from "./incident_memory.ts";
import type { EarlierIncident } from "./incidents.ts";
import { type Message, testMessage } from "./message.ts";
import { type Outcome, post } from "./post.ts";
import type { NotifySettings } from "./settings.ts";
import type { SettlingTimes } from "./settling.ts";
import type { FarmSnapshot, Moment } from "./snapshot.ts";

/** A way to the channels. */
export interface Way {
  /** What sends; `undefined` is Deno's own, which uses the proxies that the environment names. */
  readonly client: Deno.HttpClient | undefined;
  /** `host:port` of the proxy it leads through; empty for none. */
  readonly proxy: string;
}

/** Deno's own. */
const OWN: readonly Way[] = [{ client: undefined, proxy: "" }];

/** Where messages go. */
export interface ChannelsSettings {
  /** The channels. */
  readonly channels: readonly ChannelSettings[];
  /** Ways to them, tried in turn. */
  readonly ways: readonly Way[];
}

/** What a test of a channel brought. */
export interface TestResult {
  /** The channel. */
  readonly channel: string;
  /** Whether it took the message. */
  readonly ok: boolean;
  /** What came back, without secrets. */
  readonly answer: string;
}

/** How alarms are watched for, if not as for a farm. */
export interface NotificationTimes {
  /** When the farm is unsettled. */
  readonly settling?: SettlingTimes;
  /** What comes within this time is in one message, in milliseconds. */
  readonly gatherMs?: number;
}

const STOPPED: Outcome = {
  ok: false,
  answer: "btcagent is stopping",
  isAnswered: false,
  mayRetry: false,
  retryAfterMs: 0,
};

interface Channel {
  readonly name: string;
  readonly settings: ChannelSettings;
  readonly delivery: Delivery;
}

/** Watches the farm and tells every channel. */
export class Notifications {
  readonly #time: Time;
  readonly #watch: AlarmWatch;
  readonly #editor: Editor;
  readonly #digest = new DigestClock();
  #settings: NotifySettings;
  #channels: readonly Channel[] = [];
  #ways = OWN;
  /** The place of the way that worked last. */
  #way = 0;
  #test: Promise<TestResult[]> | undefined;
  readonly #memory: IncidentMemory | undefined;
  readonly #stopping = new AbortController();
  /** Incidents and blocks at the last daily summary. */
  #told: { readonly incidents: number; readonly blocks: number } | undefined;

  /** Begins at the moment `startedAt`. */
  constructor(
    { settings, startedAt, time, times = {}, memory }: {
      readonly settings: NotifySettings;
      readonly startedAt: Moment;
      readonly time: Time;
      readonly times?: NotificationTimes;
      /** What people were told before. */
      readonly memory?: IncidentMemory | undefined;
    },
  ) {
    const { attended, real } = startedAt;
    this.#time = time;
    this.#settings = settings;
    this.#memory = memory;
    const before = memory === undefined ? [] : earlierIncidents(memory, startedAt);
    this.#watch = new AlarmWatch(settings.events, attended, times.settling, { before, real });
    this.#editor = new Editor(settings, times.gatherMs, (news) => this.#remember(news));
  }

  /** Judges by other settings from now on; open incidents stay open. */
  reconfigure(settings: NotifySettings): void {
    this.#settings = settings;
    this.#watch.reconfigure(settings.events);
    this.#editor.reconfigure(settings);
  }

  /** Sends to these channels from now on. What waits for one that stays keeps waiting. */
  setChannels({ channels, ways }: ChannelsSettings): void {
    const names = channelNames(channels);
    const old = this.#channels;
    this.#closeWays();
    this.#ways = ways.length === 0 ? OWN : ways;
    this.#way = 0;
    this.#channels = channels.map((settings, place) => {
      const name = names[place]!;
      const same = old.find((one) =>
        one.name === name && JSON.stringify(one.settings) === JSON.stringify(settings)
      );
      if (same !== undefined) return same;
      const delivery = new Delivery(
        name,
        (message, signal) => this.#send(settings, message, signal),
        this.#time,
      );
      return { name, settings, delivery };
    });
    for (const one of old) if (!this.#channels.includes(one)) one.delivery.stop();
  }

  /** What became of the messages, channel by channel. */
  get reports(): DeliveryReport[] {
    return this.#channels.map(({ delivery }) => delivery.report);
  }

  /** Looks at the farm and sends what is due. */
  look(farm: FarmSnapshot, at: Moment): void {
    this.#editor.add(this.#watch.look(farm, at));
    this.take(at);
  }

  /** Sends the message that is due at this moment, if any. */
  take(at: Moment): void {
    const message = this.#editor.take(at);
    if (message !== undefined) this.#tell(message);
  }

  /** Whether the summary of the day is due; true once. */
  isDigestDue(wall: number | undefined): boolean {
    return this.#digest.isDue(this.#settings.digest_at, wall);
  }

  /** Sends the summary of the day. `blocks`: those found since the start. */
  tellDay(
    facts: Omit<DayFacts, "isFirst" | "incidents" | "open">,
    wall: number | undefined,
  ): void {
    const told = this.#told;
    const { count, open } = this.#watch;
    this.#told = { incidents: count, blocks: facts.blocks };
    const day = {
      ...facts,
      isFirst: told === undefined,
      incidents: count - (told?.incidents ?? 0),
      open,
      blocks: facts.blocks - (told?.blocks ?? 0),
    };
    this.#tell(digestMessage(this.#settings.farm_name, day, wall));
  }

  /** Sends a test message to every channel, once; a test that is under way is shared. */
  test(wall: number | undefined): Promise<TestResult[]> {
    return this.#test ??= Promise.all(this.#channels.map(async ({ name, settings }) => {
      const message = testMessage(this.#settings.farm_name, wall);
      const { ok, answer } = await this.#send(settings, message, this.#stopping.signal);
      return { channel: name, ok, answer };
    })).finally(() => this.#test = undefined);
  }

  /** Sends nothing more; what waits is given up. */
  stop(): void {
    this.#stopping.abort();
    for (const { delivery } of this.#channels) delivery.stop();
    this.#closeWays();
  }

  #remember(news: readonly News[]): void {
    for (const { kind, phase, subject, since, at } of news) {
      if (kind === "block") continue;
      const began = at.wall === undefined ? undefined : at.wall - (at.real - since);
      if (phase === "begin") this.#memory?.started({ kind, subject, since: began });
      else this.#memory?.ended({ kind, subject });
    }
  }

  #tell(message: Message): void {
    for (const { delivery } of this.#channels) delivery.add(message);
  }

  /** Sends once, by the way that worked last; if that cannot connect, by each of the others. */
  async #send(
    settings: ChannelSettings,
    message: Message,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const ways = this.#ways;
    const request = requestOf(settings, message);
    const secrets = secretsOf(settings);
    const first = this.#way;
    let outcome: Outcome | undefined;
    for (let i = 0; i < ways.length && !signal.aborted; i++) {
      const place = (first + i) % ways.length;
      const { client, proxy } = ways[place]!;
      outcome = await post(request, { client, secrets, time: this.#time, signal });
      if (outcome.ok || outcome.isAnswered) {
        if (ways === this.#ways) this.#way = place;
        return outcome;
      }
      const { answer } = outcome;
      if (proxy !== "") outcome = { ...outcome, answer: `${answer}, through the proxy ${proxy}` };
    }
    return outcome ?? STOPPED;
  }

  #closeWays(): void {
    for (const { client } of this.#ways) client?.close();
  }
}

/** By monotonic time; now, if the clock does not say how long ago it was. */
function earlierIncidents({ open }: IncidentMemory, { real, wall }: Moment): EarlierIncident[] {
  return open.map(({ kind, subject, since }) => {
    const agoMs = wall === undefined || since === undefined ? 0 : Math.max(0, wall - since);
    return { kind, subject, since: real - agoMs };
  });
}
