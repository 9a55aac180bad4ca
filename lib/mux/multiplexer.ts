/**
 * Distributes one sub-account's miners over its few upstream connections. It joins the parts that
 * do so, and passes on to them what miners, pools and the clock bring: slots.ts has the
 * connections, seating.ts puts miners on them, account_work.ts sets their work, telling.ts tells
 * it, and share_flow.ts and share_ends.ts handle their shares.
 *
 * Invariant: shares that wait to be hashed are finished before jobs, difficulties or places change.
 */

import type { AttendedNow } from "../base/attended_clock.ts";
import type { Now, Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { areaLog } from "../observe/log.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { AccountWork } from "./account_work.ts";
import { AccountBooks, type AccountCounted } from "./books/account_books.ts";
import type { LedgerSnapshot, ShareCounter } from "./books/ledger.ts";
import type { ContradictionLog } from "./contradiction_log.ts";
import type { Downstream, Fanout, Seat } from "./downstream.ts";
import { Farewells } from "./farewells.ts";
import { LocalDifficulty } from "./local_difficulty.ts";
import { PastWork } from "./past_work.ts";
import type { RememberedDifficulties } from "./remembered_difficulties.ts";
import { MinerSeat, type SeatKeeper } from "./seat.ts";
import { Seating } from "./seating.ts";
import type { Awaited } from "./share_ends.ts";
import { ShareFlow } from "./share_flow.ts";
import { Slot } from "./slot.ts";
import { isPool, type Occupancy, placeFor, Slots } from "./slots.ts";
import { Telling } from "./telling.ts";
import type { Upstream, UpstreamEvents } from "./upstream.ts";
import type { VardiffRules } from "./vardiff_rules.ts";
import type { Verdict } from "./verdict.ts";
import { WaitingMiners } from "./waiting_miners.ts";

/** Shares of a lost connection ended in one turn, about 2 ms of work. */
const LOST_PER_TURN = 1024;

/** The pause between such turns, in milliseconds. */
const TURN_PAUSE_MS = 1;

/** Options of {@linkcode Multiplexer}. */
export interface MultiplexerOptions {
  /** Counts its shares. */
  readonly counter: ShareCounter;
  /** Has many miners fetch their news. */
  readonly fanout: Fanout;
  /** The number of the next job; unique in the process. */
  readonly nextJobNumber: () => number;
  /** Called with the number of bytes that a pool leaves for miners' extranonces. */
  readonly sizeFound: (poolId: number, bytes: number) => void;
  /** Returns the session id of a miner that left. */
  readonly releaseSession: (sessionId: number) => void;
  /** Monotonic time, to judge lateness. */
  readonly now: AttendedNow;
  /** Real time, for hashrates and the time without a pool. */
  readonly realNow: Now;
  /** For work on many miners that is done in turns. */
  readonly timers: Timers;
  /**
   * The rules for miners' difficulties where we set them, and the remembered difficulties of
   * workers.
   */
  readonly vardiff: {
    readonly rules: (port: PeerAddress) => VardiffRules;
    readonly remembered: RememberedDifficulties;
  };
  /** Logs verdicts that contradict us. */
  readonly contradictions: ContradictionLog;
  /** Whether miners named the account: then they are told when the pools refuse it. */
  readonly isNamedByMiners: boolean;
  /** How long miners are kept without a pool, in milliseconds; Infinity for no limit. */
  readonly graceMs: number;
}

const log = areaLog("mux");

/** One account's miners and connections, and which miner works where. */
export class Multiplexer implements UpstreamEvents, SeatKeeper {
  readonly #options: MultiplexerOptions;
  readonly #slots = new Slots();
  /** The current connections; looked up for each verdict. */
  readonly #current: ReadonlyMap<Upstream, Slot<MinerSeat>> = this.#slots.current;
  readonly #waiting: WaitingMiners;
  readonly #books: AccountBooks;
  readonly #local: LocalDifficulty;
  readonly #flow: ShareFlow;
  readonly #telling: Telling;
  readonly #work: AccountWork;
  readonly #farewells: Farewells;
  readonly #seating: Seating;
  readonly #ending: InTurns;

  /** Starts without any connection: the outage grace starts here. */
  constructor(options: MultiplexerOptions) {
    this.#options = options;
    const { counter, fanout, nextJobNumber, now, realNow, timers, contradictions } = options;
    const slots = this.#slots;
    const waiting = this.#waiting = new WaitingMiners(now, options.graceMs);
    const books = this.#books = new AccountBooks(() => slots.every(), realNow);
    const local = this.#local = new LocalDifficulty(
      options.vardiff.remembered,
      options.vardiff.rules,
    );
    const pastWork = new PastWork();
    const flow = this.#flow = new ShareFlow({
      counter,
      books,
      now,
      realNow,
      timers,
      slots: () => slots.current.values(),
      local,
      contradictions,
      firstNumberOf: (number) => pastWork.firstNumberOf(number),
    });
    const ways = { fanout, nextJobNumber, now, realNow };
    const telling = this.#telling = new Telling({ ...ways, waiting, flow, pastWork });
    const work = this.#work = new AccountWork({
      ...ways,
      slots,
      waiting,
      telling,
      flow,
      ends: flow.ends,
      local,
      books,
    });
    const isRoomFor = (seat: MinerSeat) => placeFor(seat, slots.inService(), now()) !== undefined;
    const farewells = this.#farewells = new Farewells({ waiting, isRoomFor, timers });
    this.#seating = new Seating({ slots, waiting, farewells, telling, work, local, now, timers });
    this.#ending = new InTurns(timers, LOST_PER_TURN, TURN_PAUSE_MS);
  }

  /** What the account has counted. */
  get books(): AccountCounted {
    return this.#books;
  }

  /** The connections for all miners, and how many miners each has. */
  get occupancies(): readonly Occupancy[] {
    return this.#slots.occupancies;
  }

  /** Miners that wait for a connection. */
  get waitingMiners(): number {
    return this.#waiting.size;
  }

  /** The number of times that a miner moved to another connection. */
  get moves(): number {
    return this.#seating.moves;
  }

  /**
   * The number of times that a miner was disconnected because no serving pool had room for its
   * extranonces.
   */
  get outgrown(): number {
    return this.#farewells.outgrown;
  }

  /** How many miners wait for one more connection, because the current ones have no room. */
  get roomless(): number {
    return this.#seating.roomless;
  }

  /** How many miners sit at a connection. */
  minersAt(upstream: Upstream): number {
    return this.#current.get(upstream)?.miners ?? 0;
  }

  /** The number of the pool that serves most of its miners; `undefined` while none serves. */
  get servingPool(): number | undefined {
    return this.#slots.servingPool;
  }

  /** How many miners sit at their workers' own connections to the pool with this number. */
  minersOnOwn(poolId: number): number {
    return this.#slots.minersOnOwn(poolId);
  }

  /** The names of all workers with a miner. */
  get workerNames(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { miner } of this.#seating.seats()) names.add(miner.worker.name);
    return names;
  }

  /** How many miners it has, including waiting ones. */
  get miners(): number {
    return this.#slots.miners + this.#waiting.size;
  }

  /**
   * Expected hashes a second of the miners at a connection, or of all miners if it has none: it is
   * a spare, or `undefined`. 0 while that is unknown.
   */
  hashrateFor(upstream: Upstream | undefined): number {
    const all = this.miners;
    const hashrate = all === 0 ? 0 : this.#books.expectedHashrate ?? 0;
    const here = upstream === undefined ? 0 : this.minersAt(upstream);
    return here === 0 ? hashrate : hashrate * here / all;
  }

  /** How many shares' miners wait for a verdict. */
  get waitingShares(): number {
    return this.#slots.waitingShares;
  }

  /** The shares of one connection so far; `undefined` if it is gone. */
  sharesOf(upstream: Upstream): LedgerSnapshot | undefined {
    return this.#current.get(upstream)?.ledger.snapshot();
  }

  /**
   * Takes a miner in. It is admitted and gets news now, or once there is a connection; `undefined`
   * if it was turned away because the pools refuse the account.
   */
  join(miner: Downstream): Seat | undefined {
    if (this.#farewells.turnedAway(miner)) return undefined;
    const seat = new MinerSeat(this, this.#telling, this.#flow, miner);
    this.#seating.join(seat);
    return seat;
  }

  leave(seat: MinerSeat): void {
    if (seat.isGone) return;
    this.#flow.finish();
    seat.isGone = true;
    this.#seating.leave(seat);
    this.#local.leave(seat, this.#options.now());
    this.#releaseOnceForgotten(seat.miner.sessionId);
  }

  suggested(seat: MinerSeat): void {
    this.#local.suggested(seat);
  }

  moveForMask(seat: MinerSeat): boolean {
    this.#flow.finish();
    return this.#seating.moveForMask(seat);
  }

  /** Sets how long miners are kept without a pool, in milliseconds. */
  reconfigure(graceMs: number): void {
    this.#waiting.reconfigure(graceMs);
  }

  /**
   * Ends overdue waits, for verdicts that never came and of miners without a pool past the grace,
   * and announces due news to miners. Call it several times a second.
   */
  tick(): void {
    this.#flow.finish();
    this.#flow.tick();
    this.#work.tick();
    this.#seating.run();
    this.#farewells.tick();
    this.#telling.tellIdlers();
  }

  /** Used at a stop: see {@linkcode ShareEnds.awaited}. */
  awaited(silentMs: number, oldMs: number): Awaited {
    return this.#flow.ends.awaited(this.#current.values(), silentMs, oldMs);
  }

  accountRefused(): void {
    // If the operator named the account, miners can do nothing about it and wait for a pool.
    if (this.#options.isNamedByMiners) this.#farewells.refuse();
  }

  upstreamReady(upstream: Upstream): void {
    this.#farewells.accept();
    const slot = new Slot<MinerSeat>(upstream, this.#options.now());
    this.#slots.add(slot);
    if (slot.isOfOneWorker || !isPool(slot)) return;
    const { poolId, name, terms: { extranonce: { bytes } } } = upstream;
    this.#options.sizeFound(poolId, bytes);
    const outgrown = [...this.#seating.seats()].filter(({ miner }) => !slot.suits(miner)).length;
    if (outgrown === 0) return;
    log.warn(
      "Pool {pool} leaves miners {bytes|byte} for their extranonces, too few for {miners} of " +
        "the connected miners: each of them has to reconnect once if this pool comes to serve it",
      { pool: name, bytes, miners: outgrown },
    );
  }

  moved(from: Upstream | undefined, to: Upstream | undefined): void {
    this.#flow.finish();
    // The new place first, so that the miners of the old one can go there.
    if (to !== undefined) this.#serveFrom(this.#current.get(to)!);
    if (from !== undefined) this.#rest(this.#current.get(from)!);
  }

  dedicated(upstream: Upstream, workerName: string): void {
    this.#flow.finish();
    this.#slots.give(workerName, this.#current.get(upstream)!);
    this.#seating.given(workerName);
  }

  #serveFrom(slot: Slot<MinerSeat>): void {
    this.#slots.serve(slot);
    this.#noteDarkness();
    this.#seating.serves(slot);
  }

  #rest(slot: Slot<MinerSeat>): void {
    this.#slots.rest(slot);
    this.#noteDarkness();
    this.#seating.rests(slot);
  }

  upstreamLost(upstream: Upstream): void {
    this.#flow.finish();
    const slot = this.#current.get(upstream);
    if (slot === undefined) return;
    this.#slots.lose(slot);
    this.#noteDarkness();
    this.#work.lost(slot);
    this.#flow.gone(slot);
    this.#ending.run(() => this.#endLost());
    // The pool forgot all its miners with the connection.
    for (const sessionId of slot.leaving) this.#releaseOnceForgotten(sessionId);
    this.#seating.lost(slot);
  }

  jobArrived(upstream: Upstream, job: Job): void {
    this.#flow.finish();
    this.#work.jobCame(this.#current.get(upstream)!, job);
  }

  difficultyChanged(
    upstream: Upstream,
    sessionIds: readonly number[] | "all",
    difficulty: number,
    isAlone: boolean,
  ): void {
    this.#flow.finish();
    this.#work.difficultyChanged(this.#current.get(upstream)!, sessionIds, difficulty, isAlone);
  }

  versionMaskChanged(upstream: Upstream): void {
    this.#flow.finish();
    this.#work.maskChanged(this.#current.get(upstream)!);
  }

  judged(upstream: Upstream, first: number, last: number, verdict: Verdict): void {
    const slot = this.#current.get(upstream);
    this.#flow.ends.judged(slot, first, last, verdict);
    // It may have shown the pool's rule for difficulties.
    const isTooLow = verdict.kind === "rejected" && verdict.reason === "lowDifficulty";
    if (slot !== undefined && isTooLow) this.#flow.reconsider(slot);
  }

  unexplained(_upstream: Upstream, verdicts: number): void {
    this.#books.strayVerdicts.unexplained += verdicts;
  }

  sent(upstream: Upstream, serial: number): void {
    this.#flow.sent(this.#current.get(upstream)!, serial);
  }

  abandoned(upstream: Upstream, first: number, last: number): void {
    this.#flow.ends.abandoned(this.#current.get(upstream)!, first, last);
  }

  entryResumed(): void {
    this.#seating.run();
  }

  forgotten(upstream: Upstream, sessionId: number): void {
    const slot = this.#current.get(upstream)!;
    slot.forgotten(sessionId);
    // A miner that only moved to another connection keeps its id.
    if (slot.leaving.delete(sessionId)) this.#releaseOnceForgotten(sessionId);
  }

  /** Notes the start or the end of a time without a pool. */
  #noteDarkness(): void {
    this.#books.setDark(!this.#slots.hasPool);
  }

  /** Ends the shares of lost connections, one before each `yield`. */
  *#endLost(): Generator<void> {
    for (const slot of this.#slots.lost) {
      yield* this.#flow.ends.lost(slot);
      this.#slots.ended(slot);
      this.#books.close(slot);
    }
  }

  /** Frees the id of a miner that left, or leaves that to a connection that still remembers it. */
  #releaseOnceForgotten(sessionId: number): void {
    const slot = this.#slots.remembering(sessionId);
    if (slot === undefined) this.#options.releaseSession(sessionId);
    else slot.leaving.add(sessionId);
  }
}
