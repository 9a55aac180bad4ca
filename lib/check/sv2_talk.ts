/**
 * A handshake with a Stratum V2 pool as a test: how far it gets, how long each part takes, what
 * proves that it is the pool, and what it gives. It submits no share.
 *
 * Import it only where it is needed: it loads the libraries of the handshake.
 */

import type { Now, Time } from "../base/clock.ts";
import { printable } from "../base/printable.ts";
import { PoolFault } from "../base/violation.ts";
import type { Connection, PoolAddress } from "../net/pools/connection.ts";
import { quoteBytes, writeAll } from "../net/pools/handshake_bytes.ts";
import {
  NO_VERSION_ROLLING,
  type Sv2Agreement,
  Sv2Handshake,
  type Sv2HandshakeOptions,
} from "../pool/sv2/handshake.ts";
import { dialSealed, type SealedConnection } from "../pool/sv2/sealed_dial.ts";
import { endOf, type TalkEnd } from "../pool/talk_end.ts";
import { type AgentMessage, encodeAgentMessage } from "../protocol/sv2/agent_message.ts";
import type { OpenExtendedMiningChannelSuccess } from "../protocol/sv2/channel.ts";
import { sealedFrameBytes } from "../protocol/sv2/noise/sealed_frame.ts";
import { decodePoolMessage, type PoolMessage } from "../protocol/sv2/pool_message.ts";

/** What a talk needs. */
export interface Sv2TalkOptions {
  /** Where the pool is, and by which key it proves who it is. */
  readonly address: PoolAddress;
  /** The version of btcagent. */
  readonly version: string;
  /** The name to open a channel for; without it the talk ends before that. */
  readonly user: string | undefined;
  /** As `extranonce2_bytes`. */
  readonly extranonce2Bytes: number | undefined;
  /** Monotonic time. */
  readonly now: Now;
  /** For time-outs and the time of day. */
  readonly time: Time;
  /** Ends it. */
  readonly signal: AbortSignal;
}

/** What some pools do not accept, so that a second talk does without it. */
export type Sv2Wishes = Pick<Sv2HandshakeOptions, "wantsRolling" | "wantsNames">;

/** How a talk went. */
export interface Sv2Talk extends TalkEnd {
  /** What was still missing, in words. */
  readonly waitingFor: string;
  /** The first byte that came. */
  readonly firstByte: number | undefined;
  /** The beginning of what came if it is no sealed answer, in double quotes. */
  readonly said: string | undefined;
  /** How many bytes came. */
  readonly bytes: number;
  /** How the pool proved who it is; `undefined` before it has. */
  readonly proof: SealedConnection["proof"] | undefined;
  /** This machine's clock then, in milliseconds since 1970. */
  readonly provedAt: number | undefined;
  /** From the start to the end of the Noise handshake, in milliseconds. */
  readonly sealedMs: number | undefined;
  /** The flags in the pool's answer to SetupConnection. */
  readonly flags: number | undefined;
  /** What it was asked for. */
  readonly wishes: Sv2Wishes;
  /** Why it has to be asked again for less; `undefined` if not. */
  readonly refusedWish: keyof Sv2Wishes | undefined;
  /** How the pool opened the channel. */
  readonly opened: OpenExtendedMiningChannelSuccess | undefined;
  /** From the start to the open channel, in milliseconds. */
  readonly loginMs: number | undefined;
  /** From the start to the first job to work on, in milliseconds. */
  readonly jobMs: number | undefined;
  /** This machine's clock when it came, in milliseconds since 1970. */
  readonly jobCameAt: number | undefined;
  /** Messages without effect: their number, and why the first has none. */
  readonly ignored: { readonly count: number; readonly first: string | undefined };
  /** What both agreed on; `undefined` without a user, too. */
  readonly agreement: Sv2Agreement | undefined;
}

const READ_BUFFER_BYTES = 16 * 1024;

/** A pool sends less than this before enough is known: a few jobs of up to 150 KB. */
const MAX_BYTES = 1024 * 1024;

const TICK_MS = 200;

/** Talks over `connection`, on which nothing was sent, and closes it. */
export function talkSv2(
  connection: Connection,
  wishes: Sv2Wishes,
  options: Sv2TalkOptions,
): Promise<Sv2Talk> {
  return new Talking(connection, wishes, options).run();
}

class Talking {
  readonly #connection: Connection;
  readonly #wishes: Sv2Wishes;
  readonly #options: Sv2TalkOptions;
  readonly #handshake: Sv2Handshake;
  readonly #startedAt: number;
  /** The beginning of what came. */
  #start: Uint8Array = new Uint8Array(0);
  #bytes = 0;
  #ignored = 0;
  #firstIgnored: string | undefined;
  #isClosedByPool = false;
  #isReadyForUser = false;
  #seen: Pick<
    Sv2Talk,
    "proof" | "provedAt" | "sealedMs" | "flags" | "opened" | "loginMs" | "jobMs" | "jobCameAt"
  > = {
    proof: undefined,
    provedAt: undefined,
    sealedMs: undefined,
    flags: undefined,
    opened: undefined,
    loginMs: undefined,
    jobMs: undefined,
    jobCameAt: undefined,
  };

  constructor(connection: Connection, wishes: Sv2Wishes, options: Sv2TalkOptions) {
    const { version, user, extranonce2Bytes, now, address: { host, port } } = options;
    this.#connection = connection;
    this.#wishes = wishes;
    this.#options = options;
    this.#startedAt = now();
    this.#handshake = new Sv2Handshake({
      user: user ?? "",
      version,
      host,
      port,
      ...wishes,
      extranonce2Bytes,
      hashrate: () => 0,
      notices: {
        add: (_sort, why) => {
          this.#ignored++;
          this.#firstIgnored ??= printable(why);
        },
      },
    });
  }

  async run(): Promise<Sv2Talk> {
    const { signal } = this.#options;
    const ended = await endOf(
      this.#connection,
      signal,
      (close) => this.#talk(close),
      () => this.#isDone,
    );
    const isClosed = ended.end === "broken" && this.#isClosedByPool;
    const end = isClosed ? "closed" : ended.end;
    const isSealed = this.#seen.proof !== undefined;
    const { agreement, waitingFor } = this.#handshake;
    return {
      end,
      fault: ended.fault,
      waitingFor: isSealed ? waitingFor : "its answer to the Noise handshake",
      firstByte: this.#start[0],
      said: isSealed || this.#bytes === 0 ? undefined : quoteBytes(this.#start),
      bytes: this.#bytes,
      ...this.#seen,
      wishes: this.#wishes,
      refusedWish: this.#refusedWish({ ...ended, end }),
      ignored: { count: this.#ignored, first: this.#firstIgnored },
      agreement,
    };
  }

  get #isDone(): boolean {
    return this.#isReadyForUser || this.#handshake.agreement !== undefined;
  }

  #refusedWish({ end, fault }: TalkEnd): keyof Sv2Wishes | undefined {
    if (fault?.code === NO_VERSION_ROLLING) return "wantsRolling";
    return end === "closed" && this.#handshake.asksExtensions ? "wantsNames" : undefined;
  }

  async #talk(close: () => void): Promise<"done" | "closed"> {
    const { time, time: { wallNow }, now, signal, address } = this.#options;
    const sealed = await dialSealed({
      dial: async (_address, _signal, opening) => {
        await writeAll(this.#connection, opening!.bytes);
        return this.#counted();
      },
      address,
      signal,
      wallNow,
      timers: time,
    });
    const { opener, sealer, proof } = sealed;
    this.#seen = {
      ...this.#seen,
      proof,
      provedAt: wallNow(),
      sealedMs: now() - this.#startedAt,
    };
    const send = async (message: AgentMessage | undefined) => {
      if (message === undefined) return;
      const frame = encodeAgentMessage(message);
      const bytes = new DataView(new ArrayBuffer(sealedFrameBytes(frame.length)));
      sealer.seal(frame, bytes, 0);
      await writeAll(this.#connection, new Uint8Array(bytes.buffer));
    };
    // What messages and ticks lead to is sent in their order; if that fails, so does the next read.
    let sending = Promise.resolve();
    const queue = (message: AgentMessage | undefined) => {
      if (this.#isUnwanted(message)) return close();
      sending = sending.then(() => send(message));
      sending.catch(() => {});
    };
    queue(this.#handshake.begin());
    const ticking = time.every(TICK_MS, () => queue(this.#handshake.tick(now())));
    try {
      const buffer = new Uint8Array(READ_BUFFER_BYTES);
      for (;;) {
        for (let frame = opener.next(); frame !== undefined; frame = opener.next()) {
          queue(this.#receive(decodePoolMessage(frame)));
          await sending;
          if (this.#isDone) return "done";
        }
        const count = await this.#read(buffer);
        if (count === null) return "closed";
        opener.push(buffer.subarray(0, count));
      }
    } finally {
      time.clear(ticking);
      sealer.erase();
      opener.erase();
    }
  }

  /** Without a user no channel is opened: then enough is known. */
  #isUnwanted(message: AgentMessage | undefined): boolean {
    const isOpening = message?.kind === "openExtendedMiningChannel";
    if (isOpening && this.#options.user === undefined) this.#isReadyForUser = true;
    return this.#isReadyForUser;
  }

  /** The connection, whose end is this talk's matter. */
  #counted(): Connection {
    return {
      read: (into) => this.#read(into),
      write: (bytes) => this.#connection.write(bytes),
      close: () => {},
    };
  }

  #receive(message: PoolMessage): AgentMessage | undefined {
    const { now, time } = this.#options;
    const ms = now() - this.#startedAt;
    const wasOpen = this.#handshake.channel !== undefined;
    const answer = this.#handshake.receive(message, now());
    if (message.kind === "setupConnectionSuccess") {
      this.#seen = { ...this.#seen, flags: message.flags };
    }
    if (
      message.kind === "openExtendedMiningChannelSuccess" && !wasOpen &&
      this.#handshake.channel !== undefined
    ) {
      this.#seen = { ...this.#seen, opened: message, loginMs: ms };
    }
    if (this.#handshake.agreement !== undefined && this.#seen.jobMs === undefined) {
      this.#seen = { ...this.#seen, jobMs: ms, jobCameAt: time.wallNow() };
    }
    return answer;
  }

  async #read(into: Uint8Array): Promise<number | null> {
    const count = await this.#connection.read(into);
    if (count === null) {
      this.#isClosedByPool = true;
      return null;
    }
    if (this.#bytes === 0) this.#start = into.slice(0, count);
    this.#bytes += count;
    if (this.#bytes > MAX_BYTES) {
      throw new PoolFault(
        "too-much",
        `Cannot read on from this pool: it sent more than ${MAX_BYTES} bytes`,
      );
    }
    return count;
  }
}
