/** Writes down, in order, what a pool session tells the mux and its owner. */

import type { Upstream, UpstreamEvents } from "../../lib/mux/peers.ts";
import type { PoolSession, PoolSessionOwner } from "../../lib/pool/agent/session.ts";
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

export class RecordingEvents implements UpstreamEvents, PoolSessionOwner {
  readonly all: PoolEvent[] = [];
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

  sessionReady(_session: PoolSession): void {
    this.#note({ ready: true });
  }

  sessionEnded(_session: PoolSession, reason: string): void {
    this.#note({ ended: reason });
  }

  jobArrived(_upstream: Upstream, { id, isClean, coinbase1 }: Job): void {
    this.#note({ job: id, isClean, coinbase1 });
  }

  difficultyChanged(_upstream: Upstream, sessionIds: readonly number[], difficulty: number): void {
    this.#note({ difficulty, sessionIds: [...sessionIds] });
  }

  versionMaskChanged(upstream: Upstream): void {
    this.#note({ mask: upstream.versionMask });
  }

  /** Of two miners in turn. */
  verdictArrived(_upstream: Upstream, index: number, status: number): number {
    this.#note({ verdict: index, status });
    return index % 2;
  }

  sessionUnregistered(_upstream: Upstream, sessionId: number): void {
    this.#note({ unregistered: sessionId });
  }

  // A session itself reports none of the following: its owner does.
  upstreamReady(): void {}
  registrationsResumed(): void {}

  accountRefused(): void {}
  upstreamActivated(): void {}
  upstreamRested(): void {}
  upstreamLost(): void {}

  #note(event: PoolEvent): void {
    this.all.push(event);
    this.onEvent(event);
  }
}
