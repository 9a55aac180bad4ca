/**
 * All connected miners: engine events to sessions, and the deadlines every miner has.
 *
 * A miner's fault ends here, with one log line and its own connection.
 */

import type { Now } from "../base/clock.ts";
import type { Downstream, Fanout, JobLines, Mux } from "../mux/peers.ts";
import {
  type EngineEvents,
  formatAddress,
  type MinerSockets,
  type PeerAddress,
} from "../net/engine.ts";
import { areaLog } from "../observe/log.ts";
import { ProtocolViolation } from "../protocol/violation.ts";
import { ReconnectPause } from "./asicboost.ts";
import { type MinerContext, MinerSession } from "./session.ts";
import type { WorkerNaming } from "./worker_naming.ts";

/** Bounds for every miner. */
export interface MinerLimits {
  /** A miner must be subscribed and authorized this long after it connected, in milliseconds. */
  readonly loginTimeoutMs: number;
  /** A miner that sends nothing for this long is closed, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** Longest line taken, in bytes. */
  readonly maxLineBytes: number;
  /** Most connections at a time. */
  readonly maxMiners: number;
}

/** What the miners' side is made of. */
export interface MinersOptions {
  /** Starts listening with these events. */
  readonly listen: (events: EngineEvents) => MinerSockets;
  /** Where shares go. */
  readonly mux: Mux;
  /** Bounds for every miner. */
  readonly limits: MinerLimits;
  /** What the pool calls workers. */
  readonly naming: WorkerNaming;
  /** Whether a miner that lost ASICBoost is asked to reconnect. */
  readonly reconnectsLostAsicboost: boolean;
  /** What `client.get_version` answers. */
  readonly version: string;
  /** Monotonic time. */
  readonly now: Now;
}

const log = areaLog("miner");

const NO_BYTES = new Uint8Array(0);

/** See the head of this file. */
export class Miners implements Fanout, EngineEvents {
  readonly #options: MinersOptions;
  readonly #sockets: MinerSockets;
  readonly #context: MinerContext;
  /** By handle. */
  readonly #sessions: (MinerSession | undefined)[] = [];
  #count = 0;
  #isDraining = false;

  /** Starts listening. @throws what listening throws. */
  constructor(options: MinersOptions) {
    this.#options = options;
    this.#sockets = options.listen(this);
    this.#context = {
      sockets: this.#sockets,
      mux: options.mux,
      maxLineBytes: options.limits.maxLineBytes,
      naming: options.naming,
      reconnectPause: options.reconnectsLostAsicboost ? new ReconnectPause(options.now) : undefined,
      version: options.version,
      resume: (session) => this.#read(session, NO_BYTES),
      end: (session, reason) => this.#end(session, reason),
    };
  }

  /** How many connections there are, and how many of them have logged in. */
  get counts(): { readonly connected: number; readonly working: number } {
    const working = this.#sessions.reduce((sum, session) => sum + (session?.isWorking ? 1 : 0), 0);
    return { connected: this.#count, working };
  }

  opened(handle: number, from: PeerAddress): boolean {
    const { limits, now } = this.#options;
    if (this.#count >= limits.maxMiners) {
      log.warn("Miner {miner} not let in: {count} are connected, which is limits.max_miners", {
        miner: formatAddress(from),
        count: this.#count,
      });
      return false;
    }
    this.#count++;
    this.#sessions[handle] = new MinerSession(this.#context, handle, from, now());
    return true;
  }

  received(handle: number, bytes: Uint8Array): void {
    const session = this.#sessions[handle];
    if (session === undefined || this.#isDraining) return;
    session.lastActiveAt = this.#options.now();
    this.#read(session, bytes);
  }

  closed(handle: number, reason: string): void {
    const session = this.#sessions[handle];
    if (session !== undefined) this.#forget(session, reason);
  }

  acceptFailed(error: unknown): void {
    log.error(
      "Cannot accept miners for the moment: {error}; {count} are connected. " +
        "If files are short, raise the limit (ulimit -n, or LimitNOFILE= of the service)",
      { error, count: this.#count },
    );
  }

  broadcast(miners: Iterable<Downstream>, job: JobLines): void {
    const handles: number[] = [];
    for (const miner of miners) handles.push(miner.handle);
    this.#sockets.broadcast(handles, job);
  }

  /** Ends miners past a deadline. To be called about once a second. */
  sweep(): void {
    this.#sockets.sweep();
    const { limits, now } = this.#options;
    const loginBefore = now() - limits.loginTimeoutMs;
    const activeAfter = now() - limits.idleTimeoutMs;
    for (const session of this.#sessions) {
      if (session === undefined) continue;
      if (!session.hasLoggedIn && session.connectedAt < loginBefore) {
        this.#end(session, `did not log in within ${limits.loginTimeoutMs / 1000} s`);
      } else if (session.lastActiveAt < activeAfter) {
        this.#end(session, `sent nothing for ${limits.idleTimeoutMs / 1000} s`);
      }
    }
  }

  /** Lets no further miner in and takes nothing more from those that are; answers still go out. */
  drain(): void {
    this.#isDraining = true;
    this.#sockets.stopAccepting();
  }

  /** Ends all miners and resolves when their sockets are gone. */
  async stop(): Promise<void> {
    const sessions = this.#sessions.splice(0);
    this.#count = 0;
    for (const session of sessions) if (session !== undefined) leaveMux(session);
    await this.#sockets.stop();
  }

  /** What a miner sends wrong ends it alone. */
  #read(session: MinerSession, bytes: Uint8Array): void {
    try {
      session.receive(bytes);
    } catch (error) {
      if (error instanceof ProtocolViolation) return this.#end(session, error.message);
      reportFault(error);
      this.#end(session, "internal error");
    }
  }

  #end(session: MinerSession, reason: string): void {
    if (this.#sessions[session.handle] !== session) return;
    this.#forget(session, reason);
    this.#sockets.close(session.handle);
  }

  #forget(session: MinerSession, reason: string): void {
    this.#sessions[session.handle] = undefined;
    this.#count--;
    leaveMux(session);
    log.info("Miner {miner} out: {reason}", { miner: session.label, reason });
  }
}

/** A fault while one miner leaves costs no other miner anything, nor this one's socket. */
function leaveMux(session: MinerSession): void {
  try {
    session.over();
  } catch (error) {
    reportFault(error);
  }
}

function reportFault(error: unknown): void {
  const stack = error instanceof Error ? error.stack : String(error);
  log.error("A fault of btcagent itself, please report it: {stack}", { stack });
}
