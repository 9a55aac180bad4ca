/**
 * The attackers of a benchmark: connections that send nothing, that drip bytes, and that send
 * garbage. A closed attacker connects again, within a bounded rate of connections. The attackers
 * are a separate process, so that they do not slow the honest miners down.
 */

import { type AttackersCommand, type AttackersReport, type Crowd, tellDriver } from "./ends.ts";
import { Kernel, type SocketOwner } from "./kernel.ts";
import { Pace } from "./pace.ts";

const MAX_FDS = 1 << 16;
const MAX_TURN_MS = 50;

/** Bytes that each dripper sends in a second, and messages of each garbage sender. */
const ACTS_PER_SECOND = 10;
const GARBAGE_BYTES = 500;

/**
 * The bytes that drippers send: a subscribe, which takes a session id until the connection is
 * closed for not logging in.
 */
const DRIPPED = new TextEncoder().encode(
  '{"id":1,"method":"mining.subscribe","params":["drip/1"]}\n',
);

const NOBODY: Crowd = { silent: 0, drippers: 0, senders: 0, connectsPerSecond: 0 };

class Attackers implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #port: number;
  readonly #garbage = new Uint8Array(GARBAGE_BYTES);
  readonly #connecting = new Pace();
  readonly #dripping = new Pace();
  readonly #sending = new Pace();
  // By file descriptor: whose it is, or -1.
  readonly #attackerOf = new Int32Array(MAX_FDS).fill(-1);
  // By attacker: the silent first, then drippers, then senders.
  readonly #fds = new Int32Array(MAX_FDS).fill(-1);
  readonly #dripped = new Uint32Array(MAX_FDS);
  #crowd = NOBODY;
  /** Attackers without a connection, the longest waiting first. */
  #outside: number[] = [];
  #turn = 0;
  #open = 0;
  #connects = 0;

  constructor(port: number) {
    this.#port = port;
  }

  run(): never {
    tellDriver({ ready: true });
    for (;;) {
      this.#kernel.turn(this.#restMs());
      this.#connectDue();
      this.#actDue();
    }
  }

  accepted(): void {}

  connected(fd: number, isThere: boolean): void {
    const attacker = this.#attackerOf[fd]!;
    if (!isThere) return this.#left(fd);
    this.#connects++;
    this.#open++;
    this.#fds[attacker] = fd;
    this.#dripped[attacker] = 0;
    this.#act(attacker);
  }

  received(): void {}

  ended(fd: number): void {
    this.#open--;
    this.#left(fd);
  }

  commanded(line: string): void {
    const command = JSON.parse(line) as AttackersCommand;
    switch (command.do) {
      case "attack":
        this.#crowd = command.crowd;
        this.#outside = Array.from({ length: this.#count }, (_, attacker) => attacker);
        break;
      case "leave": {
        const count = this.#count;
        this.#crowd = NOBODY;
        this.#outside = [];
        for (const fd of this.#fds.subarray(0, count)) if (fd >= 0) this.#kernel.close(fd);
        this.#fds.fill(-1);
        this.#attackerOf.fill(-1);
        this.#open = 0;
        break;
      }
      case "report":
        break;
      default:
        command satisfies never;
    }
    if (command.do !== "report") this.#setPaces();
    const report: AttackersReport = {
      at: this.#kernel.now(),
      open: this.#open,
      connects: this.#connects,
    };
    tellDriver(report);
  }

  get #count(): number {
    return this.#crowd.silent + this.#crowd.drippers + this.#crowd.senders;
  }

  #setPaces(): void {
    const { drippers, senders, connectsPerSecond } = this.#crowd;
    const now = this.#kernel.now();
    this.#connecting.set(connectsPerSecond, now);
    this.#dripping.set(drippers * ACTS_PER_SECOND, now);
    this.#sending.set(senders * ACTS_PER_SECOND, now);
  }

  #restMs(): number {
    const now = this.#kernel.now();
    const rests = [this.#connecting, this.#dripping, this.#sending].map((one) => one.restMs(now));
    return Math.max(0, Math.ceil(Math.min(MAX_TURN_MS, ...rests)));
  }

  #connectDue(): void {
    for (let due = this.#connecting.take(this.#kernel.now()); due > 0; due--) {
      const attacker = this.#outside.shift();
      if (attacker === undefined) continue;
      const fd = this.#kernel.connect(this.#port);
      if (fd < 0) this.#outside.push(attacker);
      else this.#attackerOf[fd] = attacker;
    }
  }

  #actDue(): void {
    const { silent, drippers, senders } = this.#crowd;
    const now = this.#kernel.now();
    for (let due = this.#dripping.take(now); due > 0; due--) {
      this.#act(silent + this.#turn++ % drippers);
    }
    for (let due = this.#sending.take(now); due > 0; due--) {
      this.#act(silent + drippers + this.#turn++ % senders);
    }
  }

  #act(attacker: number): void {
    const { silent, drippers } = this.#crowd;
    const fd = this.#fds[attacker]!;
    if (fd < 0 || attacker < silent) return;
    if (attacker < silent + drippers) {
      const at = this.#dripped[attacker]!++ % DRIPPED.length;
      this.#kernel.send(fd, DRIPPED.subarray(at, at + 1));
    } else {
      this.#kernel.send(fd, crypto.getRandomValues(this.#garbage));
    }
  }

  #left(fd: number): void {
    const attacker = this.#attackerOf[fd]!;
    this.#attackerOf[fd] = -1;
    if (attacker < 0) return;
    this.#fds[attacker] = -1;
    this.#outside.push(attacker);
  }
}

if (import.meta.main) new Attackers(Number(Deno.args[0])).run();
