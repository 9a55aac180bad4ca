/** What an agent's frame cannot say is refused here, never sent as something else. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { systemTime } from "../../lib/base/system_time.ts";
import type { PoolJob } from "../../lib/mux/upstream.ts";
import { Outgoing } from "../../lib/pool/agent/outgoing.ts";
import { decodeAgentFrame } from "../../lib/protocol/agent/message.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { coinbaseOf, MuxWorld, poolJob } from "../support/mux_world.ts";

const JOB_TIME = 0x650d1b20;

const GOOD: Omit<Share, "jobId"> = {
  id: 1,
  extranonce2: 42,
  ntime: JOB_TIME,
  nonce: 7,
  versionBits: 0,
  extranonce2Digits: 8,
  hasVersionBits: false,
};

/** A miner at a pool whose job has this time. */
class Desk {
  readonly world = new MuxWorld({ highestSessionId: 1 });
  readonly pool = this.world.bare("a");
  readonly #job: number;
  readonly #miner;

  constructor(jobTime = JOB_TIME) {
    const ntime = jobTime.toString(16).padStart(8, "0");
    this.world.mux.jobArrived(this.pool, {
      ...poolJob("17", true, coinbaseOf(this.pool)),
      ntime,
    });
    this.world.activate(this.pool);
    this.#miner = this.world.join();
    this.#job = this.#miner.job.id;
  }

  /** What becomes of a share, or the code of the error it is refused with. */
  submit(share: Partial<Share>): "waiting" | "taken" | "checking" | number {
    const receipt = this.#miner.seat!.submit({ ...GOOD, jobId: this.#job, ...share });
    return typeof receipt === "string" ? receipt : receipt.code;
  }

  get shares(): Partial<Record<string, number>> {
    const counts = Object.entries(this.world.counter.total.snapshot());
    return Object.fromEntries(counts.filter(([, count]) => count > 0));
  }
}

Deno.test("a share whose time is 0 is too old: a pool would read the time of the job", () => {
  const desk = new Desk();
  assert.equal(desk.submit({ ntime: 0 }), ERROR_CODE.timeTooOld);
  assert.deepEqual(desk.pool.submits, []);
  assert.deepEqual(desk.shares, { received: 1, refusedTimeTooOld: 1 });
});

Deno.test("time 0 goes up for a job whose own time is 0: then it says what the miner hashed", () => {
  const desk = new Desk(0);
  assert.equal(desk.submit({ ntime: 0 }), "waiting");
  assert.equal(desk.pool.submits.length, 1);
});

/** The bytes a connection writes for a share. */
function frameOf(sessionId: number, job: PoolJob, share: Share): Uint8Array {
  let frame: Uint8Array | undefined;
  const write = (bytes: Uint8Array) => {
    frame = bytes.slice();
    return Promise.resolve(bytes.length);
  };
  const events = { unregistered: () => {}, failed: () => {}, stalled: () => {}, resumed: () => {} };
  new Outgoing({ write }, 0, () => 0, systemTime, events).submit(sessionId, job, share);
  return frame!;
}

Deno.test("every share is refused or reaches the pool as the header the miner hashed", () => {
  const word = fc.oneof(fc.constantFrom(0, 1, JOB_TIME, 0xffffffff), fc.nat({ max: 0xffffffff }));
  const versionBits = fc.oneof(fc.constantFrom(0, 0x2000, 0x1fffe000), word);
  const share = fc.record({ extranonce2: word, ntime: word, nonce: word, versionBits });
  fc.assert(
    fc.property(share, fc.constantFrom(0, 1, JOB_TIME, 0xffffffff), (rolled, jobTime) => {
      const desk = new Desk(jobTime);
      const receipt = desk.submit(rolled);
      const [submit] = desk.pool.submits;
      if (receipt !== "waiting") {
        assert.equal(submit, undefined);
        return;
      }
      const job = { poolJobId: submit!.poolJobId, ntime: jobTime, version: 0x20000000 };
      const frame = decodeAgentFrame(frameOf(submit!.sessionId, job, submit!.share));
      assert.ok(frame?.kind === "submit");
      const { extranonce2, nonce, versionBits } = frame;
      // A pool puts in the job's own time where there is none, or 0.
      const ntime = frame.ntime === undefined || frame.ntime === 0 ? jobTime : frame.ntime;
      assert.deepEqual({ extranonce2, ntime, nonce, versionBits }, { ...rolled });
    }),
    { seed: 20261130, numRuns: 500 },
  );
});
