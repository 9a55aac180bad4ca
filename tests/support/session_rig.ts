/** A pool session between a fake connection, a clock and a recorder. */

import { systemTime } from "../../lib/base/system_time.ts";
import type { Verify } from "../../lib/mux/terms.ts";
import type { PoolJob } from "../../lib/mux/upstream.ts";
import { AgentSession } from "../../lib/pool/agent/session.ts";
import type { ReadyUpstream } from "../../lib/pool/connection.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { FakeClock, turn } from "./fake_clock.ts";
import { FakeConnection } from "./fake_connection.ts";
import { FakeDial } from "./fake_dial.ts";
import { handshakeLines, linesToBytes } from "./pool_lines.ts";
import { RecordingEvents } from "./recording_events.ts";

export const HANDSHAKE_TIMEOUT_MS = 15_000;
export const READ_TIMEOUT_MS = 60_000;

const decoder = new TextDecoder();

export class SessionRig {
  readonly clock = new FakeClock();
  /** How long we were away just now, in milliseconds. */
  awayMs = 0;
  readonly dial = new FakeDial();
  readonly connection = new FakeConnection();
  readonly events = new RecordingEvents(this.clock.now);
  readonly session: AgentSession;
  #serial = 0;

  constructor(
    { shareWindowMs = 0, wantsVerdicts = true, verify = "off" }: {
      readonly shareWindowMs?: number;
      readonly wantsVerdicts?: boolean;
      readonly verify?: Verify;
    } = {},
  ) {
    this.session = new AgentSession({
      poolId: 0,
      name: "pool:1 #1",
      address: { host: "pool", port: 1 },
      kind: "agent",
      account: "alice",
      password: "",
      wantsVerdicts,
      version: "1.2.3",
      dial: this.dial.dial,
      now: this.clock.now,
      rateClock: { realNow: this.clock.now, awayMs: () => this.awayMs },
      wallNow: systemTime.wallNow,
      timers: systemTime,
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      readTimeoutMs: READ_TIMEOUT_MS,
      shareWindowMs,
      verify,
      mux: this.events,
      owner: this.events,
    });
  }

  /** A session whose handshake is done; what was written and told until then is forgotten. */
  static async ready(options: { shareWindowMs?: number } = {}): Promise<SessionRig> {
    const rig = new SessionRig(options);
    await rig.connect();
    await rig.say(...handshakeLines());
    rig.forget();
    return rig;
  }

  async connect(): Promise<void> {
    this.dial.calls[0]!.answer(this.connection);
    await turn();
  }

  /** Lines of the pool. */
  async say(...lines: string[]): Promise<void> {
    await this.deliver(linesToBytes(lines));
  }

  async deliver(bytes: Uint8Array | readonly number[]): Promise<void> {
    this.connection.deliver(bytes);
    await turn();
  }

  forget(): void {
    this.connection.writes.length = 0;
    this.events.all.length = 0;
  }

  /** The bytes written since the last look. */
  async written(): Promise<Uint8Array> {
    await turn();
    const { written } = this.connection;
    this.connection.writes.length = 0;
    return written;
  }

  /** The lines written since the last look. */
  async lines(): Promise<string[]> {
    return decoder.decode(await this.written()).split("\n").slice(0, -1);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.session.tick();
    await turn();
  }

  /** What the mux has of it, once it is ready. */
  get upstream(): ReadyUpstream {
    return this.events.upstream!;
  }

  register(sessionId: number, name = "rig1", clientAgent = "cgminer/4.11.1"): void {
    this.upstream.enter({ sessionId, account: "alice", name, clientAgent });
  }

  unregister(sessionId: number, isAwaited = false): void {
    this.upstream.leave(sessionId, isAwaited);
  }

  /** Submits a share. @returns the number its verdict will carry. */
  submit(sessionId: number, share: Partial<Share> = {}, job: Partial<PoolJob> = {}): number {
    const serial = this.#serial++;
    const { upstream } = this;
    upstream.submit(
      serial,
      sessionId,
      { poolJobId: "17", ntime: 0x650d1b20, version: 0x20000000, ...job },
      { ...SHARE, ...share },
      false,
    );
    if (upstream.terms.verdicts === "given") upstream.watch.submitted(this.clock.now());
    return serial % 0x10000;
  }
}

/** A share whose time is its job's and that rolled no version bits. */
export const SHARE: Share = {
  id: 1,
  jobId: 1000,
  extranonce2: 0x0000002a,
  ntime: 0x650d1b20,
  nonce: 0x1234abcd,
  versionBits: 0,
  extranonce2Digits: 8,
  hasVersionBits: false,
};
