/**
 * The pool's end of a benchmark: takes agents as lib/sim's pool does and judges nothing. Everything
 * received is counted, summed and timed; every share of a registered worker is accepted.
 */

import { formatHex32 } from "../../lib/base/hex.ts";
import { COMMAND, FRAME_MAGIC } from "../../lib/protocol/agent/frame.ts";
import { decodeAgentFrame, type Submit } from "../../lib/protocol/agent/message.ts";
import { encodeNotify, type Job } from "../../lib/protocol/stratum/job.ts";
import { PoolStreamDecoder } from "../../lib/protocol/agent/stream.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import {
  decodeStratum,
  encodeLine,
  formatNotification,
  formatReply,
} from "../../lib/protocol/stratum/message.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { NO_FAULTS } from "../../lib/sim/pool_faults.ts";
import { PoolHandshake } from "../../lib/sim/pool_handshake.ts";
import { addToChecksum } from "../../lib/sim/share_checksum.ts";
import { ageOf, STAMP_AT, STAMP_DIGITS, stampAt } from "./marks.ts";
import { type PoolCommand, type PoolReport, tellDriver } from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { addWire, Kernel, NO_WIRE, type SocketOwner, type WireCounters } from "./kernel.ts";

const VERSION_MASK = 0x1fffe000;
const DIFFICULTY = 8192;
const VERDICT_BYTES = 10;
const JOB_IDS = 256;
const SESSION_IDS = 0x10000;
/** Jobs differ in their time, so that a share counted for a wrong job spoils the checksum. */
const FIRST_TIME = 1_700_000_000;

/** A job of the usual size, near 2 KB as a line; its time and the stamp in coinbase part 1 vary. */
const JOB: Job = {
  id: "",
  prevHash: "5a".repeat(28) + "00000000",
  coinbase1: "02000000010000000000000000000000000000000000000000000000000000000000000000ffffffff" +
    "4803a1b2c304d1e2f3a42f62656e63682f" + "fabe6d6d" + "ab".repeat(40),
  coinbase2: "ffffffff0240be402500000000160014111111111111111111111111111111111111111100000000" +
    "00000000266a24aa21a9ed" + "cd".repeat(32) + "00000000",
  merkleBranches: Array.from({ length: 12 }, (_, i) => formatHex32(i + 1).repeat(8)),
  version: "20000000",
  bits: "1705ae3a",
  ntime: "",
  isClean: false,
};

/** Returns `JOB` as sent at `ms`. */
export function jobAt(ms: number, sequence: number): Job {
  const { coinbase1 } = JOB;
  const stamped = coinbase1.slice(0, STAMP_AT) + stampAt(ms) +
    coinbase1.slice(STAMP_AT + STAMP_DIGITS);
  return { ...JOB, coinbase1: stamped, ntime: formatHex32(FIRST_TIME + sequence) };
}

interface Agent {
  readonly fd: number;
  readonly decoder: PoolStreamDecoder;
  readonly handshake: PoolHandshake;
  /** By session id. */
  readonly names: (string | undefined)[];
  /** By job id: its time. */
  readonly times: Uint32Array;
  jobs: number;
  workers: number;
  index: number;
}

class Pool implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #agents = new Map<number, Agent>();
  readonly #latency = new Histogram();
  #verdicts = new DataView(new ArrayBuffer(1 << 16));
  #verdictBytes = 0;
  #verdictCount = 0;
  #connections = 0;
  #shares = 0;
  #checksum = 0;
  #bad = 0;
  #jobEveryMs = 0;
  #nextJobAt = 0;
  #sequence = 0;
  #job = jobAt(this.#kernel.now(), 0);
  #wireGone: WireCounters = NO_WIRE;
  #wireAtMark: WireCounters = NO_WIRE;
  #now = 0;

  run(): never {
    tellDriver({ port: this.#kernel.listen() });
    for (;;) {
      const left = this.#jobEveryMs > 0 ? this.#nextJobAt - this.#kernel.now() : 1000;
      this.#kernel.turn(Math.max(0, Math.min(1000, Math.ceil(left))));
      if (this.#jobEveryMs > 0 && this.#kernel.now() >= this.#nextJobAt) {
        this.#nextJobAt = this.#kernel.now() + this.#jobEveryMs;
        this.#sendJob();
      }
    }
  }

  accepted(fd: number): void {
    this.#connections++;
    this.#agents.set(fd, {
      fd,
      decoder: new PoolStreamDecoder(MinerFault),
      handshake: new PoolHandshake(0x01000000 + this.#connections, VERSION_MASK, () => NO_FAULTS),
      names: new Array(SESSION_IDS),
      times: new Uint32Array(JOB_IDS),
      jobs: 0,
      workers: 0,
      index: 0,
    });
  }

  connected(): void {}

  received(fd: number, bytes: Uint8Array): void {
    const agent = this.#agents.get(fd)!;
    this.#now = this.#kernel.now();
    agent.decoder.push(bytes);
    for (let piece = agent.decoder.next(); piece; piece = agent.decoder.next()) {
      if (piece.kind === "line") this.#line(agent, piece.bytes);
      else this.#frame(agent, piece.bytes);
    }
    if (this.#verdictBytes === 0) return;
    this.#kernel.send(fd, new Uint8Array(this.#verdicts.buffer, 0, this.#verdictBytes));
    this.#verdictBytes = 0;
  }

  ended(fd: number): void {
    // Its counters are gone with the socket; a run that loses connections measures no bytes.
    this.#agents.delete(fd);
  }

  commanded(line: string): void {
    const command = JSON.parse(line) as PoolCommand;
    switch (command.do) {
      case "jobs":
        this.#jobEveryMs = command.everyMs;
        this.#nextJobAt = this.#kernel.now();
        break;
      case "mark":
        this.#latency.clear();
        this.#wireAtMark = this.#wire();
        break;
      case "lose":
        for (const agent of this.#agents.values()) {
          if (agent.workers === 0) continue;
          this.#wireGone = addWire(this.#wireGone, this.#kernel.wire(agent.fd));
          this.#kernel.close(agent.fd, true);
          this.#agents.delete(agent.fd);
        }
        break;
      case "report":
        break;
      default:
        command satisfies never;
    }
    tellDriver(this.#report());
  }

  #report(): PoolReport {
    let workers = 0;
    for (const agent of this.#agents.values()) workers += agent.workers;
    return {
      at: this.#kernel.now(),
      shares: this.#shares,
      checksum: this.#checksum,
      bad: this.#bad,
      workers,
      connections: this.#connections,
      open: this.#agents.size,
      verdicts: this.#verdictCount,
      latency: this.#latency.durations(),
      wire: addWire(this.#wire(), this.#wireAtMark, -1),
    };
  }

  #wire(): WireCounters {
    let sum = this.#wireGone;
    for (const fd of this.#agents.keys()) sum = addWire(sum, this.#kernel.wire(fd));
    return sum;
  }

  #line(agent: Agent, bytes: Uint8Array): void {
    const message = decodeStratum(bytes, MinerFault);
    if (message.kind !== "request") return;
    const { lines, authorize } = agent.handshake.answer(message);
    for (const text of lines) this.#kernel.send(agent.fd, encodeLine(text));
    if (authorize === undefined) return;
    agent.handshake.authorized();
    this.#kernel.send(agent.fd, encodeLine(formatReply(authorize.id, "true")));
    const difficulty = formatNotification("mining.set_difficulty", `[${DIFFICULTY}]`);
    this.#kernel.send(agent.fd, encodeLine(difficulty));
    this.#sendJobTo(agent, true);
  }

  #frame(agent: Agent, bytes: Uint8Array): void {
    const message = decodeAgentFrame(bytes);
    switch (message?.kind) {
      case "submit":
        return this.#submit(agent, message);
      case "register":
        if (agent.names[message.sessionId] !== undefined) this.#bad++;
        else agent.workers++;
        agent.names[message.sessionId] = message.workerName;
        return;
      case "unregister":
        if (agent.names[message.sessionId] === undefined) this.#bad++;
        else agent.workers--;
        agent.names[message.sessionId] = undefined;
        return;
      default:
        this.#bad++;
    }
  }

  #submit(agent: Agent, share: Submit): void {
    const name = agent.names[share.sessionId];
    if (name === undefined) {
      this.#bad++;
      return;
    }
    const ntime = share.ntime ?? agent.times[share.jobId]!;
    if (ntime === 0) this.#bad++;
    const { extranonce2, nonce, versionBits } = share;
    this.#shares++;
    this.#checksum = addToChecksum(this.#checksum, name, {
      extranonce2,
      nonce,
      ntime,
      versionBits,
    });
    this.#latency.add(ageOf(nonce, this.#now));
    const index = agent.index;
    agent.index = index + 1 & 0xffff;
    if (agent.handshake.wantsVerdicts) this.#addVerdict(index);
  }

  #addVerdict(index: number): void {
    if (this.#verdictBytes + VERDICT_BYTES > this.#verdicts.byteLength) {
      const grown = new Uint8Array(this.#verdicts.byteLength * 2);
      grown.set(new Uint8Array(this.#verdicts.buffer));
      this.#verdicts = new DataView(grown.buffer);
    }
    const at = this.#verdictBytes;
    this.#verdicts.setUint8(at, FRAME_MAGIC);
    this.#verdicts.setUint8(at + 1, COMMAND.verdict);
    this.#verdicts.setUint16(at + 2, VERDICT_BYTES, true);
    this.#verdicts.setUint16(at + 4, index, true);
    this.#verdicts.setInt32(at + 6, SHARE_ACCEPTED, true);
    this.#verdictBytes += VERDICT_BYTES;
    this.#verdictCount++;
  }

  #sendJob(): void {
    this.#job = jobAt(this.#kernel.now(), ++this.#sequence);
    for (const agent of this.#agents.values()) {
      if (agent.handshake.isAuthorized) this.#sendJobTo(agent, false);
    }
  }

  #sendJobTo(agent: Agent, isClean: boolean): void {
    const id = agent.jobs++ % JOB_IDS;
    agent.times[id] = parseInt(this.#job.ntime, 16);
    this.#kernel.send(agent.fd, encodeNotify(this.#job, `${id}`, isClean));
  }
}

if (import.meta.main) new Pool().run();
