/**
 * A miner as the mux sees it. It records what it is sent. It fails the test if, after a move, the
 * first job comes before the difficulty, is for another connection, or is not clean.
 */

import assert from "node:assert/strict";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import type { Share } from "../../lib/protocol/stratum/share.ts";
import type { Crowd, Downstream, Fanout, Seat, ShareReceipt } from "../../lib/mux/downstream.ts";
import { type ExtranonceLayout, WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import type { Worker } from "../../lib/mux/upstream.ts";
import { parseJobId } from "../../lib/protocol/stratum/job_id.ts";
import type { RequestId } from "../../lib/protocol/stratum/request_id.ts";
import { SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import type { StratumError } from "../../lib/protocol/stratum/error_code.ts";

const decoder = new TextDecoder();

/** A job as a miner reads it. */
export interface SeenJob {
  readonly id: number;
  readonly isClean: boolean;
  /** The coinbase up to its extranonce1. */
  readonly coinbase1: string;
  /** The pool's id, which is in the rest of the coinbase. */
  readonly poolJobId: string;
  /** Its time. */
  readonly ntime: number;
}

/** The address to which miners connect by default. */
const PORT: PeerAddress = { hostname: "0.0.0.0", port: 3333 };

/** Something that a miner was sent. */
export type Told =
  | { readonly difficulty: number }
  | { readonly mask: number }
  | { readonly job: SeenJob };

export class FakeDownstream implements Downstream {
  readonly sessionId: number;
  readonly handle: number;
  readonly worker: Worker;
  port: PeerAddress = PORT;
  suggestedDifficulty: number | undefined;
  origin = 0;
  readonly layout: ExtranonceLayout;
  readonly told: Told[] = [];
  /** What each request was answered: {@linkcode SHARE_ACCEPTED}, or the error's code. */
  readonly answers = new Map<RequestId, number[]>();
  disconnectedFor: string | undefined;
  isAdmitted = false;
  turnedAwayFor: string | undefined;
  /** Set when it moves to another connection: how jobs there begin, and what it must get first. */
  place: { readonly coinbase1: string; readonly difficulty: number } | undefined;
  #heard: "nothing" | "difficulty" | "job" = "nothing";
  #mask: number | undefined;
  /** Disconnects while it is being sent something, like a miner that does not read. */
  leavesWhenTold = false;
  seat: Seat | undefined;
  isGone = false;
  /** Called with every job that it gets. */
  onJob: (job: SeenJob) => void = () => {};

  constructor(sessionId: number, layout = WIDEST_LAYOUT, name = `rig${sessionId}`) {
    this.layout = layout;
    this.sessionId = this.handle = sessionId;
    this.worker = { sessionId, account: "", name, clientAgent: "cgminer/4.11.1" };
  }

  /** The newest difficulty. */
  get difficulty(): number | undefined {
    return this.told.findLast((told) => "difficulty" in told)?.difficulty;
  }

  /** Every job it was given. */
  get jobs(): SeenJob[] {
    return this.told.flatMap((told) => "job" in told ? [told.job] : []);
  }

  get job(): SeenJob {
    return this.jobs.at(-1)!;
  }

  /** It was moved to another connection. */
  moveTo(coinbase1: string, difficulty: number): void {
    this.place = { coinbase1, difficulty };
    this.#heard = "nothing";
  }

  admit(): void {
    assert.ok(!this.isAdmitted, "admitted twice");
    assert.equal(this.#heard, "nothing", "admitted after it was told something");
    this.isAdmitted = true;
  }

  turnAway(_answer: StratumError, reason: string): void {
    assert.ok(!this.isAdmitted, "turned away after it was admitted");
    this.turnedAwayFor = reason;
  }

  /** Takes its news, like a miner whose socket accepts everything at once. */
  takeNews(): void {
    const news = this.seat?.takeNews();
    if (news === undefined) return;
    assert.ok(this.isAdmitted, "told something before it was admitted");
    if (news.versionMask !== this.#mask) this.#tell({ mask: this.#mask = news.versionMask });
    if (news.difficulty !== undefined) this.#takeDifficulty(news.difficulty);
    if (news.job !== undefined) this.#takeJob(news.job);
  }

  #takeDifficulty(difficulty: number): void {
    if (this.#heard === "nothing") this.#heard = "difficulty";
    this.#tell({ difficulty });
  }

  #takeJob(line: Uint8Array): void {
    const { params } = JSON.parse(decoder.decode(line));
    const job = {
      id: parseJobId(params[0]),
      isClean: params[8],
      coinbase1: params[2],
      poolJobId: textOf(params[3]),
      ntime: parseInt(params[7], 16),
    };
    if (!this.isGone) {
      assert.equal(job.coinbase1, this.place?.coinbase1, "a job of another connection");
      assert.notEqual(this.#heard, "nothing", "a job before its difficulty");
      assert.ok(this.#heard === "job" || job.isClean, "the first job is not clean");
      this.#heard = "job";
    }
    this.onJob(job);
    this.#tell({ job });
  }

  shareChecked({ id }: Share, receipt: ShareReceipt): void {
    if (receipt === "taken") this.acceptShare(id);
    else if (receipt !== "waiting") this.rejectShare(id, receipt);
  }

  acceptShare(id: RequestId): void {
    this.#answer(id, SHARE_ACCEPTED);
  }

  rejectShare(id: RequestId, { code }: StratumError): void {
    this.#answer(id, code);
  }

  #answer(id: RequestId, status: number): void {
    assert.ok(!this.isGone, "an answer for a miner that is gone");
    this.answers.set(id, [...this.answers.get(id) ?? [], status]);
    this.#leaveIfWished();
  }

  disconnect(reason: string): void {
    this.disconnectedFor = reason;
    this.leave();
  }

  /** Its connection is gone. */
  leave(): void {
    this.isGone = true;
    this.seat?.leave();
  }

  #tell(told: Told): void {
    if (this.isGone) return;
    this.told.push(told);
    this.#leaveIfWished();
  }

  #leaveIfWished(): void {
    if (this.leavesWhenTold) this.leave();
  }
}

function textOf(hex: string): string {
  return hex.replace(/../g, (digits) => String.fromCharCode(parseInt(digits, 16)));
}

/** Lets {@linkcode FakeDownstream}s take their news at once. */
export class FakeFanout implements Fanout {
  /** How many rounds there were. */
  rounds = 0;
  /** While true, no miner takes anything. */
  isHeld = false;
  readonly #byHandle: (handle: number) => FakeDownstream | undefined;
  readonly #waiting = new Set<Crowd>();

  constructor(byHandle: (handle: number) => FakeDownstream | undefined) {
    this.#byHandle = byHandle;
  }

  tell(crowd: Crowd): void {
    this.#waiting.add(crowd);
    if (!this.isHeld) this.release();
  }

  /** Lets every miner take its news. */
  release(): void {
    this.isHeld = false;
    for (const crowd of this.#waiting) {
      this.#waiting.delete(crowd);
      this.rounds++;
      for (const handle of crowd.handles()) this.#byHandle(handle)?.takeNews();
    }
  }
}
