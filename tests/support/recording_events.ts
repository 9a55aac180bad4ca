/** Writes down, in order, what a pool session tells the mux and its owner. */

import type { Upstream, UpstreamEvents } from "../../lib/mux/upstream.ts";
import type { Verdict } from "../../lib/mux/verdict.ts";
import type {
  PoolConnection,
  PoolConnectionOwner,
  ReadyUpstream,
} from "../../lib/pool/connection.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import type { Job } from "../../lib/protocol/stratum/job.ts";

/** What was told, the connection left out. */
export type PoolEvent =
  | { readonly ready: true }
  | { readonly ended: string }
  | { readonly job: string; readonly isClean: boolean; readonly coinbase1: string }
  | { readonly difficulty: number; readonly sessionIds: readonly number[] }
  | { readonly mask: number }
  | { readonly verdict: number; readonly status: number }
  | { readonly unregistered: number };

export class RecordingEvents implements UpstreamEvents, PoolConnectionOwner {
  readonly all: PoolEvent[] = [];
  /** Once the handshake is done. */
  upstream: ReadyUpstream | undefined;
  readonly #now: () => number;

  /** Verdicts are noted at the time that `now` says. */
  constructor(now: () => number = () => 0) {
    this.#now = now;
  }

  /** Called with each event as it comes. */
  onEvent: (event: PoolEvent) => void = () => {};

  /** Why the session ended; `undefined` as long as it did not. */
  get endReason(): string | undefined {
    return this.all.flatMap((event) => "ended" in event ? [event.ended] : [])[0];
  }

  /** The sessions reported as unregistered. */
  get unregistered(): number[] {
    return this.all.flatMap((event) => "unregistered" in event ? [event.unregistered] : []);
  }

  ready(_connection: PoolConnection, upstream: ReadyUpstream): void {
    this.upstream = upstream;
    this.#note({ ready: true });
  }

  ended(_connection: PoolConnection, reason: string): void {
    this.#note({ ended: reason });
  }

  jobArrived(_upstream: Upstream, { id, isClean, coinbase1 }: Job): void {
    this.#note({ job: id, isClean, coinbase1 });
  }

  difficultyChanged(
    _upstream: Upstream,
    sessionIds: readonly number[] | "all",
    difficulty: number,
  ): void {
    this.#note({ difficulty, sessionIds: [...sessionIds as readonly number[]] });
  }

  versionMaskChanged(upstream: Upstream): void {
    this.#note({ mask: upstream.versionMask });
  }

  /** Of two miners in turn. */
  judged(upstream: Upstream, serial: number, _last: number, verdict: Verdict): void {
    const status = verdict.kind === "accepted" ? SHARE_ACCEPTED : verdict.poolCode;
    const index = serial & 0xffff;
    this.#note({ verdict: index, status });
    upstream.watch.judged(index % 2, verdict, this.#now());
  }

  forgotten(_upstream: Upstream, sessionId: number): void {
    this.#note({ unregistered: sessionId });
  }

  // A session itself reports none of the following: its owner does.
  upstreamReady(): void {}
  entryResumed(): void {}
  abandoned(): void {}

  accountRefused(): void {}
  moved(): void {}
  upstreamLost(): void {}

  #note(event: PoolEvent): void {
    this.all.push(event);
    this.onEvent(event);
  }
}
