/**
 * What one pool can make the proxy tell a whole farm, with real sockets: masks, jobs and
 * difficulties in floods, and a miner that stops reading in the middle of them.
 */

import assert from "node:assert/strict";
import { encodeSetDifficulty } from "../../lib/protocol/agent/message.ts";
import { encodeNotify, type Job, parseNotify } from "../../lib/protocol/stratum/job.ts";
import { encodeLine, formatNotification } from "../../lib/protocol/stratum/message.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { LogCapture } from "../support/log_capture.ts";
import { PATIENCE_MS } from "../support/patience.ts";
import { notifyLine } from "../support/pool_lines.ts";
import { TestProxy, until } from "../support/test_proxy.ts";

const decoder = new TextDecoder();

/** A line of a pool or a miner, as far as these tests look at it. */
interface Line {
  readonly method?: string;
  readonly params: readonly unknown[];
}

/** A job as it goes to miners, some 20 KB long, told from others by its time. */
function largeJob(number: number): Job {
  const job = parseNotify(JSON.parse(notifyLine("0")).params);
  return { ...job, ntime: number.toString(16).padStart(8, "0"), coinbase2: "ab".repeat(10_000) };
}

function maskLine(mask: string): Uint8Array {
  return encodeLine(formatNotification("mining.set_version_mask", `["${mask}"]`));
}

/** Several messages of a pool in one go. */
function together(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** A miner that reads only when it is told to. */
class StoppingReader implements Disposable {
  readonly #conn: Deno.Conn;
  #text = "";

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  /** One that has logged in and read its first job. */
  static async login(port: number, name: string): Promise<StoppingReader> {
    const reader = new StoppingReader(await Deno.connect({ hostname: "127.0.0.1", port }));
    const requests = [
      '{"id":1,"method":"mining.subscribe","params":["cgminer/4.11.1"]}',
      `{"id":2,"method":"mining.authorize","params":["demo.${name}","x"]}`,
    ];
    await reader.#conn.write(encodeLine(requests.join("\n")));
    await reader.read((lines) => jobs(lines).length === 1);
    return reader;
  }

  get lines(): Line[] {
    return this.#text.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  }

  /** Reads until `isComplete`, asked after each piece; fails when it is long in vain. */
  async read(isComplete: (lines: readonly Line[]) => boolean): Promise<Line[]> {
    const buffer = new Uint8Array(64 * 1024);
    const deadline = setTimeout(() => this.#conn.close(), PATIENCE_MS);
    try {
      while (!isComplete(this.lines)) {
        const count = await this.#conn.read(buffer);
        assert.ok(count !== null, "the connection is over");
        this.#text += decoder.decode(buffer.subarray(0, count));
      }
    } finally {
      clearTimeout(deadline);
    }
    return this.lines;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

const jobs = (lines: readonly Line[]) => lines.filter(({ method }) => method === "mining.notify");

for (const engine of ["deno", "libc"] as const) {
  Deno.test(`${engine}: a miner that stopped reading hears the newest job and its one difficulty`, async () => {
    using _log = new LogCapture();
    await using pool = await SimPool.start({ proofOfWork: false });
    await using proxy = new TestProxy([pool], { advanced: { io_engine: engine } });
    // The kernel's buffers are bounded from the second connection on.
    using _first = await StoppingReader.login(proxy.port, "first");
    using miner = await StoppingReader.login(proxy.port, "slow");
    const worker = () => pool.workers().find(({ workerName }) => workerName === "slow");
    await pool.until(() => worker() !== undefined);
    const { sessionId } = worker()!;
    // Far more than the kernel takes for one that does not read.
    const last = 25;
    for (let number = 1; number <= last; number++) {
      const before = proxy.statistics().poolBytesRead;
      const pieces = [
        encodeSetDifficulty(number, [sessionId]),
        encodeNotify(largeJob(number), String(number), true),
      ];
      pool.send(together(pieces));
      const length = pieces.reduce((sum, { length }) => sum + length, 0);
      await until(
        () => proxy.statistics().poolBytesRead >= before + length,
        `job ${number} is read`,
      );
    }
    const lines = await miner.read((lines) => jobs(lines).at(-1)?.params[7] === "00000019");
    assert.ok(jobs(lines).length < last, "the pool was faster than the kernel's buffers");
    let told = 0;
    for (const { method, params } of lines.slice(lines.indexOf(jobs(lines)[0]!) + 1)) {
      if (method === "mining.set_difficulty") {
        assert.equal(told, 0, "two difficulties before one job");
        told = Number(params[0]);
      } else if (method === "mining.notify") {
        // A job's time is the exponent of its difficulty.
        assert.equal(told, 2 ** parseInt(String(params[7]), 16));
        told = 0;
      }
    }
  });

  Deno.test(`${engine}: a pool that flips its version mask is left, and miners hear little of it`, async () => {
    await using rig = await FailoverRig.start({
      settings: { advanced: { io_engine: engine } },
      miners: 50,
    });
    await rig.begun();
    using miner = await StoppingReader.login(rig.proxy.port, "reader");
    const { bytesWritten } = rig.proxy.proxy.parts.miners;
    const flips = Array.from(
      { length: 220 },
      (_, i) => maskLine(i % 2 === 0 ? "00ffe000" : "1fffe000"),
    );
    rig.pool(0).send(together(flips));
    await rig.logs(/changed its version mask more than 6 times in a minute/);
    await rig.pool(1).until(() => rig.pool(1).workers().length === 51);
    assert.equal(rig.farm.statistics().lostConnections, 0);
    const written = rig.proxy.proxy.parts.miners.bytesWritten - bytesWritten;
    assert.ok(written < 50 * 10_000, `${written} bytes to 51 miners`);
    const lines = await miner.read((lines) => jobs(lines).length > 1);
    assert.ok(jobs(lines).length < 5, `${jobs(lines).length} jobs`);
  });

  Deno.test(`${engine}: of 600 jobs a second miners hear one in 5 s, and the newest when it is over`, async () => {
    await using rig = await FailoverRig.start({
      settings: { advanced: { io_engine: engine } },
      miners: 200,
      sharesPerSecond: 1,
    });
    await rig.begun();
    const heard = () => rig.farm.statistics().jobs;
    const [before, since] = [heard(), performance.now()];
    for (let jobs = 0; performance.now() - since < 3_000;) {
      for (; jobs < (performance.now() - since) * 0.6; jobs++) rig.pool(0).newJob();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await until(() => heard() >= before + 400, "everybody heard one at once and the newest");
    assert.ok(heard() <= before + 600, `${heard() - before} jobs to 200 miners`);
    assert.equal(new Set(rig.farm.miners.map(({ work }) => work?.job.id)).size, 1);
    await rig.goesOn(200);
    await rig.closeBooks(0);
  });
}
