/** A session with a Stratum V2 pool between a scripted pool, a clock and a recorder. */

import type { Timers } from "../../lib/base/clock.ts";
import { systemTime } from "../../lib/base/system_time.ts";
import { ProtocolViolation } from "../../lib/base/violation.ts";
import { targetBytes, targetOf } from "../../lib/bitcoin/target.ts";
import type { PoolJob } from "../../lib/mux/upstream.ts";
import type { PoolConnectionOptions, ReadyUpstream } from "../../lib/pool/connection.ts";
import { Sv2AtPools } from "../../lib/pool/sv2/at_pools.ts";
import { Sv2Session } from "../../lib/pool/sv2/session.ts";
import { type AgentMessage, decodeAgentMessage } from "../../lib/protocol/sv2/agent_message.ts";
import type { OpenExtendedMiningChannelSuccess } from "../../lib/protocol/sv2/channel.ts";
import type { UnknownMessage } from "../../lib/protocol/sv2/layout.ts";
import { issueCertificate } from "../../lib/protocol/sv2/noise/certificate.ts";
import { drawKeyPair, xOnlyKeyOf, xOnlyOf } from "../../lib/protocol/sv2/noise/curve.ts";
import { FrameOpener } from "../../lib/protocol/sv2/noise/frame_opener.ts";
import { FrameSealer } from "../../lib/protocol/sv2/noise/frame_sealer.ts";
import { answerAct1, type Identity } from "../../lib/protocol/sv2/noise/responder.ts";
import { sealedFrameBytes } from "../../lib/protocol/sv2/noise/sealed_frame.ts";
import { encodePoolMessage, type KnownPoolMessage } from "../../lib/protocol/sv2/pool_message.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { FakeClock, turn, turnsUntil } from "./fake_clock.ts";
import { FakeConnection } from "./fake_connection.ts";
import { FakeDial } from "./fake_dial.ts";
import { RecordingEvents } from "./recording_events.ts";
import { SHARE } from "./session_rig.ts";
import { extendedJobMessage, prevHashMessage } from "./sv2_jobs.ts";

export const HANDSHAKE_TIMEOUT_MS = 15_000;

/** The wall clock of the rig. */
export const WALL_TIME = Date.UTC(2031, 5, 1);

/** The longest pause that takes a turn, in milliseconds. */
const MAX_PAUSE_MS = 10;

const AUTHORITY_SECRET = new Uint8Array(32).fill(7);

/** The authority's key as an address has it. */
export const AUTHORITY_KEY: string = xOnlyKeyOf(AUTHORITY_SECRET).toHex();

/** The system's timers, but for pauses between parts of the arithmetic, which take a turn. */
const QUICK_TIMERS: Timers = {
  ...systemTime,
  after: (ms, act) => {
    if (ms > MAX_PAUSE_MS) return systemTime.after(ms, act);
    systemTime.nextTurn(act);
    return 0;
  },
};

/** An identity whose certificate is valid for an hour around {@linkcode WALL_TIME}. */
export function identity(): Identity {
  const keys = drawKeyPair();
  const certificate = issueCertificate(
    { version: 0, validFrom: WALL_TIME - 1_800_000, validTo: WALL_TIME + 1_800_000 },
    xOnlyOf(keys.encoded),
    AUTHORITY_SECRET,
  );
  return { keys, certificate };
}

/** The target of a difficulty, as a pool sends it. */
export function target(difficulty: number): Uint8Array {
  return targetBytes(targetOf(difficulty));
}

/** The pool opens channel 7, with difficulty 1024, prefix 0a0b0c0d and 8 bytes. */
export function channelOpened(
  changes: Partial<OpenExtendedMiningChannelSuccess> = {},
): OpenExtendedMiningChannelSuccess {
  return {
    kind: "openExtendedMiningChannelSuccess",
    requestId: 0,
    channelId: 7,
    target: target(1024),
    extranonceSize: 8,
    extranoncePrefix: Uint8Array.fromHex("0a0b0c0d"),
    groupChannelId: 0,
    ...changes,
  };
}

export const SETUP: KnownPoolMessage = {
  kind: "setupConnectionSuccess",
  usedVersion: 2,
  flags: 0,
};

/** The pool's end of one connection. */
export class ScriptedPool {
  readonly connection = new FakeConnection();
  readonly #opener: FrameOpener;
  readonly #sealer: FrameSealer;
  readonly act2: Uint8Array;
  #seen = 0;

  constructor(act1: Uint8Array, who: Identity = identity()) {
    const { act2, keys } = answerAct1(act1, who);
    this.act2 = act2;
    this.#opener = new FrameOpener(keys.fromInitiator, ProtocolViolation);
    this.#sealer = new FrameSealer(keys.fromResponder);
  }

  /** The sealed bytes of messages; each is sealed once, so they must be sent in this order. */
  seal(...messages: readonly KnownPoolMessage[]): Uint8Array {
    const frames = messages.map((message) => encodePoolMessage(message));
    return this.sealFrames(...frames);
  }

  /** The same for plain frames. */
  sealFrames(...frames: readonly Uint8Array[]): Uint8Array {
    const sizes = frames.map(({ length }) => sealedFrameBytes(length));
    const out = new DataView(new ArrayBuffer(sizes.reduce((sum, size) => sum + size, 0)));
    let at = 0;
    for (const frame of frames) at = this.#sealer.seal(frame, out, at);
    return new Uint8Array(out.buffer);
  }

  /** What came since the last look. */
  received(): (AgentMessage | UnknownMessage)[] {
    const { written } = this.connection;
    this.#opener.push(written.subarray(this.#seen));
    this.#seen = written.length;
    const messages: (AgentMessage | UnknownMessage)[] = [];
    for (let frame = this.#opener.next(); frame; frame = this.#opener.next()) {
      messages.push(decodeAgentMessage(frame));
    }
    return messages;
  }
}

export class Sv2Rig {
  readonly clock = new FakeClock();
  readonly dial = new FakeDial();
  readonly events: RecordingEvents = new RecordingEvents(this.clock.now);
  readonly session: Sv2Session;
  /** The pool's end of the last connection. */
  pool!: ScriptedPool;
  /** Hashes a second of the farm. */
  hashrate = 0;
  /** How often the session counted one more connect. */
  connectsAgain = 0;
  #serial = 0;

  constructor(
    options: Partial<PoolConnectionOptions> = {},
    atPools: Sv2AtPools = new Sv2AtPools(),
  ) {
    this.session = new Sv2Session({
      poolId: 0,
      name: "pool:3336 #1",
      address: { host: "pool", port: 3336, authorityKey: AUTHORITY_KEY },
      kind: "sv2",
      account: "bc1qfarm.main",
      password: "",
      wantsVerdicts: true,
      version: "1.2.3",
      dial: this.dial.dial,
      hashrateFor: () => this.hashrate,
      connectsAgain: () => this.connectsAgain++,
      now: this.clock.now,
      rateClock: { realNow: this.clock.now, awayMs: () => 0 },
      wallNow: () => WALL_TIME,
      timers: QUICK_TIMERS,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      readTimeoutMs: undefined,
      shareWindowMs: 0,
      mux: this.events,
      owner: this.events,
      ...options,
    }, atPools);
  }

  /** A session whose handshake is done; what was told until then is forgotten. */
  static async ready(
    options: Partial<PoolConnectionOptions> = {},
    opened: KnownPoolMessage = channelOpened(),
  ): Promise<Sv2Rig> {
    const rig = new Sv2Rig(options);
    await rig.shake();
    await rig.say(SETUP);
    await rig.say(opened, extendedJobMessage(), prevHashMessage());
    if (rig.events.upstream === undefined) throw new Error("it is not ready");
    rig.events.all.length = 0;
    rig.pool.received();
    return rig;
  }

  get upstream(): ReadyUpstream {
    return this.events.upstream!;
  }

  /** Answers the newest dial with a pool's end, without a byte of it. */
  async connect(who?: Identity): Promise<void> {
    const call = this.dial.calls.at(-1)!;
    this.pool = new ScriptedPool(call.opening!, who);
    call.answer(this.pool.connection);
    await turn();
  }

  /** The same, and shakes hands by Noise. */
  async shake(who?: Identity): Promise<void> {
    await this.connect(who);
    this.pool.connection.deliver(this.pool.act2);
    const { length } = this.pool.connection.writes;
    await turnsUntil(
      () => this.pool.connection.writes.length > length || this.events.endReason !== undefined,
      "the session sets the connection up",
    );
  }

  /** Messages of the pool, in one read. */
  async say(...messages: readonly KnownPoolMessage[]): Promise<void> {
    this.pool.connection.deliver(this.pool.seal(...messages));
    await this.settle();
  }

  async settle(): Promise<void> {
    for (let i = 0; i < 5; i++) await turn();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.session.tick();
    await this.settle();
  }

  /** Submits a share. @returns its serial. */
  submit(
    sessionId = 1,
    share: Partial<Share> = {},
    job: Partial<PoolJob> = {},
    isBlock = false,
  ): number {
    const serial = this.#serial++;
    this.upstream.submit(
      serial,
      sessionId,
      { poolJobId: "1", ntime: 0x650d1b20, version: 0x20000000, ...job },
      { ...SHARE, ...share },
      isBlock,
    );
    return serial;
  }

  /** What the session sent since the last look, as kinds. */
  kinds(): string[] {
    return this.pool.received().map(({ kind }) => kind);
  }
}
