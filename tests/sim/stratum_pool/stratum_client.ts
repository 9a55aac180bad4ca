/** A client of a Stratum pool that a test leads by the hand, and that finds real shares. */

import { formatHex32, parseHex32 } from "../../../lib/base/hex.ts";
import { systemTime } from "../../../lib/base/system_time.ts";
import { MinerFault } from "../../../lib/base/violation.ts";
import { headerOf, merkleRoot } from "../../../lib/bitcoin/header.ts";
import { difficultyOf } from "../../../lib/bitcoin/target.ts";
import { type Job, parseNotify } from "../../../lib/protocol/stratum/job.ts";
import { LineDecoder } from "../../../lib/protocol/stratum/lines.ts";
import { findNonce } from "../../../lib/sim/nonce_search.ts";
import { Watch } from "../../../lib/sim/watch.ts";

/** What came. */
export interface Line {
  readonly id?: number | string | null;
  readonly method?: string;
  readonly params?: readonly unknown[];
  readonly result?: unknown;
  readonly error?: unknown;
  readonly "reject-reason"?: string;
}

/** How a share is to be made. */
export interface Wanted {
  /** What its hash must reach. */
  readonly difficulty?: number;
  /** What its hash must not reach. */
  readonly below?: number;
  readonly extranonce1?: string;
  readonly extranonce2?: string;
  readonly ntime?: number;
  /** The sixth parameter is sent if they are given. */
  readonly versionBits?: number;
  /** How the bits go into the version. */
  readonly combine?: (version: number, bits: number) => number;
  readonly name?: string;
}

export const USER = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4.rig1";

/** The name of a user's account. */
export const ACCOUNT = USER.split(".")[0]!;

/** Anything easier is none of a test's concern. */
const EASY = 2 ** -24;

export class StratumClient {
  /** Everything that came, in order. */
  readonly lines: Line[] = [];
  /** The same as it was spelled. */
  readonly texts: string[] = [];
  isClosed = false;
  readonly #conn: Deno.TcpConn;
  readonly #watch = new Watch(systemTime);
  readonly #reading: Promise<void>;
  #nextId = 1;
  #extranonces = 0;

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
    this.#reading = this.#read();
  }

  static async connect({ port }: { readonly port: number }): Promise<StratumClient> {
    return new StratumClient(await Deno.connect({ hostname: "127.0.0.1", port }));
  }

  /** A client that has said what it has to and got its first job. */
  static async ready(
    pool: { readonly port: number },
    { rolls = true, user = USER } = {},
  ): Promise<StratumClient> {
    const client = await StratumClient.connect(pool);
    if (rolls) client.send("mining.configure", CONFIGURE);
    client.send("mining.subscribe", ["test/1"]);
    const id = client.send("mining.authorize", [user, "x"]);
    await client.answer(id);
    await client.until(() => client.jobs.length > 0);
    return client;
  }

  /** Sends a request and gives its id. */
  send(method: string, params: readonly unknown[] = []): number {
    const id = this.#nextId++;
    this.sendText(JSON.stringify({ id, method, params }) + "\n");
    return id;
  }

  sendText(text: string): void {
    this.#conn.write(new TextEncoder().encode(text)).catch(() => {});
  }

  /** Sends a request and brings its answer. */
  ask(method: string, params: readonly unknown[] = []): Promise<Line> {
    return this.answer(this.send(method, params));
  }

  async answer(id: number): Promise<Line> {
    const find = () => this.lines.find((line) => line.id === id && line.method === undefined);
    await this.until(() => find() !== undefined || this.isClosed);
    return find() ?? {};
  }

  /** Submits a share and brings its answer. */
  submit(job: Job, wanted: Wanted = {}): Promise<Line> {
    return this.ask("mining.submit", this.share(job, wanted));
  }

  /** The parameters of a share of this job. */
  share(job: Job, wanted: Wanted = {}): string[] {
    const [, extranonce1, size] = this.subscribed;
    const { difficulty = this.difficulty, below = Infinity, name = USER, versionBits = 0 } = wanted;
    const { combine = (version: number, bits: number) => version | bits } = wanted;
    const ntime = wanted.ntime ?? parseHex32(job.ntime)!;
    for (;;) {
      const extranonce2 = wanted.extranonce2 ??
        (this.#extranonces++).toString(16).padStart(size * 2, "0");
      const coinbase = Uint8Array.fromHex(
        job.coinbase1 + (wanted.extranonce1 ?? extranonce1) + extranonce2 + job.coinbase2,
      );
      const root = merkleRoot(coinbase, job.merkleBranches);
      const version = parseHex32(job.version)!;
      const bits = (combine(version, versionBits) ^ version) >>> 0;
      let from = 0;
      for (;;) {
        const header = headerOf(job, root, ntime, 0, bits);
        const nonce = findNonce(header, Math.max(EASY, difficulty), from, 2 ** 32);
        if (nonce === undefined) break;
        from = nonce + 1;
        if (difficultyOf(headerOf(job, root, ntime, nonce, bits)) >= below) continue;
        const params = [name, job.id, extranonce2, formatHex32(ntime), formatHex32(nonce)];
        if (wanted.versionBits !== undefined) params.push(formatHex32(versionBits));
        return params;
      }
    }
  }

  /** The last answer to subscribe. */
  get subscribed(): [unknown, string, number] {
    const line = this.lines.findLast(({ result }) => Array.isArray(result));
    return line!.result as [unknown, string, number];
  }

  get jobs(): Job[] {
    return this.#notified("mining.notify").map((params) => parseNotify(params));
  }

  get job(): Job {
    return this.jobs.at(-1)!;
  }

  get difficulties(): number[] {
    return this.#notified("mining.set_difficulty").map(([difficulty]) => difficulty as number);
  }

  get difficulty(): number {
    return this.difficulties.at(-1)!;
  }

  /** The methods of all notifications after the first `from` lines. */
  methodsFrom(from: number): (string | undefined)[] {
    return this.lines.slice(from).map(({ method }) => method?.replace("mining.", ""));
  }

  until(condition: () => boolean): Promise<void> {
    return this.#watch.until(condition);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#conn.close();
    } catch {
      // Closed by the pool.
    }
    await this.#reading;
  }

  #notified(method: string): (readonly unknown[])[] {
    return this.lines.filter((line) => line.method === method).map(({ params }) => params!);
  }

  async #read(): Promise<void> {
    const decoder = new LineDecoder(1 << 20, MinerFault);
    const buffer = new Uint8Array(16_384);
    for (;;) {
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) break;
      decoder.push(buffer.subarray(0, count));
      for (let line = decoder.next(); line; line = decoder.next()) {
        const text = new TextDecoder().decode(line);
        this.texts.push(text);
        this.lines.push(asJson(text));
      }
      this.#watch.changed();
    }
    this.isClosed = true;
    this.#watch.changed();
    try {
      this.#conn.close();
    } catch {
      // Closed by the test.
    }
  }
}

const CONFIGURE = [["version-rolling"], {
  "version-rolling.mask": "1fffe000",
  "version-rolling.min-bit-count": 2,
}];

function asJson(text: string): Line {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
