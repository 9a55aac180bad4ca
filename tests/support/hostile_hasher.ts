/**
 * A miner that attacks the pool behind the proxy: it really hashes, and sends a few good shares
 * among many lines that are not valid shares.
 */

import assert from "node:assert/strict";
import { formatHex32, parseHex32 } from "../../lib/base/hex.ts";
import { type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { Grinder } from "../../lib/sim/grinder.ts";
import type { MinerShare } from "../../lib/sim/miner_dialogue.ts";
import { randomBelow, seededRandom } from "../../lib/sim/seeded_random.ts";
import { proofOf } from "../../lib/sim/stratum_pool/proof.ts";
import { RawMiner } from "./raw_miner.ts";

const ROLLING = 0x1fffe000;
const HASHES_AT_ONCE = 1 << 16;

/** The results of its lines. */
export interface HostileCounts {
  /** Good shares, each sent once: these may be sent to the pool. */
  readonly good: number;
  /** Everything else. */
  readonly bad: number;
}

/** A hashing miner that sends hostile lines. */
export class HostileHasher implements AsyncDisposable {
  readonly #miner: RawMiner;
  readonly #user: string;
  readonly #random = seededRandom(666);
  readonly #grinder = new Grinder(this.#random);
  #grinding: Job | undefined;
  readonly #seen: Job[] = [];
  #extranonce1 = "";
  #extranonce2Size = 0;
  #lines = 0;
  #id = 10;
  #good = 0;
  #bad = 0;

  private constructor(miner: RawMiner, user: string) {
    this.#miner = miner;
    this.#user = user;
  }

  /** Connects, logs in with version rolling, and has a job. */
  static async start(port: number, user: string): Promise<HostileHasher> {
    const miner = await RawMiner.connect(port);
    const hostile = new HostileHasher(miner, user);
    await miner.send(
      '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}\n' +
        '{"id":2,"method":"mining.subscribe","params":["evil/1"]}\n' +
        `{"id":3,"method":"mining.authorize","params":["${user}","x"]}\n`,
    );
    await miner.until(() => hostile.#read().length > 0, "a job");
    return hostile;
  }

  /** What was sent so far. */
  get counts(): HostileCounts {
    return { good: this.#good, bad: this.#bad };
  }

  /** The number of jobs that it has got. */
  get jobs(): number {
    return this.#read().length;
  }

  /** Whether the proxy has disconnected it. */
  get isEnded(): boolean {
    return this.#miner.isEnded;
  }

  /** One good share of this difficulty, and more than 40 lines that must not pass. */
  async attack(difficulty: number): Promise<void> {
    const jobs = this.#read();
    const job = jobs.at(-1)!;
    const share = this.#find(job, difficulty);
    this.#good++;
    await this.#send([this.#submit(share)]);
    const bad = [
      ...this.#again(share),
      ...this.#misshapen(share),
      ...jobs.slice(0, -1).slice(-5).map(({ id }) => this.#submit({ ...share, jobId: id })),
      ...this.#worthless(job, difficulty, 20),
    ];
    this.#bad += bad.length;
    await this.#send(bad);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#miner[Symbol.asyncDispose]();
  }

  /** The jobs that have come. */
  #read(): readonly Job[] {
    const { lines } = this.#miner;
    for (; this.#lines < lines.length; this.#lines++) {
      const { id, method, params, result } = JSON.parse(lines[this.#lines]!);
      if (id === 2) [, this.#extranonce1, this.#extranonce2Size] = result;
      if (method === "mining.notify") this.#seen.push(parseNotify(params));
    }
    return this.#seen;
  }

  #find(job: Job, difficulty: number): MinerShare {
    // It continues after the nonces that it tried before.
    if (job !== this.#grinding) {
      this.#grinding = job;
      this.#grinder.setWork({
        session: undefined,
        extranonce1: this.#extranonce1,
        extranonce2Size: this.#extranonce2Size,
        job,
        difficulty,
        versionMask: ROLLING,
        rolledMask: ROLLING,
        extranonce2: "counts",
        isWorked: true,
      });
    }
    for (;;) {
      const share = this.#grinder.grind(HASHES_AT_ONCE);
      if (share !== undefined) return share;
    }
  }

  /** The same share in all the ways it can be written. */
  #again(share: MinerShare): string[] {
    const { extranonce2, nonce, versionBits } = share;
    const hex = formatHex32(nonce);
    return [
      this.#submit(share),
      this.#submit(share, { extranonce2: extranonce2.toUpperCase(), nonce: hex.toUpperCase() }),
      this.#submit(share, { nonce: hex.replace(/^0+(?=.)/, "") }),
      this.#submit(share, { version: versionBits.toString(16) }),
      this.#submit(share, { name: "somebody.else" }),
    ];
  }

  /** Lines that are not shares. */
  #misshapen(share: MinerShare): string[] {
    const { extranonce2, ntime, jobId } = share;
    const time = (seconds: number) => ({ time: formatHex32(ntime + seconds) });
    return [
      this.#submit(share, { extranonce2: "" }),
      this.#submit(share, { extranonce2: extranonce2.slice(2) }),
      this.#submit(share, { extranonce2: extranonce2 + "00" }),
      this.#submit(share, { extranonce2: "00" + extranonce2 }),
      this.#submit(share, { extranonce2: "zz".repeat(this.#extranonce2Size) }),
      this.#submit(share, time(-60)),
      this.#submit(share, time(7_100)),
      this.#submit(share, { time: "00000000" }),
      this.#submit(share, { version: "e0000000" }),
      this.#submit(share, { version: "20002000" }),
      this.#submit(share, { version: "00000001" }),
      this.#submit(share, { jobId: `${jobId}0` }),
      this.#submit(share, { jobId: "zzzzzzzz" }),
      this.#submit(share, { jobId: "" }),
      `{"id":${this.#id++},"method":"mining.submit","params":[]}`,
      `{"id":${this.#id++},"method":"mining.submit","params":null}`,
      `{"id":${this.#id++},"method":"mining.submit","params":[1,2,3,4,5,6,7]}`,
      `{"id":null,"method":"mining.submit","params":["${this.#user}","${jobId}"]}`,
      `{"id":${this.#id++},"method":"mining.set_difficulty","params":[1]}`,
    ];
  }

  /** Well-formed shares without work behind them. */
  #worthless(job: Job, difficulty: number, count: number): string[] {
    const version = parseHex32(job.version)!;
    const lines: string[] = [];
    while (lines.length < count) {
      const share = {
        jobId: job.id,
        extranonce2: formatHex32(randomBelow(this.#random, 2 ** 32))
          .slice(0, 2 * this.#extranonce2Size),
        ntime: parseHex32(job.ntime)!,
        nonce: randomBelow(this.#random, 2 ** 32),
        versionBits: (randomBelow(this.#random, 2 ** 32) & ROLLING) >>> 0,
      };
      const proof = proofOf(job, {
        coinbase: job.coinbase1 + this.#extranonce1 + share.extranonce2 + job.coinbase2,
        version: (version | share.versionBits) >>> 0,
        time: share.ntime,
        nonce: share.nonce,
      });
      // Skips one that happens to be good.
      if (proof.difficulty < difficulty) lines.push(this.#submit(share));
    }
    return lines;
  }

  #submit(
    { jobId, extranonce2, ntime, nonce, versionBits }: MinerShare,
    other: Readonly<Record<string, string>> = {},
  ): string {
    const params = [
      other["name"] ?? this.#user,
      other["jobId"] ?? jobId,
      other["extranonce2"] ?? extranonce2,
      other["time"] ?? formatHex32(ntime),
      other["nonce"] ?? formatHex32(nonce),
      other["version"] ?? formatHex32(versionBits),
    ];
    return JSON.stringify({ id: this.#id++, method: "mining.submit", params });
  }

  async #send(lines: readonly string[]): Promise<void> {
    assert.ok(!this.#miner.isEnded, "it was thrown out: it is to look like a miner");
    await this.#miner.send(lines.map((line) => `${line}\n`).join(""));
  }
}
