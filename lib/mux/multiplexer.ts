/**
 * Distributes one sub-account's miners over its few upstream connections: which miner sits where,
 * and the jobs and difficulties they get. share_flow.ts handles their shares.
 *
 * Invariants: a miner sits at one connection at a time; news for many miners is fetched in turns
 * ({@linkcode Fanout}), and each miner gets the newest in one message.
 */

import type { AttendedNow } from "../base/attended_clock.ts";
import type { Now, Timers } from "../base/clock.ts";
import { InTurns } from "../base/in_turns.ts";
import type { PeerAddress } from "../base/peer_address.ts";
import { ROLLABLE_BITS } from "../base/version_bits.ts";
import { areaLog } from "../observe/log.ts";
import type { Job } from "../protocol/stratum/job.ts";
import { ERROR_CODE, stratumError } from "../protocol/stratum/error_code.ts";
import { AccountBooks } from "./books/account_books.ts";
import type { LedgerSnapshot, ShareCounter, StrayVerdicts } from "./books/ledger.ts";
import type { Hashrates } from "./books/work_table.ts";
import { Braking } from "./braking.ts";
import type { ContradictionLog } from "./contradiction_log.ts";
import type { Crowd, Downstream, Fanout, News, Seat } from "./downstream.ts";
import { LocalDifficulty } from "./local_difficulty.ts";
import { OwnPlaces } from "./own_places.ts";
import { PastWork } from "./past_work.ts";
import { evenShares, leastCrowded } from "./placement.ts";
import { RareShares } from "./rare_shares.ts";
import type { RememberedDifficulties } from "./remembered_difficulties.ts";
import { MinerSeat } from "./seat.ts";
import { ShareFlow } from "./share_flow.ts";
import { Slot } from "./slot.ts";
import { placesOn } from "./terms.ts";
import type { Upstream, UpstreamEvents } from "./upstream.ts";
import type { Verdict } from "./verdict.ts";
import type { VardiffRules } from "./vardiff_rules.ts";

/**
 * Miners seated in one turn when many wait, about 10 ms of work: a farm that moves delays neither
 * its own shares nor those of others.
 */
const SEATS_PER_TURN = 256;

/** Shares of a lost connection ended in one turn, about 2 ms of work. */
const LOST_PER_TURN = 1024;

/** Miners disconnected in one turn. */
const FAREWELLS_PER_TURN = 64;

/** The pause between such turns, in milliseconds. */
const TURN_PAUSE_MS = 1;

/**
 * A miner is told the difficulty alone if there is still no job this long after it was admitted, in
 * milliseconds: Braiins OS waits for it only five seconds after it connects.
 */
const JOBLESS_MS = 1_000;

/**
 * Each connection of a single worker is checked only once in this number of ticks: there may be
 * thousands.
 */
const TICKS_A_TURN = 4;

/**
 * `told` of a miner that has been told nothing here. {@linkcode RETOLD}: it has nothing that it may
 * go on with.
 */
const UNTOLD = -1;
const RETOLD = 0;

/** One upstream connection and its miners at one moment. */
export interface Occupancy {
  /** The connection. */
  readonly upstream: Upstream;
  /** How many miners sit there. */
  readonly miners: number;
  /** When its last job came, monotonic, in milliseconds; `undefined` before the first. */
  readonly jobAt: number | undefined;
  /**
   * The difficulty that its pool demands now; where the pool sets each miner's, the one they start
   * with.
   */
  readonly poolDifficulty: number;
}

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
export class Multiplexer implements UpstreamEvents {
  readonly #options: MultiplexerOptions;
  readonly #slots = new Map<Upstream, Slot<MinerSeat>>();
  /** Those for all miners, in the order in which they became ready. */
  readonly #shared = new Set<Slot<MinerSeat>>();
  /** The others, each for the miners of one worker. */
  readonly #own = new OwnPlaces<Slot<MinerSeat>>();
  /** Those that serve miners, as decided by the keeper of the connections. */
  readonly #serving = new Set<Slot<MinerSeat>>();
  /** Slots of lost connections whose shares are being ended. */
  readonly #lostSlots = new Set<Slot<MinerSeat>>();
  /** Miners that wait for a place, and since when; the longest wait first. */
  readonly #unseated = new Map<MinerSeat, number>();
  /** Miners that must move, but go on where they are until it is their turn. */
  readonly #moving = new Set<MinerSeat>();
  /** Miners that will move to their worker's own connection. */
  readonly #homing = new Set<MinerSeat>();
  /** When the last serving connection ended; `undefined` while one serves. */
  #outageSince: number | undefined;
  /** When the last outage ended. */
  #outageEndedAt = -Infinity;
  /** Whether every pool refuses the account's name. */
  #isRefused = false;
  readonly #seating: InTurns;
  readonly #ending: InTurns;
  readonly #sendingAway: InTurns;
  /** The work of miners without a place. */
  readonly #pastWork = new PastWork();
  /** The miners without a place that work on. */
  readonly #idlers: Crowd = {
    handles: () => this.#unseated.keys().filter(isAdmitted).map(handleOf).toArray(),
    isUrgent: false,
  };
  /** Miners seated where there is no job yet, and since when. */
  readonly #jobless = new Map<MinerSeat, number>();
  readonly #books: AccountBooks;
  readonly #flow: ShareFlow;
  readonly #local: LocalDifficulty;
  readonly #braking: Braking;
  readonly #rareShares = new RareShares();
  #moves = 0;
  #ticks = 0;
  /** How many miners were disconnected because no serving pool has room for their extranonces. */
  #outgrown = 0;
  /** How many could not be seated lately because no connection had room. */
  #roomless = 0;
  #graceMs: number;

  /** Starts without any connection: the outage grace starts here. */
  constructor(options: MultiplexerOptions) {
    this.#options = options;
    this.#graceMs = options.graceMs;
    this.#outageSince = options.now();
    this.#books = new AccountBooks(options.realNow());
    const { counter, now, realNow, timers } = options;
    const { rules, remembered } = options.vardiff;
    this.#local = new LocalDifficulty(remembered, rules);
    const { nextJobNumber, fanout } = options;
    this.#braking = new Braking({
      local: this.#local,
      hashrate: () => this.expectedHashrate,
      nextJobNumber,
      fanout,
      now,
      realNow,
    });
    const slots = () => this.#slots.values();
    this.#flow = new ShareFlow({
      counter,
      books: this.#books,
      now,
      realNow,
      timers,
      slots,
      local: this.#local,
      contradictions: options.contradictions,
      firstNumberOf: (number) => this.#pastWork.firstNumberOf(number),
    });
    this.#seating = new InTurns(timers, SEATS_PER_TURN, TURN_PAUSE_MS);
    this.#ending = new InTurns(timers, LOST_PER_TURN, TURN_PAUSE_MS);
    this.#sendingAway = new InTurns(timers, FAREWELLS_PER_TURN, TURN_PAUSE_MS);
  }

  /** The connections for all miners, and how many miners each has. */
  get occupancies(): readonly Occupancy[] {
    return [...this.#shared].map(({ upstream, miners, jobAt, ceiling }) => ({
      upstream,
      miners,
      jobAt,
      poolDifficulty: ceiling,
    }));
  }

  /** Miners that wait for a connection. */
  get waitingMiners(): number {
    return this.#unseated.size;
  }

  /** How often a miner moved to another connection. */
  get moves(): number {
    return this.#moves;
  }

  /** How often a miner was disconnected because no serving pool had room for its extranonces. */
  get outgrown(): number {
    return this.#outgrown;
  }

  /** How many miners wait for one more connection, because the current ones have no room. */
  get roomless(): number {
    return this.#roomless;
  }

  /** How many miners sit at a connection. */
  minersAt(upstream: Upstream): number {
    return this.#slots.get(upstream)?.miners ?? 0;
  }

  /** The number of the pool that serves most of its miners; `undefined` while none serves. */
  get servingPool(): number | undefined {
    let most: Slot<MinerSeat> | undefined;
    for (const slot of this.#serving) {
      if (isPool(slot) && (most === undefined || slot.miners > most.miners)) most = slot;
    }
    return most?.upstream.poolId;
  }

  /** How many miners sit at their workers' own connections to the pool with this number. */
  minersOnOwn(poolId: number): number {
    let miners = 0;
    for (const slot of this.#slots.values()) {
      if (slot.isOfOneWorker && slot.upstream.poolId === poolId) miners += slot.miners;
    }
    return miners;
  }

  /** The names of all workers with a miner. */
  get workerNames(): ReadonlySet<string> {
    const names = new Set<string>();
    for (const { miner } of this.#seats()) names.add(miner.worker.name);
    return names;
  }

  /** How long no pool has served this account in all, in milliseconds. */
  get outageMs(): number {
    return this.#books.outageMs(this.#options.realNow());
  }

  /** All shares that came to this account. */
  get shares(): LedgerSnapshot {
    return this.#books.shares(this.#everySlot());
  }

  /** Whether one of its shares was ever credited. */
  get hasCredit(): boolean {
    return this.#books.hasCredit;
  }

  /** The difficulties of all good shares of this account together. */
  get credited(): number {
    return this.#books.credited;
  }

  /** Estimated hashes a second of this account. */
  get hashrates(): Hashrates {
    return this.#books.hashrates(this.#options.realNow());
  }

  /** The expected hashes a second; `undefined` while too little is known. */
  get expectedHashrate(): number | undefined {
    return this.#books.expectedHashrate(this.#options.realNow());
  }

  /** All shares on connections to the pool with this number, including lost connections. */
  sharesAt(poolId: number): LedgerSnapshot {
    return this.#books.sharesAt(poolId, this.#everySlot());
  }

  /** The sum of the difficulties that the pool with this number counts for shares it accepted. */
  creditedAt(poolId: number): number {
    return this.#books.creditedAt(poolId, this.#everySlot());
  }

  /**
   * Work of good shares that the pool with this number does not count because miners were braked
   * against a flood, as difficulty.
   */
  brakeLossAt(poolId: number): number {
    return this.#books.brakeLossAt(poolId, this.#everySlot());
  }

  /** The same for all pools. */
  get brakeLoss(): number {
    return this.#books.brakeLoss(this.#everySlot());
  }

  /** How many miners it has, including waiting ones. */
  get miners(): number {
    let seated = 0;
    for (const slot of this.#slots.values()) seated += slot.miners;
    return seated + this.#unseated.size;
  }

  /** How many submitted shares wait for a verdict. */
  get waitingShares(): number {
    let waiting = 0;
    for (const slot of this.#everySlot()) waiting += slot.pending.waiting;
    return waiting;
  }

  /** Verdicts that no miner was waiting for. */
  get strayVerdicts(): StrayVerdicts {
    return { ...this.#books.strayVerdicts };
  }

  /** The shares of one connection so far; `undefined` if it is gone. */
  sharesOf(upstream: Upstream): LedgerSnapshot | undefined {
    return this.#slots.get(upstream)?.ledger.snapshot();
  }

  /**
   * Takes a miner in. It is admitted and gets news now, or once there is a connection; `undefined`
   * if it was turned away because the pools refuse the account.
   */
  join(miner: Downstream): Seat | undefined {
    if (this.#isRefused) {
      turnAway(miner);
      return undefined;
    }
    const seat = new MinerSeat(this, this.#flow, miner);
    const slot = this.#ownPlaceOf(seat) ?? this.#placeFor(seat, this.#servingSlots());
    if (slot?.upstream.takesWorkers) this.#seat(seat, slot);
    else this.#seatLater([seat]);
    return seat;
  }

  /** See {@linkcode Seat.leave}. */
  leave(seat: MinerSeat): void {
    if (seat.isGone) return;
    this.#flow.finish();
    seat.isGone = true;
    if (seat.slot !== undefined) this.#unseat(seat);
    else this.#unseated.delete(seat);
    this.#local.leave(seat, this.#options.now());
    this.#releaseOnceForgotten(seat.miner.sessionId);
  }

  /** See {@linkcode Seat.suggested}. */
  suggested(seat: MinerSeat): void {
    this.#local.suggested(seat);
  }

  /** See {@linkcode Seat.takeNews}. */
  takeNews(seat: MinerSeat): News | undefined {
    const { slot } = seat;
    if (slot === undefined) return this.#pastWork.takeNews(seat);
    const { work, difficulties, versionMask } = slot;
    if (work.job === undefined) return this.#takeDifficultyAlone(seat, slot);
    if (!work.isNewsTo(seat.told)) return undefined;
    const table = slot.jobs.find(work.number)!.difficulties;
    const difficulty = difficulties.of(table, seat.place);
    const isTold = seat.told !== UNTOLD && difficulty === seat.difficulty;
    const job = work.lineFor(seat.told, seat.view);
    seat.told = work.sequence;
    seat.difficulty = difficulty;
    return { versionMask, difficulty: isTold ? undefined : difficulty, job };
  }

  /** See {@linkcode Seat.askAgain}. */
  askAgain(seat: MinerSeat): boolean {
    const { slot } = seat;
    if (slot?.work.job === undefined) return false;
    const { work } = slot;
    if (seat.told === work.sequence) {
      if (!slot.mayGiveAgain(this.#options.now())) return false;
      slot.setJobAgain(this.#options.nextJobNumber(), false);
      work.announceQuietly();
    }
    // As a clean job: its current one may be worthless, and jobs that are not clean are told only
    // once in five seconds.
    seat.told = Math.min(seat.told, RETOLD);
    seat.currentFrom = work.number;
    return true;
  }

  /** See {@linkcode Seat.needFullMask}. */
  moveForMask(seat: MinerSeat): boolean {
    this.#flow.finish();
    if (seat.slot === undefined || hasFullMask(seat.slot)) return false;
    const place = this.#placeFor(seat, this.#servingSlots());
    if (place === undefined || !hasFullMask(place)) return false;
    this.#unseat(seat);
    this.#seatLater([seat]);
    return true;
  }

  /** Sets how long miners are kept without a pool, in milliseconds. */
  reconfigure(graceMs: number): void {
    this.#graceMs = graceMs;
  }

  /**
   * Ends overdue waits, for verdicts that never came and of miners without a pool past the grace,
   * and announces due news to miners. Call it several times a second.
   */
  tick(): void {
    this.#flow.finish();
    const time = this.#options.now();
    this.#flow.tick();
    const due = this.#dueSlots();
    for (const slot of due) {
      this.#flow.expire(slot);
      slot.jobs.expire(time);
      if (slot.seats.size > 0) this.#foresee(slot);
      this.#braking.tick(slot);
    }
    // Miners measure a silence by their own clocks, whether we were away or not.
    const realTime = this.#options.realNow();
    for (const slot of due) {
      if (slot.seats.size > 0 && slot.work.isOld(realTime)) {
        slot.setJobAgain(this.#options.nextJobNumber(), false);
      }
      const untold = slot.takeUntold(time);
      if (untold !== undefined) {
        slot.setDifficultiesAgain(this.#options.nextJobNumber(), untold === "harder");
      }
      this.#tellIfTime(slot);
    }
    this.#tellJobless(time);
    this.#raiseFlooding(time);
    if (this.#rareShares.isTime(time)) this.#lookForRareShares(time);
    this.#seating.run(() => this.#seatWaiting());
    if (this.#isRefused) this.#sendingAway.run(() => this.#turnUnseatedAway());
    const [longest] = this.#unseated.values();
    if (longest === undefined) return;
    if (this.#isPastGrace(longest)) this.#sendingAway.run(() => this.#disconnectUnseated());
    if (this.#pastWork.isOld(realTime)) {
      const number = this.#options.nextJobNumber();
      const isNews = this.#pastWork.tellAgain(number, realTime);
      this.#flow.stillUsed(this.#pastWork.number, this.#pastWork.again);
      if (isNews) this.#options.fanout.tell(this.#idlers);
    }
  }

  /**
   * At a stop: gives up shares that are not worth waiting for.
   *
   * @param silentMs A pool that had shares to judge and judged none for this long counts as silent
   * for good.
   * @param oldMs A share that has waited this long counts as forgotten by the pool.
   * @returns the miners of all other waiting shares, including miners that left.
   */
  awaited(silentMs: number, oldMs: number): Set<Downstream> {
    const time = this.#options.now();
    const miners = new Set<Downstream>();
    for (const slot of this.#slots.values()) {
      const since = Math.max(slot.judgedAt, slot.pending.oldestSentAt ?? time);
      this.#flow.stop(slot, time - since >= silentMs ? Infinity : time - oldMs);
      for (const { miner } of slot.pending.owners()) miners.add(miner);
    }
    return miners;
  }

  accountRefused(): void {
    // If the operator named the account, miners can do nothing about it and wait for a pool.
    if (!this.#options.isNamedByMiners) return;
    this.#isRefused = true;
    this.#sendingAway.run(() => this.#turnUnseatedAway());
  }

  upstreamReady(upstream: Upstream): void {
    this.#isRefused = false;
    const slot = new Slot<MinerSeat>(upstream, this.#options.now());
    this.#slots.set(upstream, slot);
    if (slot.isOfOneWorker) return;
    this.#shared.add(slot);
    const { poolId, name, terms: { verdicts, extranonce: { bytes } } } = upstream;
    if (verdicts === "none") return;
    this.#options.sizeFound(poolId, bytes);
    const outgrown = [...this.#seats()].filter(({ miner }) => !slot.suits(miner)).length;
    if (outgrown === 0) return;
    log.warn(
      "Pool {pool} leaves miners {bytes} bytes for their extranonces, too few for {miners} of " +
        "the connected miners: each of them has to reconnect once if this pool comes to serve it",
      { pool: name, bytes, miners: outgrown },
    );
  }

  moved(from: Upstream | undefined, to: Upstream | undefined): void {
    this.#flow.finish();
    // The new place first, so that the miners of the old one can go there.
    if (to !== undefined) this.#serveFrom(this.#slots.get(to)!);
    if (from !== undefined) this.#rest(this.#slots.get(from)!);
  }

  dedicated(upstream: Upstream, workerName: string): void {
    this.#flow.finish();
    const slot = this.#slots.get(upstream)!;
    this.#own.give(workerName, slot);
    for (const seat of this.#seats()) {
      if (seat.miner.worker.name === workerName) this.#homing.add(seat);
    }
    this.#seatLater([]);
  }

  #serveFrom(slot: Slot<MinerSeat>): void {
    this.#serving.add(slot);
    if (this.#outageSince !== undefined) this.#outageEndedAt = this.#options.now();
    this.#outageSince = undefined;
    this.#noteDarkness();
    // A connection opened because of missing room is for miners without a place.
    const isForMore = placesOn(slot.upstream.terms) < Infinity;
    if (!isForMore) this.#moveLater(this.#surplus(slot, this.#unseated.size));
    else this.#seatLater([]);
  }

  #rest(slot: Slot<MinerSeat>): void {
    this.#serving.delete(slot);
    this.#own.remove(slot);
    this.#noteDarkness();
    this.#inherit(slot);
    this.#moveLater(slot.seats.values());
  }

  upstreamLost(upstream: Upstream): void {
    this.#flow.finish();
    const slot = this.#slots.get(upstream);
    if (slot === undefined) return;
    this.#slots.delete(upstream);
    this.#shared.delete(slot);
    this.#own.remove(slot);
    this.#serving.delete(slot);
    this.#noteDarkness();
    this.#braking.lost(slot);
    this.#flow.gone(slot);
    this.#lostSlots.add(slot);
    this.#ending.run(() => this.#endLost());
    // The pool forgot all its miners with the connection.
    for (const sessionId of slot.leaving) this.#releaseOnceForgotten(sessionId);
    const seats = [...slot.seats.values()];
    this.#inherit(slot);
    for (const seat of seats) this.#standUp(seat);
    this.#seatLater(seats);
  }

  jobArrived(upstream: Upstream, job: Job): void {
    this.#flow.finish();
    const slot = this.#slots.get(upstream)!;
    const time = this.#options.now();
    if (isLocal(slot)) {
      this.#foresee(slot);
      this.#local.atNextJob(slot, time);
    }
    // Pools may reuse a free extranonce1, and with it the job that miners had there.
    const again = slot.work.job === undefined ? this.#flow.againOf(job) : undefined;
    slot.setJob(this.#options.nextJobNumber(), job, time, again);
    this.#flow.reconsider(slot);
    if (this.#tellIfTime(slot)) slot.brake?.told(time);
  }

  difficultyChanged(
    upstream: Upstream,
    sessionIds: readonly number[] | "all",
    difficulty: number,
    isAlone: boolean,
  ): void {
    this.#flow.finish();
    const slot = this.#slots.get(upstream)!;
    const { seats, difficulties, screening } = slot;
    if (isLocal(slot)) {
      // Miners are told their difficulty with the next job.
      screening.hashing?.poolDifficulty.change(difficulty, isAlone);
      if (slot.isOfOneWorker) slot.passOn(difficulty);
      this.#flow.reconsider(slot);
      return;
    }
    for (const sessionId of sessionIds === "all" ? seats.keys() : sessionIds) {
      const seat = seats.get(sessionId);
      if (seat !== undefined) difficulties.set(seat.place, difficulty);
    }
  }

  versionMaskChanged(upstream: Upstream): void {
    this.#flow.finish();
    const slot = this.#slots.get(upstream)!;
    this.#flow.reconsider(slot);
    const before = slot.versionMask;
    if (!slot.maskChanged(this.#options.now()) || slot.work.job === undefined) return;
    // Work with bits that are no longer allowed is worthless.
    const isNarrower = (before & ~slot.versionMask) !== 0;
    slot.setJobAgain(this.#options.nextJobNumber(), isNarrower);
    // Shares of older jobs do not show how a miner handles the new mask, narrower or wider.
    slot.currentFrom = slot.work.number;
    this.#tellIfTime(slot);
  }

  judged(upstream: Upstream, first: number, last: number, verdict: Verdict): void {
    this.#flow.judged(this.#slots.get(upstream), first, last, verdict);
  }

  sent(upstream: Upstream, serial: number): void {
    this.#flow.sent(this.#slots.get(upstream)!, serial);
  }

  abandoned(upstream: Upstream, first: number, last: number): void {
    this.#flow.abandoned(this.#slots.get(upstream)!, first, last);
  }

  entryResumed(): void {
    this.#seating.run(() => this.#seatWaiting());
  }

  forgotten(upstream: Upstream, sessionId: number): void {
    const slot = this.#slots.get(upstream)!;
    slot.forgotten(sessionId);
    // A miner that only moved to another connection keeps its id.
    if (slot.leaving.delete(sessionId)) this.#releaseOnceForgotten(sessionId);
  }

  /** Notes the start or the end of a time without a pool. */
  #noteDarkness(): void {
    const isDark = !this.#serving.values().some(isPool);
    this.#books.setDark(isDark, this.#options.realNow());
  }

  /** Whether there has been no pool, or none with room for a waiting miner, for too long. */
  #isPastGrace(waitsSince: number): boolean {
    const since = this.#outageSince ?? Math.max(waitsSince, this.#outageEndedAt);
    return this.#options.now() - since >= this.#graceMs;
  }

  /** The slots to check in this tick, with only a part of the connections of single workers. */
  #dueSlots(): Slot<MinerSeat>[] {
    this.#ticks = (this.#ticks + 1) % TICKS_A_TURN;
    let own = 0;
    return [...this.#slots.values()].filter((slot) =>
      !slot.isOfOneWorker || own++ % TICKS_A_TURN === this.#ticks
    );
  }

  /** The serving slots for all miners, in the order in which they became ready. */
  #servingSlots(): Slot<MinerSeat>[] {
    return [...this.#shared].filter((slot) => this.#serving.has(slot));
  }

  /** All current slots, and those whose shares are being ended. */
  *#everySlot(): Generator<Slot<MinerSeat>> {
    yield* this.#slots.values();
    yield* this.#lostSlots;
  }

  /** Ends the shares of lost connections, one before each `yield`. */
  *#endLost(): Generator<void> {
    for (const slot of this.#lostSlots) {
      yield* this.#flow.lost(slot);
      this.#lostSlots.delete(slot);
      this.#books.close(slot);
    }
  }

  /**
   * Starts to seat these and all other waiting miners; without any connection they go on waiting.
   */
  #seatLater(seats: Iterable<MinerSeat>): void {
    for (const seat of seats) this.#wait(seat);
    if (this.#serving.size === 0) this.#outageSince ??= this.#options.now();
    this.#seating.run(() => this.#seatWaiting());
  }

  /** Makes a miner wait from now on, unless it waits already. */
  #wait(seat: MinerSeat): void {
    if (!this.#unseated.has(seat)) this.#unseated.set(seat, this.#options.now());
  }

  /** Starts to move these miners to other places. */
  #moveLater(seats: Iterable<MinerSeat>): void {
    for (const seat of seats) this.#moving.add(seat);
    this.#seatLater([]);
  }

  /**
   * Announces the newest job of a connection to its miners. @returns whether it was time for that.
   */
  #tellIfTime(slot: Slot<MinerSeat>): boolean {
    if (!slot.work.announce(this.#options.realNow())) return false;
    if (slot.seats.size > 0) this.#options.fanout.tell(slot);
    return true;
  }

  /**
   * Sets the brake of a connection before miners flood it; `seating` more miners are being seated
   * there.
   */
  #foresee(slot: Slot<MinerSeat>, seating = 0): void {
    if (slot.brake === undefined) return;
    const waiting = this.#serving.has(slot) ? this.#unseated.size / this.#serving.size : 0;
    this.#braking.foresee(slot, { coming: waiting + seating, all: this.miners + seating });
  }

  /** Logs connections whose miners hardly ever find a share for the pool. */
  #lookForRareShares(time: number): void {
    const hashrate = this.expectedHashrate;
    if (hashrate === undefined) return;
    const { miners } = this;
    for (const slot of this.#shared) {
      if (!isLocal(slot) || slot.upstream.terms.verdicts === "none") continue;
      this.#rareShares.look(slot, hashrate * slot.miners / miners, time);
    }
  }

  /** Tells miners that flood a higher difficulty now, with a job that drops their easier work. */
  #raiseFlooding(time: number): void {
    for (const slot of this.#shared) {
      if (!this.#local.isFlooding(slot) || !slot.mayRaise(time)) continue;
      const raised = this.#local.raiseFlooding(slot, time);
      if (raised.length === 0) continue;
      slot.setDifficultiesAgain(this.#options.nextJobNumber(), false);
      slot.work.announceQuietly();
      for (const seat of raised) seat.told = Math.min(seat.told, RETOLD);
      this.#options.fanout.tell({
        handles: () => raised.filter(isHere).map(handleOf),
        isUrgent: false,
      });
    }
  }

  /** Tells the miners of connections without a job their difficulty in time. */
  #tellJobless(time: number): void {
    const slots = new Set<Slot<MinerSeat>>();
    for (const [{ slot }, since] of this.#jobless) {
      if (time - since >= JOBLESS_MS) slots.add(slot!);
    }
    for (const slot of slots) this.#options.fanout.tell(slot);
  }

  /** The difficulty without a job, once, for a miner that waits for both. */
  #takeDifficultyAlone(seat: MinerSeat, slot: Slot<MinerSeat>): News | undefined {
    const since = this.#jobless.get(seat);
    if (since === undefined || this.#options.now() - since < JOBLESS_MS) return undefined;
    this.#jobless.delete(seat);
    const difficulty = slot.difficulties.next(seat.place);
    seat.told = RETOLD;
    seat.difficulty = difficulty;
    return { versionMask: slot.versionMask, difficulty, job: undefined };
  }

  /** Keeps the work of a connection whose miners are about to lose their places. */
  #inherit(slot: Slot<MinerSeat>): void {
    if (slot.seats.size === 0) return;
    this.#pastWork.inherit(slot, !this.#unseated.keys().some(isAdmitted));
  }

  /**
   * Seats waiting miners, one before each `yield`, while there is a connection for them: those that
   * worked before, then newcomers. Then moves miners that must sit elsewhere, and finally those
   * that go to their workers' own connections, where no other miner is in their way.
   */
  *#seatWaiting(): Generator<void> {
    let roomless = 0;
    for (const worked of [true, false]) {
      for (const seat of this.#unseated.keys()) {
        if (seat.isAdmitted !== worked) continue;
        // Of equals the newest, which has no older shares of others.
        const slots = this.#servingSlots().reverse();
        const own = this.#ownPlaceOf(seat);
        if (slots.length === 0 && own === undefined) {
          if (this.#own.isEmpty) break;
          yield;
          continue;
        }
        const slot = own ?? this.#placeFor(seat, slots);
        if (slot === undefined) {
          if (!this.#sendAwayIfOutgrown(seat, slots)) roomless++;
          yield;
          continue;
        }
        if (!slot.upstream.takesWorkers) return;
        this.#unseated.delete(seat);
        this.#seat(seat, slot);
        this.#options.fanout.tell(slot);
        yield;
      }
    }
    for (const seat of this.#moving) {
      const from = seat.slot!;
      const others = this.#servingSlots().filter((slot) => slot !== from).reverse();
      const slot = this.#placeFor(seat, others);
      if (slot?.upstream.takesWorkers === false) return;
      // It works on where it is until there is room elsewhere, unless it cannot sit anywhere else.
      if (slot === undefined && others.some((other) => other.suits(seat.miner))) {
        roomless++;
        yield;
        continue;
      }
      // Other miners may have left meanwhile.
      const stays = this.#serving.has(from) && (slot === undefined || slot.miners >= from.miners);
      // It works on where it is until the pool has raised its difficulty for the miners before it.
      const isLater = !stays && slot?.brake !== undefined &&
        !slot.portions.take(this.#options.now());
      if (isLater) break;
      this.#moving.delete(seat);
      if (stays) continue;
      this.#unseat(seat);
      if (slot === undefined) {
        this.#wait(seat);
        this.#sendAwayIfOutgrown(seat, others);
      } else {
        this.#seat(seat, slot);
        this.#options.fanout.tell(slot);
      }
      yield;
    }
    this.#roomless = roomless;
    for (const seat of this.#homing) {
      this.#homing.delete(seat);
      const own = this.#ownPlaceOf(seat);
      // A miner without a place has got it already, or will get it because it waits.
      if (own === undefined || seat.slot === undefined || own === seat.slot) continue;
      this.#unseat(seat);
      this.#seat(seat, own);
      this.#options.fanout.tell(own);
      yield;
    }
  }

  /** The own connection of a miner's worker, if there is one and the miner can work there. */
  #ownPlaceOf(seat: MinerSeat): Slot<MinerSeat> | undefined {
    const { miner } = seat;
    const own = this.#own.of(miner.worker.name);
    if (own === undefined || seat.needsFullMask && !hasFullMask(own)) return undefined;
    const fits = own.suits(miner) && own.hasRoomFor(miner, this.#options.now());
    return fits || own === seat.slot ? own : undefined;
  }

  /** The place for a miner: the one with the fewest miners where it can work. */
  #placeFor(
    { needsFullMask, miner }: MinerSeat,
    all: readonly Slot<MinerSeat>[],
  ): Slot<MinerSeat> | undefined {
    const time = this.#options.now();
    const slots = all.filter((slot) => slot.suits(miner) && slot.hasRoomFor(miner, time));
    const full = needsFullMask ? leastCrowded(slots.filter(hasFullMask)) : undefined;
    return full ?? leastCrowded(slots);
  }

  /**
   * Disconnects a miner whose extranonces fit no place, so that it reconnects with shorter ones.
   *
   * @returns whether it was disconnected for that.
   */
  #sendAwayIfOutgrown({ miner }: MinerSeat, slots: readonly Slot<MinerSeat>[]): boolean {
    if (slots.length === 0 || slots.some((slot) => slot.suits(miner))) return false;
    this.#outgrown++;
    miner.disconnect(
      "the pool leaves too few bytes for its extranonces: it gets fewer when it reconnects",
    );
    return true;
  }

  /** Every miner, including waiting ones. */
  *#seats(): Generator<MinerSeat> {
    for (const { seats } of this.#slots.values()) yield* seats.values();
    yield* this.#unseated.keys();
  }

  /** Disconnects miners that have waited longer than the grace, one before each `yield`. */
  *#disconnectUnseated(): Generator<void> {
    // The same words for all, so that the log can summarize them.
    const what = this.#outageSince === undefined ? "no pool connection with room" : "no pool";
    const reason = `${what} for over ${Math.round(this.#graceMs / 1000)} s`;
    for (const [seat, since] of this.#unseated) {
      if (!this.#isPastGrace(since)) return;
      // A miner for which there is room only waits for its turn on a slow line.
      if (this.#placeFor(seat, this.#servingSlots()) === undefined) seat.miner.disconnect(reason);
      yield;
    }
  }

  /** Turns away waiting miners, which may try another account, one before each `yield`. */
  *#turnUnseatedAway(): Generator<void> {
    for (const seat of this.#unseated.keys()) {
      if (!this.#isRefused) return;
      if (seat.isAdmitted) continue;
      this.#unseated.delete(seat);
      // It keeps its session id, because it may still authorize under another name.
      seat.isGone = true;
      turnAway(seat.miner);
      yield;
    }
  }

  /** Seats a miner: registers and admits it. Everything else comes as news. */
  #seat(seat: MinerSeat, slot: Slot<MinerSeat>): void {
    const { miner } = seat;
    if (seat.isAdmitted) {
      this.#moves++;
      // Firmware ignores a job it knows, and repeats work for a header it had before.
      if (slot.isJobKnownElsewhere) {
        slot.setJobAgain(this.#options.nextJobNumber(), false);
        slot.work.announceQuietly();
      }
    }
    seat.slot = slot;
    this.#foresee(slot, 1);
    const difficulty = isLocal(slot)
      ? this.#local.start(seat, slot, this.#options.now())
      : undefined;
    seat.isLocal = difficulty !== undefined;
    seat.place = slot.difficulties.take(slot.jobs.tables(), difficulty);
    seat.told = UNTOLD;
    seat.currentFrom = slot.work.number;
    if (slot.work.job === undefined) this.#jobless.set(seat, this.#options.now());
    slot.seat(seat);
    if (seat.isAdmitted) return;
    seat.isAdmitted = true;
    miner.admit();
  }

  /** The miners that other active places have too many of, now that there is one more place. */
  #surplus(newcomer: Slot<MinerSeat>, extra: number): MinerSeat[] {
    const active = this.#servingSlots();
    const wanted = evenShares(active, extra);
    return active.flatMap((slot, i) =>
      slot === newcomer ? [] : [...slot.seats.values()].slice(wanted[i]!)
    );
  }

  /** Takes a miner off a connection that stays. */
  #unseat(seat: MinerSeat): void {
    const { slot, miner } = seat;
    slot!.dismiss(miner.sessionId, this.#options.now());
    if (seat.told === slot!.work.sequence && !seat.isGone) slot!.movedAway();
    this.#standUp(seat);
  }

  /** Leaves a miner without a place; it goes on with the work it was told. */
  #standUp(seat: MinerSeat): void {
    seat.slot = undefined;
    seat.told = this.#pastWork.sequence;
    this.#jobless.delete(seat);
    this.#moving.delete(seat);
    this.#homing.delete(seat);
  }

  /** Frees the id of a miner that left, or leaves that to a connection that still remembers it. */
  #releaseOnceForgotten(sessionId: number): void {
    for (const slot of this.#slots.values()) {
      if (slot.remembers(sessionId)) {
        slot.leaving.add(sessionId);
        return;
      }
    }
    this.#options.releaseSession(sessionId);
  }
}

/** Whether shares there show which difficulty suits a miner. */
function isLocal({ upstream }: Slot<MinerSeat>): boolean {
  return upstream.terms.difficulty !== "pool";
}

/** Whether it is a real pool, not a stand-in. */
function isPool({ upstream }: Slot<MinerSeat>): boolean {
  return upstream.terms.verdicts !== "none";
}

/** Whether it allows all rollable version bits. */
function hasFullMask({ upstream }: Slot<MinerSeat>): boolean {
  return (~upstream.versionMask & ROLLABLE_BITS) === 0;
}

function turnAway(miner: Downstream): void {
  const answer = stratumError(ERROR_CODE.invalidUsername);
  miner.turnAway(answer, "the pool refuses its sub-account");
}

function isAdmitted(seat: MinerSeat): boolean {
  return seat.isAdmitted;
}

function isHere({ isGone }: MinerSeat): boolean {
  return !isGone;
}

function handleOf({ miner }: MinerSeat): number {
  return miner.handle;
}
