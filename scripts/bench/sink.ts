/**
 * The floor of the load generator: miners connect directly to a server that answers every share
 * with true and does nothing else. No agent can be faster.
 */

import { encodeNotify } from "../../lib/protocol/stratum/job.ts";
import { scanShare } from "../../lib/protocol/stratum/share_scanner.ts";
import { decodeStratum, formatReply } from "../../lib/protocol/stratum/message.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { addToChecksum } from "../../lib/sim/share_checksum.ts";
import { ageOf } from "./marks.ts";
import { type PoolCommand, type PoolReport, tellDriver } from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { Kernel, NO_WIRE, type SocketOwner } from "./kernel.ts";
import { jobAt } from "./pool.ts";

const LF = 0x0a;
const encoder = new TextEncoder();

class Sink implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #latency = new Histogram();
  readonly #partial = new Map<number, Uint8Array>();
  readonly #names: (string | undefined)[] = [];
  readonly #fds = new Set<number>();
  #connections = 0;
  #shares = 0;
  #checksum = 0;
  #bad = 0;
  #jobEveryMs = 0;
  #nextJobAt = 0;
  #sequence = 0;
  #job = encodeNotify(jobAt(this.#kernel.now(), 0), "0", true);

  run(): never {
    tellDriver({ port: this.#kernel.listen() });
    for (;;) {
      const left = this.#jobEveryMs > 0 ? this.#nextJobAt - this.#kernel.now() : 1000;
      this.#kernel.turn(Math.max(0, Math.min(1000, Math.ceil(left))));
      if (this.#jobEveryMs === 0 || this.#kernel.now() < this.#nextJobAt) continue;
      this.#nextJobAt = this.#kernel.now() + this.#jobEveryMs;
      const id = ++this.#sequence;
      this.#job = encodeNotify(jobAt(this.#kernel.now(), id), `${id}`, false);
      for (const fd of this.#fds) this.#kernel.send(fd, this.#job);
    }
  }

  accepted(): void {
    this.#connections++;
  }

  connected(): void {}

  received(fd: number, chunk: Uint8Array): void {
    const now = this.#kernel.now();
    const before = this.#partial.get(fd);
    const bytes = before === undefined ? chunk : Uint8Array.of(...before, ...chunk);
    this.#partial.delete(fd);
    let answers = "";
    let start = 0;
    let isIn = false;
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, start)) {
      const line = bytes.subarray(start, end);
      start = end + 1;
      const share = scanShare(line);
      if (share === undefined) {
        const { id, result, isLast } = this.#answer(fd, line);
        answers += formatReply(id, result) + "\n";
        isIn ||= isLast;
      } else {
        this.#shares++;
        this.#checksum = addToChecksum(this.#checksum, this.#names[fd] ?? "", share);
        this.#latency.add(ageOf(share.nonce, now));
        answers += formatReply(share.id, "true") + "\n";
      }
      if (start === bytes.length) break;
    }
    if (start < bytes.length) this.#partial.set(fd, bytes.slice(start));
    if (answers !== "") this.#kernel.send(fd, encoder.encode(answers));
    if (!isIn) return;
    this.#fds.add(fd);
    this.#kernel.send(fd, this.#job);
  }

  ended(fd: number): void {
    this.#fds.delete(fd);
    this.#partial.delete(fd);
  }

  commanded(text: string): void {
    const command = JSON.parse(text) as PoolCommand;
    if (command.do === "mark") this.#latency.clear();
    if (command.do === "jobs") {
      this.#jobEveryMs = command.everyMs;
      this.#nextJobAt = this.#kernel.now();
    }
    const report: PoolReport = {
      at: this.#kernel.now(),
      shares: this.#shares,
      checksum: this.#checksum,
      bad: this.#bad,
      workers: this.#fds.size,
      connections: this.#connections,
      open: this.#fds.size,
      // Its answers are its own.
      verdicts: 0,
      latency: this.#latency.durations(),
      wire: NO_WIRE,
    };
    tellDriver(report);
  }

  #answer(fd: number, line: Uint8Array): {
    readonly id: number | string | null;
    readonly result: string;
    readonly isLast: boolean;
  } {
    const message = decodeStratum(line, MinerFault);
    const { id } = message;
    const method = message.kind === "request" ? message.method : "";
    if (message.kind === "request" && method === "mining.authorize") {
      this.#names[fd] = String(message.params[0]).split(".")[1]!;
      return { id, result: "true", isLast: true };
    }
    if (method === "mining.subscribe") return { id, result: '[[],"00000000",4]', isLast: false };
    if (method === "mining.configure") {
      return { id, result: '{"version-rolling":true}', isLast: false };
    }
    this.#bad++;
    return { id, result: "null", isLast: false };
  }
}

if (import.meta.main) new Sink().run();
