/**
 * The miners' side of the program between a fake engine and a fake mux, with a clock that the test
 * moves.
 */

import { systemTime } from "../../lib/base/system_time.ts";
import type { AttendanceBook } from "../../lib/miner/attendance.ts";
import type { MinerLimits } from "../../lib/miner/limits.ts";
import { Miners } from "../../lib/miner/miners.ts";
import type { WorkerNaming } from "../../lib/miner/worker_naming.ts";
import { shortenNames } from "../../lib/pool/kinds.ts";
import { FakeEngine } from "./fake_engine.ts";
import { FakeMux } from "./fake_mux.ts";

/** The bounds that tests use by default. */
export const LIMITS: MinerLimits = {
  loginTimeoutMs: 10_000,
  idleTimeoutMs: 600_000,
  maxLineBytes: 8192,
  maxRequestsPerSecond: 0,
  maxConnections: 1000,
  maxConnectionsPerIp: 0,
  newConnectionsPerSecondPerIp: 0,
  banAfterViolations: 0,
  banMs: 60_000,
  allow: [],
  deny: [],
};

/** What a test may set. */
export interface FakeMinersOptions {
  /** Bounds that differ from the usual ones. */
  readonly limits?: Partial<MinerLimits>;
  /** Settings of worker names; by default, the miners' own names. */
  readonly naming?: Partial<WorkerNaming>;
  /** Whether miners that lost ASICBoost are disconnected; true by default. */
  readonly reconnectsLostAsicboost?: boolean;
  /** The book of miners that log in; by default there is none. */
  readonly attendance?: AttendanceBook;
}

/** The miners' side of the program over a fake engine and a fake mux. */
export class FakeMiners {
  readonly engine: FakeEngine = new FakeEngine();
  readonly mux: FakeMux = new FakeMux();
  readonly miners: Miners;
  /** Milliseconds. */
  time = 1_000_000;
  /** How long the process has just stood still, in milliseconds. */
  awayMs = 0;

  /** Listens at once. */
  constructor(
    { limits, naming, reconnectsLostAsicboost = true, attendance }: FakeMinersOptions = {},
  ) {
    this.miners = new Miners({
      listen: this.engine.listen,
      mux: this.mux,
      limits: { ...LIMITS, ...limits },
      naming: { fixedName: "", ipFormat: undefined, ...naming },
      reconnectsLostAsicboost,
      shorten: shortenNames,
      origins: { enter: () => 0, leave: () => {} },
      version: "btcagent/1.2.3",
      ...(attendance === undefined ? {} : { attendance }),
      now: () => this.time,
      rateClock: { realNow: () => this.time, awayMs: () => this.awayMs },
      timers: systemTime,
    });
    this.mux.fanout = this.miners;
  }

  /** A miner that connected. */
  connect(hostname = "10.0.0.7", port = 4001): FakeMiner {
    const handle = this.engine.connect({ hostname, port });
    if (handle === undefined) throw new Error("The miner was turned away");
    return new FakeMiner(this.engine, handle);
  }

  /** A miner that has subscribed and authorized, its answers already taken. */
  login(user = "farm.rig1"): FakeMiner {
    const miner = this.connect();
    miner.send(
      '{"id":1,"method":"mining.subscribe","params":["bench/1"]}',
      `{"id":2,"method":"mining.authorize","params":[${JSON.stringify(user)},"x"]}`,
    );
    miner.takeLines();
    return miner;
  }

  /** Time passes, a sweep each second. */
  wait(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.time += 1000;
      this.miners.sweep();
    }
  }
}

/** One miner. */
export class FakeMiner {
  readonly #engine: FakeEngine;
  readonly handle: number;

  /** The far end of a connection. */
  constructor(engine: FakeEngine, handle: number) {
    this.#engine = engine;
    this.handle = handle;
  }

  /** Whether it is still connected. */
  get isConnected(): boolean {
    return this.#engine.isOpen(this.handle);
  }

  /** Sends lines in one packet. */
  send(...lines: readonly string[]): void {
    this.#engine.receive(this.handle, lines.map((line) => line + "\n").join(""));
  }

  /** Sends bytes as they are. */
  sendBytes(bytes: Uint8Array | string): void {
    this.#engine.receive(this.handle, bytes);
  }

  /** The lines that it was sent since the last call. */
  takeLines(): string[] {
    return this.#engine.takeLines(this.handle);
  }

  /** Sends one line and returns what came back. */
  ask(line: string): string[] {
    this.send(line);
    return this.takeLines();
  }

  /** Closes its connection. */
  hangUp(): void {
    this.#engine.hangUp(this.handle);
  }
}
