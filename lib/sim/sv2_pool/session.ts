/**
 * One connection to the simulated Stratum V2 pool: messages in, messages out. No bytes here.
 */

import {
  MINING_PROTOCOL,
  PROTOCOL_VERSION,
  REQUEST_FLAG,
  type SetupConnection,
} from "../../protocol/sv2/setup.ts";
import type { AgentMessage } from "../../protocol/sv2/agent_message.ts";
import type {
  CloseChannel,
  OpenExtendedMiningChannel,
  UpdateChannel,
} from "../../protocol/sv2/channel.ts";
import type { RequestExtensions } from "../../protocol/sv2/extension.ts";
import type { UnknownMessage } from "../../protocol/sv2/layout.ts";
import type { KnownPoolMessage } from "../../protocol/sv2/pool_message.ts";
import type { SubmitSharesExtended } from "../../protocol/sv2/share.ts";
import { targetBytes } from "../../bitcoin/target.ts";
import { isAddress } from "../bitcoin_address.ts";
import type { BlockTemplate } from "../stratum_pool/template.ts";
import { Sv2Channel } from "./channel.ts";
import type { SessionLink, Sv2PoolContext } from "./context.ts";
import type { Sv2Step } from "./faults.ts";
import { ChannelFeed } from "./feed.ts";
import type { Sv2BadBehaviour } from "./ledger.ts";
import type { JobFlaw } from "./made_job.ts";
import { ShareDesk } from "./share_desk.ts";

/** The group of a connection that has groups; its first channel is the next number. */
const GROUP_ID = 1;
const UPDATE_LIMIT_MS = 1_000;
/** U+FFFD stands for bytes that are not UTF-8. */
const NOT_UTF8 = "\ufffd";
/** A channel that nobody has. */
const NO_CHANNEL = 0xfffffff0;
const STEPS: readonly Sv2Step[] = ["setup", "extensions", "open", "job"];

/** One connection's side of the conversation. */
export class Sv2Session {
  /** Counts from 1. */
  readonly number: number;
  /** Its channels that are open, by id. */
  readonly channels = new Map<number, Sv2Channel>();
  /** What the client said of itself. */
  setup: SetupConnection | undefined;
  /** Extensions that were agreed on. */
  extensions: readonly number[] = [];
  /** The group of its channels; 0 for none. */
  groupId: number;
  readonly #link: SessionLink;
  readonly #context: Sv2PoolContext;
  readonly #feed: ChannelFeed;
  readonly #desk: ShareDesk;
  readonly #requestIds = new Set<number>();
  /** Channels that were closed: shares for them may be under way. */
  readonly #closed = new Set<number>();
  #lastId: number;
  #requestsInRead = 0;
  #hasEnded = false;

  /** Serves a new connection. */
  constructor(number: number, link: SessionLink, context: Sv2PoolContext) {
    this.number = number;
    this.#link = link;
    this.#context = context;
    this.groupId = context.settings.hasGroup ? GROUP_ID : 0;
    this.#lastId = this.groupId;
    this.#feed = new ChannelFeed(this, link, context);
    this.#desk = new ShareDesk(this, link, context);
  }

  /** Whether jobs for this client forbid another version. */
  get hasFixedVersion(): boolean {
    const { settings, faults } = this.#context;
    const asked = ((this.setup?.flags ?? 0) & REQUEST_FLAG.requiresVersionRolling) !== 0;
    return faults().fixVersions || settings.fixesVersions && !asked;
  }

  /** Handles one message. */
  receive(message: AgentMessage | UnknownMessage): void {
    if (message.kind === "unknown") return this.#context.ledger.count("unknownMessages");
    if (this.setup === undefined && message.kind !== "setupConnection") {
      return this.#closeFor("firstMessage", message.kind);
    }
    switch (message.kind) {
      case "setupConnection":
        return this.#request(() => this.#setUp(message));
      case "requestExtensions":
        return this.#request(() => this.#extend(message));
      case "openExtendedMiningChannel":
        return this.#request(() => this.#open(message));
      case "updateChannel":
        return this.#update(message);
      case "closeChannel":
        return this.#close(message);
      case "submitSharesExtended":
        return this.#submit(message);
      default:
        message satisfies never;
    }
  }

  /** Called after all whole frames of one read were handled. */
  readEnded(): void {
    this.#requestsInRead = 0;
  }

  /** Sends a job on the current prev hash. */
  announceJob(template: BlockTemplate, flaw?: JobFlaw): void {
    this.#feed.job(template, flaw);
  }

  /** Sends a job for the next block. */
  announceFuture(template: BlockTemplate): void {
    this.#feed.future(template);
  }

  /** Sends work on a new height. */
  announceBlock(template: BlockTemplate, flaw?: JobFlaw): void {
    this.#feed.block(template, flaw);
  }

  /** Sends a channel another target, for jobs to come. */
  setTarget(channel: Sv2Channel, target: bigint): void {
    const { ledger, settings } = this.#context;
    ledger.count("targetsTold");
    if (channel.setTarget(target)) ledger.count("targetChanges");
    const channelId = settings.tellsTargetsToGroup && this.groupId !== 0
      ? this.groupId
      : channel.id;
    this.#link.send({ kind: "setTarget", channelId, target: targetBytes(target) });
  }

  /** Sends all channels another prefix, for jobs to come. */
  setExtranoncePrefix(prefix: Uint8Array): void {
    for (const channel of this.channels.values()) {
      channel.prefix = prefix;
      this.#link.send({
        kind: "setExtranoncePrefix",
        channelId: channel.id,
        extranoncePrefix: prefix,
      });
    }
  }

  /** Puts all channels into another group. */
  setGroupChannel(groupChannelId: number): void {
    this.groupId = groupChannelId;
    const channelIds = Uint32Array.from(this.channels.keys());
    this.#link.send({ kind: "setGroupChannel", groupChannelId, channelIds });
  }

  /** Closes all channels, each by itself or by their group. */
  closeChannels(reasonCode: string, byGroup: boolean): void {
    const ids = [...this.channels.keys()];
    for (const channelId of byGroup && this.groupId !== 0 ? [this.groupId] : ids) {
      this.#link.send({ kind: "closeChannel", channelId, reasonCode });
    }
    for (const id of ids) this.#forget(id);
  }

  /** Sends any message. */
  send(message: KnownPoolMessage): void {
    this.#link.send(message);
  }

  /** Notes that the connection has ended. */
  ended(): void {
    this.#hasEnded = true;
    this.#desk.stop();
    for (const id of [...this.channels.keys()]) this.#forget(id);
  }

  /** Counts bad behaviour. */
  bad(kind: Sv2BadBehaviour, note: string): void {
    this.#context.ledger.bad(this.number, kind, note);
  }

  #request(answer: () => void): void {
    if (this.#requestsInRead++ > 0) this.bad("pipelined", "a request before an answer");
    answer();
  }

  #setUp(message: SetupConnection): void {
    const { settings, faults, ledger } = this.#context;
    if (this.setup !== undefined) return this.#closeFor("secondSetup", message.vendor);
    this.setup = message;
    const problem = setupProblem(message);
    if (problem !== undefined || message.vendor === "") {
      ledger.bad(this.number, "badSetup", JSON.stringify(message));
    }
    const { setupError, setupErrorFlags, setupFlags, usedVersion } = faults();
    if (this.#isSilentAt("setup")) return;
    if (setupError !== undefined || problem !== undefined) {
      const { errorCode, flags } = setupError === undefined
        ? problem!
        : { errorCode: setupError, flags: setupErrorFlags };
      this.#link.send({ kind: "setupConnectionError", flags, errorCode });
      return this.#link.close();
    }
    const fixed = this.hasFixedVersion ? 1 : 0;
    const flags = setupFlags ?? (settings.echoesFlags ? message.flags : fixed);
    this.#link.send({ kind: "setupConnectionSuccess", usedVersion, flags });
  }

  #extend({ requestId, extensions: asked }: RequestExtensions): void {
    const { settings, faults } = this.#context;
    const fault = faults().extensions;
    if (fault === "close") return this.#link.close();
    if (fault === "ignore" || settings.extensions === undefined) return;
    if (this.#isSilentAt("extensions")) return;
    const { requiredExtensions, refusesExtensions } = settings;
    const required = requiredExtensions.filter((one) => !asked.includes(one));
    const granted = [...asked].filter((one) => settings.extensions!.includes(one));
    const isNothing = refusesExtensions && granted.length === 0 && asked.length > 0;
    if (fault === "refuse" || required.length > 0 || isNothing) {
      return this.#link.send({
        kind: "requestExtensionsError",
        requestId,
        unsupported: Uint16Array.from(asked).filter((one) => !granted.includes(one)),
        required: Uint16Array.from(required),
      });
    }
    this.extensions = granted;
    const extensions = Uint16Array.from(granted);
    this.#link.send({ kind: "requestExtensionsSuccess", requestId, extensions });
  }

  #open(request: OpenExtendedMiningChannel): void {
    const { faults } = this.#context;
    const { requestId, userIdentity } = request;
    if (this.#requestIds.has(requestId)) this.bad("repeatedRequestId", String(requestId));
    this.#requestIds.add(requestId);
    if (userIdentity.includes(NOT_UTF8)) this.bad("badName", userIdentity);
    if (this.#isSilentAt("open")) return;
    this.#feed.flood(NO_CHANNEL, faults().jobsBeforeOpen, () => this.#answerOpen(request));
  }

  #answerOpen(request: OpenExtendedMiningChannel): void {
    if (this.#hasEnded) return;
    const { settings, ledger, faults } = this.#context;
    const { requestId } = request;
    const errorCode = faults().openError ?? this.#openProblem(request);
    if (errorCode !== undefined) {
      this.#link.send({ kind: "openMiningChannelError", requestId, errorCode });
      if (errorCode === "unknown-user" && settings.closesUnknownUsers) this.#link.close();
      return;
    }
    const { serial, prefix } = this.#context.newChannel();
    const { extranonceSize } = settings;
    const id = faults().channelId ?? ++this.#lastId;
    const channel = new Sv2Channel({ id, serial, prefix, extranonceSize, request }, settings);
    this.channels.set(channel.id, channel);
    for (const name of ["channels", "channelsNow", "targetsTold"] as const) ledger.count(name);
    ledger.channelsOpen(this.channels.size);
    this.#link.send({
      kind: "openExtendedMiningChannelSuccess",
      requestId,
      channelId: channel.id,
      target: targetBytes(channel.target),
      extranonceSize,
      extranoncePrefix: prefix,
      groupChannelId: this.groupId,
    });
    if (!this.#isSilentAt("job")) this.#feed.first(channel);
  }

  /** The error code for a channel that is refused. */
  #openProblem(request: OpenExtendedMiningChannel): string | undefined {
    const { accounts, asksAddress, refusesLargeSizes, extranonceSize } = this.#context.settings;
    const [account] = request.userIdentity.split(".", 1) as [string];
    const others = [...this.channels.values()].map(({ userIdentity }) => userIdentity);
    const isOther = others.some((other) => other.split(".", 1)[0] !== account);
    const isKnown = accounts?.includes(account) ?? true;
    if (!isKnown || asksAddress && (!isAddress(account) || isOther)) {
      this.bad("refusedUser", request.userIdentity);
      return "unknown-user";
    }
    return refusesLargeSizes && request.minExtranonceSize > extranonceSize
      ? "min-extranonce-size-too-large"
      : undefined;
  }

  #update({ channelId, nominalHashRate, maxTarget }: UpdateChannel): void {
    const { settings, ledger, faults } = this.#context;
    ledger.count("updates");
    const channel = this.#known(channelId, "UpdateChannel");
    const errorCode = channel === undefined ? "invalid-channel-id" : faults().updateError;
    if (channel !== undefined) this.#checkPace(channel);
    if (channel === undefined || errorCode !== undefined) {
      this.#link.send({ kind: "updateChannelError", channelId, errorCode: errorCode! });
      return;
    }
    const target = channel.update(nominalHashRate, maxTarget);
    if (settings.repeatsTargets || target !== channel.target) this.setTarget(channel, target);
  }

  #checkPace(channel: Sv2Channel): void {
    const { time, updateIntervalMs } = this.#context.settings;
    const now = time.now();
    const passed = now - channel.updatedAtMs;
    channel.updatedAtMs = now;
    if (passed < UPDATE_LIMIT_MS) this.bad("hastyUpdate", `after ${passed} ms`);
    else if (passed < updateIntervalMs) this.bad("frequentUpdate", `after ${passed} ms`);
  }

  #close({ channelId }: CloseChannel): void {
    this.#context.ledger.count("goodbyes");
    const isGroup = channelId === this.groupId && this.groupId !== 0;
    if (isGroup) { for (const id of [...this.channels.keys()]) this.#forget(id); }
    else if (this.#known(channelId, "CloseChannel") !== undefined) this.#forget(channelId);
  }

  #submit(share: SubmitSharesExtended): void {
    this.#desk.submit(share, this.#known(share.channelId, "SubmitSharesExtended"));
  }

  /** The open channel of this id; a message for another one is bad, unless that was just closed. */
  #known(id: number, message: string): Sv2Channel | undefined {
    const channel = this.channels.get(id);
    if (channel === undefined && !this.#closed.has(id)) {
      this.bad(id === 0 ? "channelZero" : "foreignChannel", `${message} for channel ${id}`);
    }
    return channel;
  }

  #forget(id: number): void {
    if (!this.channels.delete(id)) return;
    this.#closed.add(id);
    this.#context.ledger.count("channelsNow", -1);
  }

  #isSilentAt(step: Sv2Step): boolean {
    const { silentFrom } = this.#context.faults();
    return silentFrom !== undefined && STEPS.indexOf(step) >= STEPS.indexOf(silentFrom);
  }

  #closeFor(kind: Sv2BadBehaviour, note: string): void {
    this.bad(kind, note);
    this.#link.close();
  }
}

function setupProblem(
  { protocol, minVersion, maxVersion, flags }: SetupConnection,
): { readonly errorCode: string; readonly flags: number } | undefined {
  if (protocol !== MINING_PROTOCOL) return { errorCode: "unsupported-protocol", flags: 0 };
  if (minVersion > PROTOCOL_VERSION || maxVersion < PROTOCOL_VERSION) {
    return { errorCode: "protocol-version-mismatch", flags: 0 };
  }
  const unsupported = flags & ~REQUEST_FLAG.requiresVersionRolling;
  return unsupported === 0
    ? undefined
    : { errorCode: "unsupported-feature-flags", flags: unsupported };
}
