/**
 * A second kind of pool, without a socket, that shares nothing with the agent protocol: it counts
 * submits in 8 bits, leaves miners 6 bytes of extranonce, wants only shares at four times the
 * miners' difficulty, and acknowledges them in runs. It hashes every share by itself.
 */

import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { meetsDifficulty } from "../../lib/bitcoin/target.ts";
import type { Terms } from "../../lib/mux/terms.ts";
import type { PoolJob, Worker } from "../../lib/mux/upstream.ts";
import { ACCEPTED, type Rejected } from "../../lib/mux/verdict.ts";
import type {
  PoolConnection,
  PoolConnectionOptions,
  ReadyUpstream,
} from "../../lib/pool/connection.ts";
import { PoolWatch } from "../../lib/pool/pool_watch.ts";
import type { Job } from "../../lib/protocol/stratum/job.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";

// As a session does before it is ready.
await loadShareHasher();

/** Numbers the pool can tell apart. */
const INDEX_COUNT = 0x100;

/** Shares acknowledged together. */
const RUN = 4;

const LOW: Rejected = {
  kind: "rejected",
  reason: "lowDifficulty",
  code: ERROR_CODE.lowDifficulty,
  text: "Low difficulty",
  poolCode: -7,
  poolText: "not-enough-work",
};

const JOB: Job = {
  id: "tiny-1",
  prevHash: "5a".repeat(32),
  coinbase1: "0200000001fefe",
  coinbase2: "ffffffff",
  merkleBranches: ["cd".repeat(32)],
  version: "20000000",
  bits: "1d00ffff",
  ntime: "650d1b20",
  isClean: true,
};

/** What the pool has seen. */
export class TinyPool {
  /** What miners start at. */
  readonly difficulty: number;
  /** Shares good for the pool. */
  accepted = 0;
  /** Shares that were not: none should be sent. */
  rejected = 0;
  /** Miners that work on this connection. */
  readonly workers = new Map<number, Worker>();
  #connection: TinyConnection | undefined;

  constructor(difficulty: number) {
    this.difficulty = difficulty;
  }

  /** The terms of its connections. */
  get terms(): Terms {
    return {
      extranonce: { bytes: 6, offset: 0, idBytes: 2 },
      capacity: Infinity,
      startingDifficulty: this.difficulty,
      poolDifficulty: 4 * this.difficulty,
      difficulty: "pool",
      validation: "here",
      verdicts: "given",
      canSayTimeZero: true,
      retention: { jobs: 3, acrossClean: 1, ms: 240_000 },
    };
  }

  /** Opens a connection. */
  open(options: PoolConnectionOptions): PoolConnection {
    return this.#connection = new TinyConnection(this, options);
  }

  /** Closes the connection there is. */
  lose(): void {
    this.#connection?.lose();
  }
}

class TinyConnection implements PoolConnection, ReadyUpstream {
  readonly name: string;
  readonly poolId: number;
  readonly terms: Terms;
  readonly versionMask = 0x1fffe000;
  readonly latestJob = JOB;
  readonly isSilent = false;
  readonly takesWorkers = true;
  readonly queued = 0;
  readonly watch: PoolWatch;
  bytesRead = 0;
  bytesWritten = 0;
  messagesRead = 0;
  messagesWritten = 0;
  readonly waitingBytes = 0;
  readonly #pool: TinyPool;
  readonly #options: PoolConnectionOptions;
  /** The shares that wait, by their 8-bit numbers. */
  readonly #waiting = new Map<number, { readonly serial: number; readonly isGood: boolean }>();
  #isClosed = false;

  constructor(pool: TinyPool, options: PoolConnectionOptions) {
    this.#pool = pool;
    this.#options = options;
    this.name = options.name;
    this.poolId = options.poolId;
    this.terms = pool.terms;
    this.watch = new PoolWatch(options.now());
    options.timers.nextTurn(() => {
      if (!this.#isClosed) options.owner.ready(this, this);
    });
  }

  enter(worker: Worker): void {
    this.#pool.workers.set(worker.sessionId, worker);
  }

  leave(sessionId: number): void {
    this.#pool.workers.delete(sessionId);
    this.#options.mux.forgotten(this, sessionId);
  }

  settled(): void {}

  submit(serial: number, sessionId: number, job: PoolJob, share: Share): true {
    const number = serial % INDEX_COUNT;
    const before = this.#waiting.get(number);
    if (before !== undefined) this.#options.mux.abandoned(this, before.serial, before.serial);
    const isGood = job.poolJobId === JOB.id && this.#pool.workers.has(sessionId) &&
      meetsDifficulty(headerOfShare(sessionId, share), this.terms.poolDifficulty);
    this.#waiting.set(number, { serial, isGood });
    this.messagesWritten++;
    this.bytesWritten += 1;
    return true;
  }

  withdraw(): void {}

  /** Acknowledges what waits: runs of good shares as one. */
  tick(): void {
    const waiting = [...this.#waiting.values()].sort((a, b) => a.serial - b.serial);
    this.#waiting.clear();
    const { mux } = this.#options;
    while (waiting.length > 0) {
      const { serial: first, isGood } = waiting[0]!;
      let count = 1;
      while (
        count < RUN && waiting[count]?.isGood === isGood &&
        waiting[count]!.serial === first + count
      ) count++;
      waiting.splice(0, count);
      this.messagesRead++;
      if (isGood) this.#pool.accepted += count;
      else this.#pool.rejected += count;
      mux.judged(this, first, first + count - 1, isGood ? ACCEPTED : LOW);
    }
  }

  flush(): void {}

  close(): void {
    this.#isClosed = true;
  }

  /** The pool closes it. */
  lose(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#pool.workers.clear();
    this.#options.owner.ended(this, "the tiny pool closed the connection", "connection");
  }
}

/** The header as this pool rebuilds it: 2 bytes of session id, 4 of extranonce2. */
function headerOfShare(sessionId: number, share: Share): Uint8Array {
  const coinbase = new Uint8Array([
    ...Uint8Array.fromHex(JOB.coinbase1),
    sessionId >>> 8,
    sessionId & 0xff,
    ...[24, 16, 8, 0].map((shift) => share.extranonce2 >>> shift & 0xff),
    ...Uint8Array.fromHex(JOB.coinbase2),
  ]);
  const root = merkleRoot(coinbase, JOB.merkleBranches);
  return headerOf(JOB, root, share.ntime, share.nonce, share.versionBits);
}
