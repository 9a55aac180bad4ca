/**
 * What goes to a pool on one connection: frames, gathered, and lines, at once.
 *
 * Invariant: submits are counted here as the pool counts them. Each has its exact length; whoever
 * calls sees to it that its session is registered (agent.md trap 2).
 */

import type { PoolJob } from "../mux/peers.ts";
import type { Connection } from "../net/connection.ts";
import { Outbox } from "../net/outbox.ts";
import {
  encodeRegister,
  MAX_SUBMIT_BYTES,
  UNREGISTER_BYTES,
  writeSubmit,
  writeUnregister,
} from "../protocol/agent_message.ts";
import type { Share } from "../protocol/share.ts";
import { encodeLine } from "../protocol/stratum_message.ts";
import type { RegisteredNames } from "../protocol/worker_name.ts";
import { Gathering } from "./gathering.ts";

/** A pool that leaves more than this untaken is given up: 65,535 registers are up to 6.3 MB. */
const MAX_WAITING_BYTES = 8 << 20;

/** What becomes of it. Nothing is reported after {@linkcode Outgoing.stop}. */
export interface OutgoingEvents {
  /** The frame that unregisters this session has been written. */
  unregistered(sessionId: number): void;
  /** A write failed; nothing will be written any more. */
  failed(error: unknown): void;
  /** The pool takes too little: so many bytes wait. Comes in a turn of its own. */
  stalled(waitingBytes: number): void;
}

/** See the head of this file. */
export class Outgoing {
  readonly #events: OutgoingEvents;
  readonly #outbox: Outbox;
  readonly #gathering: Gathering;
  /** The number of the next submit, as the pool counts them. */
  #nextIndex = 0;
  /** Sessions unregistered, with the position of the outbox behind the frame that says so. */
  readonly #unregistering: { readonly sessionId: number; readonly position: number }[] = [];
  #frames = 0;
  #isStopped = false;

  /** No share waits longer than `windowMs` for company. */
  constructor(connection: Pick<Connection, "write">, windowMs: number, events: OutgoingEvents) {
    this.#events = events;
    this.#outbox = new Outbox(connection, {
      written: (position) => this.#written(position),
      failed: (error) => {
        if (!this.#isStopped) events.failed(error);
      },
    });
    this.#gathering = new Gathering(this.#outbox, windowMs);
  }

  /** Bytes given to the kernel so far. */
  get bytesWritten(): number {
    return this.#outbox.position - this.#outbox.waitingBytes;
  }

  /** Bytes that the kernel has not taken. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes;
  }

  /** Frames so far; the last may still wait to be written. */
  get frames(): number {
    return this.#frames;
  }

  /** Makes a miner known. */
  register(sessionId: number, names: RegisteredNames): void {
    this.#outbox.append(encodeRegister(sessionId, names.clientAgent, names.workerName));
    this.#appended();
  }

  /** Makes it unknown; {@linkcode OutgoingEvents.unregistered} follows. */
  unregister(sessionId: number): void {
    const at = this.#outbox.reserve(UNREGISTER_BYTES);
    writeUnregister(this.#outbox.view, at, sessionId);
    this.#unregistering.push({ sessionId, position: this.#outbox.position });
    this.#appended();
  }

  /** Submits a share. @returns the number its verdict will carry. */
  submit(sessionId: number, job: PoolJob, share: Share): number {
    const index = this.#nextIndex;
    this.#nextIndex = (index + 1) & 0xffff;
    const at = this.#outbox.reserve(MAX_SUBMIT_BYTES);
    const end = writeSubmit(this.#outbox.view, at, {
      jobId: Number(job.poolJobId),
      sessionId,
      extranonce2: share.extranonce2,
      nonce: share.nonce,
      // The pool fills in the job's own time (agent.md "How a share is judged").
      ntime: share.ntime === job.ntime ? undefined : share.ntime,
      versionBits: share.versionBits,
    });
    this.#outbox.giveBack(at + MAX_SUBMIT_BYTES - end);
    this.#appended();
    return index;
  }

  /** Writes lines, and what waits before them, without waiting for company. */
  sendLines(lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of lines) this.#outbox.append(encodeLine(line));
    this.#outbox.flush();
  }

  /** Writes out what waits for company. */
  flush(): void {
    this.#gathering.flush();
  }

  /** The connection is over. */
  stop(): void {
    this.#isStopped = true;
    this.#gathering.stop();
  }

  #appended(): void {
    this.#frames++;
    this.#gathering.appended();
    if (this.#outbox.waitingBytes <= MAX_WAITING_BYTES) return;
    // The caller is in the middle of its miners.
    queueMicrotask(() => {
      if (!this.#isStopped) this.#events.stalled(this.#outbox.waitingBytes);
    });
  }

  #written(position: number): void {
    let done = 0;
    for (const { sessionId, position: end } of this.#unregistering) {
      if (end > position || this.#isStopped) break;
      done++;
      this.#events.unregistered(sessionId);
    }
    this.#unregistering.splice(0, done);
  }
}
