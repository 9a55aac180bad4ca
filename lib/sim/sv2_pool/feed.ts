/**
 * Sends the channels of one connection their jobs: once to the group where they all can work on the
 * same, otherwise once to each.
 */

import type { Job } from "../../protocol/stratum/job.ts";
import type { BlockTemplate } from "../stratum_pool/template.ts";
import type { Sv2Channel } from "./channel.ts";
import type { GivenJob } from "./channel_jobs.ts";
import type { SessionLink, Sv2PoolContext } from "./context.ts";
import { type JobFlaw, jobMessage, prevHashMessage, sv2JobOf } from "./made_job.ts";

/** Jobs of a flood that are sent in one turn: their seals take 20 ms. */
const FLOOD_PORTION = 200;

/** The session whose channels are fed. */
interface Fed {
  readonly channels: ReadonlyMap<number, Sv2Channel>;
  readonly groupId: number;
  readonly hasFixedVersion: boolean;
}

/** Channels that get one message together. */
interface Audience {
  /** The id of the channel or of the group. */
  readonly id: number;
  /** At least one. */
  readonly channels: readonly Sv2Channel[];
}

/** The feed of one connection. */
export class ChannelFeed {
  readonly #session: Fed;
  readonly #link: SessionLink;
  readonly #context: Sv2PoolContext;

  /** Feeds the channels of `session`. */
  constructor(session: Fed, link: SessionLink, context: Sv2PoolContext) {
    this.#session = session;
    this.#link = link;
    this.#context = context;
  }

  /** Sends a new channel its first work. */
  first(channel: Sv2Channel): void {
    const audience = { id: channel.id, channels: [channel] };
    const { current, next } = this.#context.templates();
    const times = this.#context.settings.repeatsFirstJob ? 2 : 1;
    for (let i = 0; i < times; i++) this.#activate(audience, current);
    if (next !== undefined) this.#sendFuture(audience, next);
  }

  /** Sends a job on the current prev hash. */
  job(template: BlockTemplate, flaw: JobFlaw | undefined): void {
    for (const audience of this.#audiences()) {
      const job = this.#make(audience, template, flaw);
      for (const channel of audience.channels) {
        channel.jobs.add(this.#given(job, template, channel, flaw), channel.target);
      }
      this.#link.send(
        jobMessage(job, audience.id, template.time, !this.#session.hasFixedVersion),
      );
    }
  }

  /** Sends a job that waits for its prev hash. */
  future(template: BlockTemplate): void {
    for (const audience of this.#audiences()) this.#sendFuture(audience, template);
  }

  /** Sends work on a new prev hash: with the job before it, unless the channels have it. */
  block(template: BlockTemplate, flaw: JobFlaw | undefined): void {
    for (const audience of this.#audiences()) this.#activate(audience, template, flaw);
  }

  /** Sends small jobs for a channel that nobody has, in turns; calls `done` after the last. */
  flood(channelId: number, count: number, done: () => void): void {
    if (count === 0) return done();
    const portion = Math.min(count, FLOOD_PORTION);
    for (let i = 0; i < portion; i++) {
      this.#link.send({
        kind: "newExtendedMiningJob",
        channelId,
        jobId: i,
        minNtime: undefined,
        version: 0x20000000,
        isVersionRollingAllowed: true,
        merklePath: [],
        coinbasePrefix: new Uint8Array(0),
        coinbaseSuffix: new Uint8Array(0),
      });
    }
    this.#context.settings.time.nextTurn(() => this.flood(channelId, count - portion, done));
  }

  #activate(audience: Audience, template: BlockTemplate, flaw?: JobFlaw): void {
    const waiting = new Set(audience.channels.map(({ jobs }) => jobs.futureOf(template.number)));
    const [known] = waiting;
    const job = waiting.size === 1 && known !== undefined
      ? audience.channels[0]!.jobs.get(known)!.job
      : this.#sendFuture(audience, template, flaw);
    const now = this.#context.settings.time.now();
    for (const { jobs, target } of audience.channels) jobs.activate(Number(job.id), target, now);
    this.#link.send(prevHashMessage(job, audience.id));
  }

  #sendFuture(audience: Audience, template: BlockTemplate, flaw?: JobFlaw): Job {
    const job = this.#make(audience, template, flaw);
    for (const channel of audience.channels) {
      channel.jobs.addFuture(this.#given(job, template, channel, flaw));
    }
    this.#link.send(jobMessage(job, audience.id, undefined, !this.#session.hasFixedVersion));
    return job;
  }

  #make({ channels }: Audience, template: BlockTemplate, flaw: JobFlaw | undefined): Job {
    const { scriptBytes, isUnstripped, rewrite } = this.#context.settings;
    const [channel] = channels as [Sv2Channel];
    const made = sv2JobOf(template, {
      id: this.#context.newJobId(),
      extranonceBytes: channel.prefix.length + channel.extranonceSize,
      stamp: channel.serial,
      scriptBytes,
      isUnstripped,
      flaw,
    });
    return rewrite.job?.(made) ?? made;
  }

  #given(
    job: Job,
    template: BlockTemplate,
    channel: Sv2Channel,
    flaw: JobFlaw | undefined,
  ): GivenJob {
    return {
      job,
      template: template.number,
      prefix: channel.prefix.toHex(),
      extranonceSize: channel.extranonceSize,
      isRollingAllowed: !this.#session.hasFixedVersion,
      isSane: flaw === undefined,
    };
  }

  #audiences(): readonly Audience[] {
    const { channels, groupId } = this.#session;
    const all = [...channels.values()];
    const sizes = new Set(all.map(({ prefix, extranonceSize }) => prefix.length + extranonceSize));
    const areDifferent = all.every(({ prefix }) => prefix.length > 0) || all.length === 1;
    if (groupId !== 0 && sizes.size === 1 && areDifferent) return [{ id: groupId, channels: all }];
    return all.map((channel) => ({ id: channel.id, channels: [channel] }));
  }
}
