/**
 * The handshake with a Stratum V2 pool after Noise, one question at a time; pure.
 *
 * It sets up the connection, asks for worker names if they are wanted, opens a channel for all
 * miners, and is done once a job is active. Some pools handle the next message before they have
 * handled the one before, so nothing is sent before its turn.
 */

import { counted } from "../../base/counted.ts";
import { PoolFault } from "../../base/violation.ts";
import { type ExtranonceRoom, MAX_EXTENDED_ROOM_BYTES, roomFor } from "../../mux/terms.ts";
import type { AgentMessage } from "../../protocol/sv2/agent_message.ts";
import type {
  OpenExtendedMiningChannelSuccess,
  OpenMiningChannelError,
} from "../../protocol/sv2/channel.ts";
import { U256_BYTES } from "../../protocol/sv2/field.ts";
import type { PoolMessage } from "../../protocol/sv2/pool_message.ts";
import {
  ANSWER_FLAG,
  MINING_PROTOCOL,
  PROTOCOL_VERSION,
  REQUEST_FLAG,
  type SetupConnectionError,
  type SetupConnectionSuccess,
} from "../../protocol/sv2/setup.ts";
import { WORKER_NAMES_EXTENSION } from "../../protocol/sv2/worker_name.ts";
import { quote } from "../../protocol/stratum/message.ts";
import { AUTHORIZE_REFUSED } from "../end_reason.ts";
import { type ActiveJob, Channel } from "./channel.ts";
import type { Notices } from "./notices.ts";

/** A pool that says nothing to the question for extensions for this long knows none. */
export const EXTENSIONS_WAIT_MS = 2_000;

/** The code of the fault if a pool cannot roll versions: it may still be used without. */
export const NO_VERSION_ROLLING = "no-version-rolling";

/** How many bytes of extranonce we ask for, the next after a refusal. */
const ASKED_BYTES = [8, 6, 4] as const;

/** Refusals of a channel that mean: ask for fewer bytes. */
const TOO_MANY_BYTES = new Set([
  "min-extranonce-size-too-large",
  "unsupported-min-extranonce-size",
]);

/** Refusals of a channel that are about the name, not about the pool. */
const OF_THE_NAME = new Set(["unknown-user", "invalid-user-identity", "address-locked"]);

/** Any target. */
export const ANY_TARGET: Uint8Array = new Uint8Array(U256_BYTES).fill(0xff);

const VENDOR = "btcagent";

/** The longest name, in bytes of UTF-8. */
const MAX_USER_BYTES = 255;

/** What a handshake is about. */
export interface Sv2HandshakeOptions {
  /** The name that shares are for. */
  readonly user: string;
  /** The version of btcagent. */
  readonly version: string;
  /** The pool's host and port. */
  readonly host: string;
  /** See `host`. */
  readonly port: number;
  /** Whether to ask for version rolling. */
  readonly wantsRolling: boolean;
  /** Whether to ask for worker names. */
  readonly wantsNames: boolean;
  /** Bytes of extranonce2 that the operator wants for miners. */
  readonly extranonce2Bytes: number | undefined;
  /** Hashes a second of the miners that are connected now. */
  readonly hashrate: () => number;
  /** Hears of messages without effect. */
  readonly notices: Pick<Notices, "add">;
}

/** What both sides agreed on. */
export interface Sv2Agreement {
  /** The open channel. */
  readonly channel: Channel;
  /** The bytes that it leaves for miners. */
  readonly room: ExtranonceRoom;
  /** The job to begin with. */
  readonly active: ActiveJob;
  /** Whether versions may be rolled where a job allows it. */
  readonly rollsVersions: boolean;
  /** Whether each share names its worker. */
  readonly namesWorkers: boolean;
  /** The hashrate that the pool was told, and when. */
  readonly told: { readonly hashrate: number; readonly at: number };
}

/** The question of the moment. */
type Stage =
  | { readonly kind: "setup" }
  | { readonly kind: "extensions"; readonly since: number }
  | { readonly kind: "channel"; readonly asked: number; readonly hashrate: number }
  | {
    readonly kind: "work";
    readonly channel: Channel;
    readonly room: ExtranonceRoom;
    readonly told: Sv2Agreement["told"];
    readonly active: ActiveJob | undefined;
  };

/** What each stage waits for, in words. */
const WAITING_FOR: Readonly<Record<Stage["kind"], string>> = {
  setup: "the answer to SetupConnection",
  extensions: "the answer to RequestExtensions",
  channel: "an open channel",
  work: "a job and its previous hash",
};

/** One handshake. */
export class Sv2Handshake {
  readonly #options: Sv2HandshakeOptions;
  #stage: Stage = { kind: "setup" };
  #rollsVersions: boolean;
  #namesWorkers = false;

  /** Nothing was sent. */
  constructor(options: Sv2HandshakeOptions) {
    this.#options = options;
    this.#rollsVersions = options.wantsRolling;
  }

  /** The first message. */
  begin(): AgentMessage {
    const { host, port, version, wantsRolling } = this.#options;
    return {
      kind: "setupConnection",
      protocol: MINING_PROTOCOL,
      minVersion: PROTOCOL_VERSION,
      maxVersion: PROTOCOL_VERSION,
      flags: wantsRolling ? REQUEST_FLAG.requiresVersionRolling : 0,
      endpointHost: host,
      endpointPort: port,
      vendor: VENDOR,
      hardwareVersion: "",
      firmware: version,
      deviceId: "",
    };
  }

  /** What both agreed on, once a job is active. */
  get agreement(): Sv2Agreement | undefined {
    const stage = this.#stage;
    if (stage.kind !== "work" || stage.active === undefined) return undefined;
    const { channel, room, active, told } = stage;
    return {
      channel,
      room,
      active,
      told,
      rollsVersions: this.#rollsVersions,
      namesWorkers: this.#namesWorkers,
    };
  }

  /** The channel, once it is open. */
  get channel(): Channel | undefined {
    return this.#stage.kind === "work" ? this.#stage.channel : undefined;
  }

  /** Whether the answer to RequestExtensions is awaited. */
  get asksExtensions(): boolean {
    return this.#stage.kind === "extensions";
  }

  /** What it waits for, in words. */
  get waitingFor(): string {
    return WAITING_FOR[this.#stage.kind];
  }

  /** Call this several times a second. @returns what to send. */
  tick(time: number): AgentMessage | undefined {
    const stage = this.#stage;
    if (stage.kind !== "extensions" || time - stage.since < EXTENSIONS_WAIT_MS) return undefined;
    return this.#open(0);
  }

  /**
   * Takes one message of the pool, which came at `time`.
   *
   * @returns what to send.
   * @throws PoolFault when miners cannot work at this pool, or it refuses us.
   */
  receive(message: PoolMessage, time: number): AgentMessage | undefined {
    const stage = this.#stage;
    switch (message.kind) {
      case "setupConnectionSuccess":
        return stage.kind === "setup" ? this.#setUp(message, time) : this.#ignore(message);
      case "setupConnectionError":
        return this.#setupRefused(message);
      case "requestExtensionsSuccess":
        // A late yes is one, too: from then on each share has to have a name.
        if (this.#options.wantsNames && stage.kind !== "setup") {
          this.#namesWorkers = message.extensions.includes(WORKER_NAMES_EXTENSION);
        }
        return stage.kind === "extensions" ? this.#open(0) : undefined;
      case "requestExtensionsError": {
        const required = message.required.filter((each) => each !== WORKER_NAMES_EXTENSION);
        if (required.length > 0) {
          throw new PoolFault(
            "required-extensions",
            `Cannot use this pool: it requires ${counted(required.length, "extension")} of ` +
              `Stratum V2 that btcagent does not have: ${required.join(", ")}`,
          );
        }
        return stage.kind === "extensions" ? this.#open(0) : undefined;
      }
      case "openExtendedMiningChannelSuccess":
        return void this.#opened(message, time);
      case "openMiningChannelError":
        return stage.kind === "channel" && message.requestId === stage.asked
          ? this.#channelRefused(message, stage.asked)
          : this.#ignore(message);
      case "newExtendedMiningJob":
      case "setNewPrevHash":
      case "setTarget":
      case "setExtranoncePrefix":
      case "setGroupChannel":
        return stage.kind === "work" ? this.#work(stage, message, time) : this.#ignore(message);
      default:
        return this.#ignore(message);
    }
  }

  #ignore({ kind }: PoolMessage): undefined {
    this.#options.notices.add(
      "message",
      `${kind} came while btcagent waits for ${this.waitingFor}`,
    );
    return undefined;
  }

  #setUp({ usedVersion, flags }: SetupConnectionSuccess, time: number): AgentMessage {
    if (usedVersion !== PROTOCOL_VERSION) {
      throw new PoolFault(
        "wrong-version",
        `Cannot use this pool: it speaks version ${usedVersion} of Stratum V2's protocol, wanted ` +
          `${PROTOCOL_VERSION}`,
      );
    }
    // Other bits mean nothing here: old pools repeat those of the request.
    if ((flags & ANSWER_FLAG.requiresFixedVersion) !== 0) this.#rollsVersions = false;
    if (!this.#options.wantsNames) return this.#open(0);
    this.#stage = { kind: "extensions", since: time };
    return {
      kind: "requestExtensions",
      requestId: 0,
      extensions: Uint16Array.of(WORKER_NAMES_EXTENSION),
    };
  }

  #setupRefused({ flags, errorCode }: SetupConnectionError): never {
    const said = `it answers SetupConnection with ${quote(errorCode)}`;
    if ((flags & REQUEST_FLAG.requiresVersionRolling) !== 0 && this.#options.wantsRolling) {
      throw new PoolFault(
        NO_VERSION_ROLLING,
        `Cannot roll versions at this pool: ${said}`,
      );
    }
    throw new PoolFault(
      "setup-refused",
      `Cannot use this pool: ${said} (flags ${flags}); check that its port is for mining with ` +
        "Stratum V2",
    );
  }

  /** Asks for a channel, for the bytes at this place of {@linkcode ASKED_BYTES}. */
  #open(asked: number): AgentMessage {
    const { user, hashrate: measure } = this.#options;
    const userBytes = new TextEncoder().encode(user).length;
    if (userBytes > MAX_USER_BYTES) {
      throw new PoolFault(
        AUTHORIZE_REFUSED,
        `Cannot open a channel as ${quote(user)}: the name has ${userBytes} bytes, Stratum V2 ` +
          `allows ${MAX_USER_BYTES}`,
      );
    }
    const hashrate = measure();
    this.#stage = { kind: "channel", asked, hashrate };
    return {
      kind: "openExtendedMiningChannel",
      requestId: asked,
      userIdentity: user,
      nominalHashRate: hashrate,
      maxTarget: ANY_TARGET,
      minExtranonceSize: ASKED_BYTES[asked]!,
    };
  }

  #channelRefused({ errorCode }: OpenMiningChannelError, asked: number): AgentMessage {
    const { user } = this.#options;
    if (TOO_MANY_BYTES.has(errorCode)) {
      if (asked + 1 < ASKED_BYTES.length) return this.#open(asked + 1);
      refuse(`it answers ${quote(errorCode)} to ${ASKED_BYTES[asked]} bytes of extranonce`);
    }
    const said = `the pool answers ${quote(errorCode)}`;
    if (OF_THE_NAME.has(errorCode)) {
      throw new PoolFault(
        AUTHORIZE_REFUSED,
        `Cannot open a channel as ${quote(user)}: ${said}; check the user's name at the pool: ` +
          "some want a bitcoin address",
      );
    }
    throw new PoolFault(
      "channel-refused",
      `Cannot open a channel as ${quote(user)}: ${said}`,
    );
  }

  #opened(message: OpenExtendedMiningChannelSuccess, time: number): void {
    const stage = this.#stage;
    const { channelId, groupChannelId, extranonceSize, extranoncePrefix } = message;
    if (stage.kind === "work" && stage.channel.isFor(channelId)) {
      throw new PoolFault(
        "channel-id",
        `Cannot tell channels of this pool apart: it gave number ${channelId} twice`,
      );
    }
    if (stage.kind !== "channel" || message.requestId !== stage.asked) {
      return this.#ignore(message);
    }
    if (channelId === groupChannelId && groupChannelId !== 0) {
      throw new PoolFault(
        "channel-id",
        `Cannot tell messages of this pool apart: channel and group have the number ${channelId}`,
      );
    }
    const prefixBytes = extranoncePrefix.length;
    if (prefixBytes + extranonceSize > MAX_EXTENDED_ROOM_BYTES) {
      refuse(
        `its extranonce has ${prefixBytes} + ${extranonceSize} bytes, at most ` +
          `${MAX_EXTENDED_ROOM_BYTES} are allowed`,
      );
    }
    const { extranonce2Bytes, notices } = this.#options;
    const room = roomFor(extranonceSize, extranonce2Bytes, MAX_EXTENDED_ROOM_BYTES);
    if (room === undefined) {
      refuse(
        `it leaves ${counted(extranonceSize, "byte")} for extranonces, wanted 4 to ` +
          `${MAX_EXTENDED_ROOM_BYTES}, so that miners can share a connection`,
      );
    }
    const channel = new Channel(message, (why) => notices.add("work", why));
    const told = { hashrate: stage.hashrate, at: time };
    this.#stage = { kind: "work", channel, room, told, active: undefined };
  }

  #work(stage: Extract<Stage, { kind: "work" }>, message: PoolMessage, time: number): undefined {
    const news = stage.channel.receive(message, time);
    if (typeof news === "object") this.#stage = { ...stage, active: news };
    return undefined;
  }
}

function refuse(why: string): never {
  throw new PoolFault(
    "not-for-many-miners",
    `Cannot mine at this pool: ${why}; use another pool, or another port of it`,
  );
}
