/** Writes down, in order, what a pool session tells the mux and its owner. */

import type { Upstream, UpstreamEvents } from "../../lib/mux/upstream.ts";
import type { Verdict } from "../../lib/mux/verdict.ts";
import type {
  EndCause,
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
  | { readonly poolDifficulty: number; readonly isAlone: boolean }
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

  /** The verdicts, in order; each is an event of its own, too. */
  readonly verdicts: Verdict[] = [];
  /** The serials of shares that had waited for their turn and went up, in order; no events. */
  readonly sentSerials: number[] = [];
  /** The serials of shares that were given up, in order; no events. */
  readonly abandonedSerials: number[] = [];
  /** How many verdicts fit no share; no events. */
  unexplainedVerdicts = 0;
  /** Why it ended, in a word. */
  endCause: EndCause | undefined;

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

  ended(_connection: PoolConnection, reason: string, cause: EndCause): void {
    this.endCause = cause;
    this.#note({ ended: reason });
  }

  jobArrived(_upstream: Upstream, { id, isClean, coinbase1 }: Job): void {
    this.#note({ job: id, isClean, coinbase1 });
  }

  difficultyChanged(
    _upstream: Upstream,
    sessionIds: readonly number[] | "all",
    difficulty: number,
    isAlone: boolean,
  ): void {
    if (sessionIds === "all") this.#note({ poolDifficulty: difficulty, isAlone });
    else this.#note({ difficulty, sessionIds: [...sessionIds] });
  }

  versionMaskChanged(upstream: Upstream): void {
    this.#note({ mask: upstream.versionMask });
  }

  /** Of two miners in turn. */
  judged(upstream: Upstream, first: number, last: number, verdict: Verdict): void {
    const status = verdict.kind === "accepted" ? SHARE_ACCEPTED : verdict.poolCode;
    for (let serial = first; serial <= last; serial++) {
      const index = serial & 0xffff;
      this.verdicts.push(verdict);
      this.#note({ verdict: index, status });
      upstream.watch.judged(index % 2, verdict, this.#now());
    }
  }

  unexplained(_upstream: Upstream, verdicts: number): void {
    this.unexplainedVerdicts += verdicts;
  }

  forgotten(_upstream: Upstream, sessionId: number): void {
    this.#note({ unregistered: sessionId });
  }

  // A session itself reports none of the following: its owner does.
  upstreamReady(): void {}
  entryResumed(): void {}

  sent(_upstream: Upstream, serial: number): void {
    this.sentSerials.push(serial);
  }

  abandoned(_upstream: Upstream, first: number): void {
    this.abandonedSerials.push(first);
  }

  accountRefused(): void {}
  dedicated(): void {}
  moved(): void {}
  upstreamLost(): void {}

  #note(event: PoolEvent): void {
    this.all.push(event);
    this.onEvent(event);
  }
}
