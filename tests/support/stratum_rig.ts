/** A session with an ordinary Stratum pool between a fake connection, a clock and a recorder. */

import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolJob } from "../../lib/mux/upstream.ts";
import type { PoolConnectionOptions, ReadyUpstream } from "../../lib/pool/connection.ts";
import { StratumSession } from "../../lib/pool/stratum/session.ts";
import { WorkersAtPools } from "../../lib/pool/stratum/workers_at_pools.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { FakeClock, turn } from "./fake_clock.ts";
import { FakeConnection } from "./fake_connection.ts";
import { FakeDial } from "./fake_dial.ts";
import { linesToBytes, PREV_HASH } from "./pool_lines.ts";
import { RecordingEvents } from "./recording_events.ts";
import { SHARE } from "./session_rig.ts";

export const HANDSHAKE_TIMEOUT_MS = 15_000;

const decoder = new TextDecoder();

/** The lines of an ordinary pool's side of the handshake, but for the job. */
export const STRATUM_LINES = {
  conf: '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
  sub: '{"id":2,"result":[[["mining.notify","s1"]],"0a0b0c0d",8],"error":null}',
  auth: '{"id":4,"result":true,"error":null}',
  difficulty: '{"id":null,"method":"mining.set_difficulty","params":[1024]}',
} as const;

/** The line of a job; `change` has parameters other than in most tests, by their place. */
export function stratumJob(change: Readonly<Record<number, unknown>> = {}): string {
  const params: unknown[] = [
    "6b0d7b2600000001",
    PREV_HASH,
    "01000000",
    "ffffffff",
    ["cd".repeat(32)],
    "20000000",
    "17030ecd",
    "650d1b20",
    false,
  ];
  for (const [at, value] of Object.entries(change)) params[Number(at)] = value;
  return JSON.stringify({ id: null, method: "mining.notify", params });
}

/** A line that sets the difficulty; `text` is a JSON number. */
export function difficultyLine(text: string | number): string {
  return `{"id":null,"method":"mining.set_difficulty","params":[${text}]}`;
}

/** All that an ordinary pool says until it is ready. */
export function stratumHandshake(): string[] {
  const { conf, sub, difficulty, auth } = STRATUM_LINES;
  return [conf, sub, difficulty, stratumJob(), auth];
}

export class StratumRig {
  readonly clock = new FakeClock();
  readonly dial = new FakeDial();
  readonly connection = new FakeConnection();
  readonly events = new RecordingEvents(this.clock.now);
  readonly session: StratumSession;
  #serial = 0;

  constructor(
    options: Partial<PoolConnectionOptions> = {},
    atPools: WorkersAtPools = new WorkersAtPools(),
  ) {
    this.session = new StratumSession({
      poolId: 0,
      name: "pool:3333 #1",
      address: { host: "pool", port: 3333 },
      kind: "stratum",
      account: "bc1qfarm.main",
      password: "x",
      wantsVerdicts: true,
      version: "1.2.3",
      dial: this.dial.dial,
      now: this.clock.now,
      rateClock: { realNow: this.clock.now, awayMs: () => 0 },
      wallNow: systemTime.wallNow,
      timers: systemTime,
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
    lines = stratumHandshake(),
    options: Partial<PoolConnectionOptions> = {},
    atPools: WorkersAtPools = new WorkersAtPools(),
  ): Promise<StratumRig> {
    const rig = new StratumRig(options, atPools);
    await rig.connect();
    await rig.say(...lines);
    if (rig.events.upstream === undefined) throw new Error("it is not ready");
    rig.events.all.length = 0;
    return rig;
  }

  /** What the dial was to write, line by line. */
  get opening(): string[] {
    return decoder.decode(this.dial.calls[0]!.opening).split("\n").slice(0, -1);
  }

  async connect(): Promise<void> {
    this.dial.calls[0]!.answer(this.connection);
    await turn();
  }

  /** Lines of the pool, in one read. */
  async say(...lines: string[]): Promise<void> {
    await this.deliver(linesToBytes(lines));
  }

  async deliver(bytes: Uint8Array | readonly number[]): Promise<void> {
    this.connection.deliver(bytes);
    await turn();
  }

  /** The lines written since the last look. */
  async lines(): Promise<string[]> {
    await turn();
    const { written } = this.connection;
    this.connection.writes.length = 0;
    return decoder.decode(written).split("\n").slice(0, -1);
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    this.session.tick();
    await turn();
  }

  get upstream(): ReadyUpstream {
    return this.events.upstream!;
  }

  enter(sessionId: number, name = "rig1"): void {
    this.upstream.enter({ sessionId, account: "", name, clientAgent: "cgminer/4.11.1" });
  }

  /** Submits a share. @returns the id its answer has to carry. */
  submit(
    sessionId: number,
    share: Partial<Share> = {},
    job: Partial<PoolJob> = {},
    isBlock = false,
  ): number {
    const serial = this.#serial++;
    this.upstream.submit(
      serial,
      sessionId,
      { poolJobId: "6b0d7b2600000001", ntime: 0x650d1b20, version: 0x20000000, ...job },
      { ...SHARE, ...share },
      isBlock,
    );
    return serial + 5;
  }
}
