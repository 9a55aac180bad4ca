/**
 * The pool's end of a benchmark that speaks ordinary Stratum, in ckpool's manner: 8 bytes for
 * extranonce2, one authorized name, every submit hashed and judged.
 *
 * A benchmark's miners do not search for shares. Still, a proxy must hash each share and find it
 * good for its miner; it keeps all but the few that are good for the pool. So the proxy's
 * `vardiff.fixed` is a difficulty that any hash reaches, and one hash in the number that ckpool
 * expects is good for the pool.
 */

import { parseHex32 } from "../../lib/base/hex.ts";
import { MinerFault } from "../../lib/base/violation.ts";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import type { PreparedJob, ShareHasher } from "../../lib/bitcoin/share_hasher.ts";
import { targetOf, targetWords } from "../../lib/bitcoin/target.ts";
import { type Job, jobTime, jobVersion, notifyParams } from "../../lib/protocol/stratum/job.ts";
import { LineDecoder } from "../../lib/protocol/stratum/lines.ts";
import { decodeStratum, type Request } from "../../lib/protocol/stratum/message.ts";
import { formatRequestId } from "../../lib/protocol/stratum/request_id.ts";
import { type PoolCommand, type PoolReport, tellDriver } from "./ends.ts";
import { Histogram } from "./histogram.ts";
import { addWire, Kernel, NO_WIRE, type SocketOwner, type WireCounters } from "./kernel.ts";
import { ageOf } from "./marks.ts";
import { jobAt } from "./pool.ts";

/** One hash in this number is good for the pool: 0.3 a second where miners send 1,000. */
export const HASHES_PER_SHARE = 3_333;

const DIFFICULTY = HASHES_PER_SHARE * 2 ** -32;

const SET_DIFFICULTY =
  `{"params": [${DIFFICULTY}], "id": null, "method": "mining.set_difficulty"}\n`;

const EXTRANONCE2_BYTES = 8;
const MAX_LINE_BYTES = 4_096;
/** No miner submits for jobs older than this number of jobs. */
const MAX_JOBS = 64;

const REFUSAL = {
  unknownJob: '[21,"Invalid job id",null]',
  low: '[23,"Above target",null]',
  illegal: '[20,"Invalid share",null]',
};

const encoder = new TextEncoder();

interface Client {
  readonly fd: number;
  readonly decoder: LineDecoder;
  readonly extranonce1: string;
  /** Jobs as this client hashes them, by id. */
  readonly prepared: Map<string, PreparedJob>;
  isAuthorized: boolean;
}

class StratumPool implements SocketOwner {
  readonly #kernel = new Kernel(this);
  readonly #hasher: ShareHasher;
  readonly #clients = new Map<number, Client>();
  readonly #latency = new Histogram();
  readonly #jobs = new Map<string, Job>();
  readonly #target = targetWords(targetOf(DIFFICULTY));
  #newest = "";
  #sequence = 0;
  #connections = 0;
  #shares = 0;
  #accepted = 0;
  #bad = 0;
  #jobEveryMs = 0;
  #nextJobAt = 0;
  #wireGone: WireCounters = NO_WIRE;
  #wireAtMark: WireCounters = NO_WIRE;
  #now = 0;

  constructor(hasher: ShareHasher) {
    this.#hasher = hasher;
    this.#addJob();
  }

  run(): never {
    tellDriver({ port: this.#kernel.listen() });
    for (;;) {
      const left = this.#jobEveryMs > 0 ? this.#nextJobAt - this.#kernel.now() : 1000;
      this.#kernel.turn(Math.max(0, Math.min(1000, Math.ceil(left))));
      if (this.#jobEveryMs === 0 || this.#kernel.now() < this.#nextJobAt) continue;
      this.#nextJobAt = this.#kernel.now() + this.#jobEveryMs;
      this.#addJob();
      for (const client of this.#clients.values()) if (client.isAuthorized) this.#tellJob(client);
    }
  }

  accepted(fd: number): void {
    this.#connections++;
    this.#clients.set(fd, {
      fd,
      decoder: new LineDecoder(MAX_LINE_BYTES, MinerFault),
      extranonce1: (0x65000000 + this.#connections).toString(16),
      prepared: new Map(),
      isAuthorized: false,
    });
  }

  connected(): void {}

  received(fd: number, bytes: Uint8Array): void {
    const client = this.#clients.get(fd)!;
    this.#now = this.#kernel.now();
    client.decoder.push(bytes);
    let answers = "";
    for (let line = client.decoder.next(); line; line = client.decoder.next()) {
      const message = decodeStratum(line, MinerFault);
      if (message.kind === "request") answers += this.#answer(client, message);
      else this.#bad++;
    }
    if (answers !== "") this.#kernel.send(fd, encoder.encode(answers));
  }

  ended(fd: number): void {
    this.#clients.delete(fd);
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
        // The first connection serves the miners.
        for (const { fd } of [...this.#clients.values()].slice(0, 1)) {
          this.#wireGone = addWire(this.#wireGone, this.#kernel.wire(fd));
          this.#kernel.close(fd, true);
          this.#clients.delete(fd);
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
    return {
      at: this.#kernel.now(),
      shares: this.#shares,
      checksum: 0,
      bad: this.#bad,
      workers: 0,
      connections: this.#connections,
      open: this.#clients.size,
      verdicts: this.#shares,
      latency: this.#latency.durations(),
      wire: addWire(this.#wire(), this.#wireAtMark, -1),
      judged: { accepted: this.#accepted, credited: this.#accepted * DIFFICULTY },
    };
  }

  #wire(): WireCounters {
    let sum = this.#wireGone;
    for (const fd of this.#clients.keys()) sum = addWire(sum, this.#kernel.wire(fd));
    return sum;
  }

  #addJob(): void {
    const job = jobAt(this.#kernel.now(), ++this.#sequence);
    this.#newest = (0x6543210000000000n + BigInt(this.#sequence)).toString(16);
    this.#jobs.set(this.#newest, job);
    const [oldest] = this.#jobs.keys();
    if (this.#jobs.size > MAX_JOBS) this.#jobs.delete(oldest!);
  }

  #tellJob(client: Client): void {
    const params = notifyParams(this.#jobs.get(this.#newest)!, this.#newest, false);
    const job = `{"params": ${JSON.stringify(params)}, "id": null, "method": "mining.notify"}\n`;
    this.#kernel.send(client.fd, encoder.encode(job));
  }

  #answer(client: Client, { id, method, params }: Request): string {
    const answer = (result: string, error = "null") =>
      `{"result": ${result}, "error": ${error}, "id": ${formatRequestId(id)}}\n`;
    switch (method) {
      case "mining.submit": {
        const refusal = this.#judge(client, params);
        return refusal === undefined ? answer("true") : answer("false", refusal);
      }
      case "mining.configure":
        return answer('{"version-rolling": true, "version-rolling.mask": "1fffe000"}');
      case "mining.subscribe": {
        const session = `[["mining.notify", "${client.extranonce1}"]]`;
        return answer(`[${session}, "${client.extranonce1}", ${EXTRANONCE2_BYTES}]`);
      }
      case "mining.authorize":
        client.isAuthorized = true;
        this.#kernel.send(client.fd, encoder.encode(answer("true") + SET_DIFFICULTY));
        this.#tellJob(client);
        return "";
      default:
        this.#bad++;
        return answer("null", '[20,"Unknown method",null]');
    }
  }

  /** Why a share is refused; `undefined` if it is accepted. */
  #judge(client: Client, params: readonly unknown[]): string | undefined {
    const [, id, ...numbers] = params.map(String);
    const [extranonce2 = "", ...words] = numbers;
    const [ntime, nonce, versionBits = 0] = words.map((word) => parseHex32(word));
    const job = this.#jobs.get(id ?? "");
    this.#shares++;
    if (job === undefined) return REFUSAL.unknownJob;
    const isWhole = extranonce2.length === 2 * EXTRANONCE2_BYTES;
    if (!isWhole || ntime === undefined || nonce === undefined || ntime < jobTime(job)) {
      this.#bad++;
      return REFUSAL.illegal;
    }
    this.#latency.add(ageOf(nonce, this.#now));
    const version = (jobVersion(job) ^ versionBits) >>> 0;
    const room = Uint8Array.fromHex(extranonce2);
    this.#hasher.hash(this.#preparedOf(client, id!, job), room, ntime, nonce, version);
    if (!this.#hasher.meets(0, this.#target)) return REFUSAL.low;
    this.#accepted++;
    return undefined;
  }

  #preparedOf(client: Client, id: string, job: Job): PreparedJob {
    let prepared = client.prepared.get(id);
    if (prepared === undefined) {
      const coinbase1 = job.coinbase1 + client.extranonce1;
      prepared = this.#hasher.prepare({ ...job, coinbase1 }, EXTRANONCE2_BYTES);
      client.prepared.set(id, prepared);
    }
    return prepared;
  }
}

if (import.meta.main) new StratumPool(await loadShareHasher()).run();
