/**
 * What goes to a pool on one connection: frames, which are collected, and lines, which are sent at
 * once. Shares come first: miners are registered and unregistered only as fast as shares do not
 * have to wait on a slow line.
 *
 * Invariant: the pool counts every submit written here. Each has its exact length; its
 * session has to be registered (agent.md trap 2).
 */

import type { Now, Timers } from "../../base/clock.ts";
import type { PoolJob } from "../../mux/upstream.ts";
import type { Connection } from "../../net/pools/connection.ts";
import { Outbox } from "../../net/pools/outbox.ts";
import {
  encodeRegister,
  MAX_SUBMIT_BYTES,
  UNREGISTER_BYTES,
  writeSubmit,
  writeUnregister,
} from "../../protocol/agent/message.ts";
import type { Share } from "../../protocol/stratum/share.ts";
import { encodeLine, formatRequest } from "../../protocol/stratum/message.ts";
import type { RegisteredNames } from "../../protocol/agent/names.ts";
import { Gathering } from "./gathering.ts";
import { RegistrationWindow } from "./registration_window.ts";

/** A pool with more unread bytes than this is given up: 65,535 registers are up to 6.3 MB. */
const MAX_WAITING_BYTES = 8 << 20;

/** The id of the question that measures how long registrations take. */
export const WINDOW_QUESTION = "window";

/** What happens to it. Nothing is reported after {@linkcode Outgoing.stop}. */
export interface OutgoingEvents {
  /** The frame that unregisters this session has been written. */
  unregistered(sessionId: number): void;
  /** A write failed; nothing will be written any more. */
  failed(error: unknown): void;
  /** The pool reads too slowly: this number of bytes waits. Called in a turn of its own. */
  stalled(waitingBytes: number): void;
  /** Miners may be registered again: see {@linkcode Outgoing.takesRegistrations}. */
  resumed(): void;
}

/** All that one connection sends. */
export class Outgoing {
  readonly #events: OutgoingEvents;
  readonly #outbox: Outbox;
  readonly #gathering: Gathering;
  /** Unregistered sessions, each with the position in the outbox after its frame. */
  readonly #unregistering: { readonly sessionId: number; readonly position: number }[] = [];
  /** Sessions to be unregistered once there is room on the line. */
  readonly #toUnregister = new Set<number>();
  readonly #registrations = new RegistrationWindow();
  readonly #now: Now;
  /** Whether a registration was refused for lack of room, so that `resumed` must follow. */
  #isHolding = false;
  #frames = 0;
  #isStopped = false;

  /** No share waits longer than `windowMs` for others; `now` is monotonic, in milliseconds. */
  constructor(
    connection: Pick<Connection, "write">,
    windowMs: number,
    now: Now,
    timers: Timers,
    events: OutgoingEvents,
  ) {
    this.#events = events;
    this.#now = now;
    this.#outbox = new Outbox(connection, {
      written: (position) => this.#written(position),
      failed: (error) => {
        if (!this.#isStopped) events.failed(error);
      },
    });
    this.#gathering = new Gathering(this.#outbox, windowMs, timers);
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

  /**
   * Whether a miner may be registered without delaying the shares of others. If not, {@linkcode
   * OutgoingEvents.resumed} follows.
   */
  get takesRegistrations(): boolean {
    const { isOpen, size } = this.#registrations;
    return isOpen && this.#outbox.waitingBytes < size;
  }

  /** Registers a miner. */
  register(sessionId: number, names: RegisteredNames): void {
    // The pool would keep the old one (agent.md trap 7).
    if (this.#toUnregister.delete(sessionId)) this.#unregister(sessionId);
    const frame = encodeRegister(sessionId, names.clientAgent, names.workerName);
    this.#outbox.append(frame);
    this.#appended();
    this.#registrationSent(frame.length);
  }

  /** Unregisters it as soon as there is room; {@linkcode OutgoingEvents.unregistered} follows. */
  unregister(sessionId: number): void {
    if (this.takesRegistrations) this.#unregister(sessionId);
    else this.#toUnregister.add(sessionId);
  }

  #unregister(sessionId: number): void {
    const at = this.#outbox.reserve(UNREGISTER_BYTES);
    writeUnregister(this.#outbox.view, at, sessionId);
    this.#unregistering.push({ sessionId, position: this.#outbox.position });
    this.#appended();
    this.#registrationSent(UNREGISTER_BYTES);
  }

  /** Submits a share. */
  submit(sessionId: number, job: PoolJob, share: Share): void {
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
  }

  /** Writes lines, and what waits before them, at once. */
  sendLines(lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of lines) this.#outbox.append(encodeLine(line));
    this.#outbox.flush();
  }

  /** The pool's first answer took this long. */
  heardAfter(ms: number): void {
    this.#registrations.heardAfter(ms);
  }

  /** The pool answered a question with the id {@linkcode WINDOW_QUESTION}. */
  answered(): void {
    this.#registrations.answered(this.#now());
    // After a late answer, more may be on the way than there is room for: only another answer makes
    // room.
    this.#askIfDue();
    this.#resume();
  }

  /** Call this several times a second. */
  tick(): void {
    if (this.#registrations.tick(this.#now())) this.#resume();
  }

  /** Writes out the collected frames. */
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
    // Not now: the caller is still going through its miners.
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
    this.#resume();
  }

  #registrationSent(bytes: number): void {
    this.#registrations.sent(bytes);
    this.#askIfDue();
    this.#isHolding ||= !this.takesRegistrations;
  }

  #askIfDue(): void {
    if (!this.#registrations.isQuestionDue) return;
    this.#registrations.asked(this.#now());
    this.sendLines([formatRequest(WINDOW_QUESTION, "agent.get_capabilities", [[]])]);
  }

  /**
   * There may be room again: first to unregister miners that left, then to register waiting ones.
   */
  #resume(): void {
    if (!this.#isHolding || this.#isStopped) return;
    for (const sessionId of this.#toUnregister) {
      if (!this.takesRegistrations) return;
      this.#toUnregister.delete(sessionId);
      this.#unregister(sessionId);
    }
    if (!this.takesRegistrations) return;
    this.#isHolding = false;
    this.#events.resumed();
  }
}
