/**
 * Multiplexer in any course of events: a slow, obvious book-keeper beside it must agree on every
 * count, every answer and every place.
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  columnOf,
  type Count,
  goodIn,
  Ledger,
  type LedgerSnapshot,
  NO_STRAYS,
  refusedIn,
  rejectedIn,
  unansweredIn,
  waitingIn,
} from "../../lib/mux/books/ledger.ts";
import { VERDICT_TIMEOUT_MS } from "../../lib/mux/terms.ts";
import type { Terms } from "../../lib/mux/terms.ts";
import { FAREWELL_MS } from "../../lib/pool/agent/registry.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";
import { minerStatus, SHARE_ACCEPTED } from "../../lib/protocol/agent/status.ts";
import { assertLossesAddUp } from "../support/losses_add_up.ts";
import type { FakeDownstream } from "../support/fake_downstream.ts";
import type { FakeUpstream } from "../support/fake_upstream.ts";
import { coinbaseOf, GRACE_MS, MuxWorld } from "../support/mux_world.ts";

/** One event; `pick` chooses among whoever is there. */
type Step =
  | { readonly kind: "join" | "leave" | "slow" | "ready" | "activate" | "rest" | "lose" }
    & { readonly pick: number }
  | { readonly kind: "submit"; readonly pick: number; readonly job: number }
  | { readonly kind: "verdict"; readonly pick: number; readonly status: number }
  | { readonly kind: "stray"; readonly pick: number; readonly index: number }
  | { readonly kind: "job"; readonly pick: number; readonly isClean: boolean }
  | { readonly kind: "difficulty" | "mask"; readonly pick: number }
  | { readonly kind: "write"; readonly pick: number; readonly frames: number }
  | { readonly kind: "pass"; readonly ms: number };

const pick = fc.nat({ max: 1000 });
const only = (...kinds: ("join" | "leave" | "slow" | "ready" | "activate" | "rest" | "lose")[]) =>
  fc.record({ kind: fc.constantFrom(...kinds), pick });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 5, arbitrary: only("join") },
  { weight: 3, arbitrary: only("leave", "slow") },
  { weight: 4, arbitrary: only("ready", "activate") },
  { weight: 1, arbitrary: only("rest", "lose") },
  {
    weight: 20,
    arbitrary: fc.record({ kind: fc.constant("submit" as const), pick, job: fc.nat({ max: 9 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("verdict" as const),
      pick,
      status: fc.constantFrom(SHARE_ACCEPTED, SHARE_ACCEPTED, 22, 23, 31, 32, 33, 36, 37, 0, -1),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("stray" as const),
      pick,
      index: fc.oneof(fc.nat({ max: 20 }), fc.nat({ max: 65_535 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("job" as const), pick, isClean: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("difficulty", "mask"), pick }) },
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant("write" as const), pick, frames: fc.nat({ max: 9 }) }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pass" as const),
      ms: fc.constantFrom(250, 499, FAREWELL_MS - 1, FAREWELL_MS, 10_000, 29_000, 30_000, 61_000),
    }),
  },
);

const REJECTED_AS: Readonly<Record<number, Count>> = {
  22: "rejectedDuplicate",
  23: "rejectedLowDifficulty",
  31: "rejectedTimeTooOld",
  32: "rejectedTimeTooNew",
  33: "rejectedVersionMask",
  36: "rejectedStale",
  37: "rejectedStale",
};

const VERDICTS: readonly Terms["verdicts"][] = ["assumed", "given", "none", "given", "given"];

/** So few that ids come back soon. */
const SESSION_IDS = 7;

interface WaitingShare {
  readonly miner: FakeDownstream;
  readonly upstream: FakeUpstream;
  readonly index: number;
  readonly id: number;
  readonly sentAt: number;
  /** Whether its miner was answered before the verdict. */
  isAnswered: boolean;
}

/** Keeps the books the slow way while events happen to a multiplexer. */
class BookKeeper {
  readonly world = new MuxWorld({ highestSessionId: SESSION_IDS - 1 });
  readonly #total = new Ledger();
  readonly #byUpstream = new Map<FakeUpstream, Ledger>();
  readonly #byMiner = new Map<FakeDownstream, Ledger>();
  #waiting: WaitingShare[] = [];
  /** What each request was answered. */
  readonly #answers = new Map<FakeDownstream, Map<number, number[]>>();
  readonly #jobCounts = new Map<FakeUpstream, number>();
  readonly #active = new Set<FakeUpstream>();
  #outageSince: number | undefined = this.world.clock.now();
  /** Shares no verdict was waited for any longer, by the connection and number they had. */
  readonly #givenUp = new Map<FakeUpstream, Set<number>>();
  readonly #strays = { ...NO_STRAYS };
  /** How long verdicts took, by connection. */
  readonly #answerTimes = new Map<FakeUpstream, number[]>();
  /** Where each miner sits. */
  readonly #seats = new Map<FakeDownstream, FakeUpstream>();
  /** Miners that went from a connection with shares waiting there, and when. */
  readonly #farewells = new Map<FakeUpstream, Map<FakeDownstream, number>>();
  /** Where miners were registered in this step. */
  readonly #entered = new Map<FakeDownstream, FakeUpstream>();
  #good = 0;
  /** How many shares there were. */
  shares = 0;

  get #live(): FakeDownstream[] {
    return this.world.miners.filter((miner) => !miner.isGone);
  }

  get #up(): FakeUpstream[] {
    return this.world.upstreams.filter((upstream) => !upstream.isLost);
  }

  apply(step: Step): void {
    this.#happen(step);
    this.#noteMoves();
    this.#endFarewells(step.kind === "pass");
  }

  /** Who went where, and with shares that wait. */
  #noteMoves(): void {
    for (const miner of this.world.miners) {
      const before = this.#seats.get(miner);
      const after = miner.isGone || this.#active.size === 0
        ? undefined
        : this.#up.find((upstream) => coinbaseOf(upstream) === miner.place?.coinbase1);
      if (before === after) continue;
      if (before !== undefined && !before.isLost) {
        this.#farewellsAt(before).set(miner, this.world.clock.now());
      }
      if (after === undefined) {
        this.#seats.delete(miner);
      } else {
        this.#seats.set(miner, after);
        this.#farewellsAt(after).delete(miner);
      }
    }
    // One may be told something there and go at once, with shares of an earlier stay.
    for (const [miner, upstream] of this.#entered) {
      if (miner.isGone) this.#farewellsAt(upstream).set(miner, this.world.clock.now());
    }
    this.#entered.clear();
  }

  #endFarewells(hasTicked: boolean): void {
    for (const [upstream, farewells] of this.#farewells) {
      for (const [miner, since] of farewells) {
        const waits = this.#waiting.some((share) =>
          share.upstream === upstream && share.miner === miner
        );
        const isOverdue = this.world.clock.now() - since >= FAREWELL_MS;
        if (!waits || hasTicked && isOverdue) farewells.delete(miner);
      }
    }
  }

  #farewellsAt(upstream: FakeUpstream): Map<FakeDownstream, number> {
    const farewells = this.#farewells.get(upstream) ?? new Map<FakeDownstream, number>();
    this.#farewells.set(upstream, farewells);
    return farewells;
  }

  #happen(step: Step): void {
    const { world } = this;
    switch (step.kind) {
      case "join": {
        const miner = world.tryJoin(step.pick % 7 === 0);
        if (miner !== undefined) this.#byMiner.set(miner, new Ledger());
        else assert.equal(world.ids.leased, SESSION_IDS);
        return;
      }
      case "leave":
        return one(this.#live, step.pick)?.leave();
      case "slow": {
        const miner = one(this.#live, step.pick);
        if (miner !== undefined) miner.leavesWhenTold = true;
        return;
      }
      case "ready": {
        if (this.#up.length >= 4) return;
        const options = {
          difficulty: 2 ** (step.pick % 20),
          verdicts: VERDICTS[step.pick % VERDICTS.length]!,
        };
        const upstream = world.bare(`pool ${world.upstreams.length}`, options);
        this.#byUpstream.set(upstream, new Ledger());
        const moves = upstream.onRegister;
        upstream.onRegister = (sessionId) => {
          moves(sessionId);
          const miner = world.miners.findLast((one) => one.sessionId === sessionId)!;
          this.#entered.set(miner, upstream);
        };
        if (step.pick % 3 !== 0) this.#job(upstream, true);
        return;
      }
      case "activate": {
        const upstream = one(this.#up.filter((each) => !this.#active.has(each)), step.pick);
        if (upstream === undefined) return;
        this.#active.add(upstream);
        this.#outageSince = undefined;
        return world.activate(upstream);
      }
      case "rest": {
        const upstream = one([...this.#active], step.pick);
        if (upstream === undefined) return;
        this.#deactivate(upstream);
        return world.rest(upstream);
      }
      case "lose":
        return this.#lose(one(this.#up, step.pick));
      case "submit":
        return this.#submit(one(this.#live, step.pick), step.job);
      case "verdict": {
        const share = one(this.#waiting, step.pick);
        return share && this.#verdict(share.upstream, share.index, step.status);
      }
      case "stray": {
        const upstream = one(this.#up, step.pick);
        return upstream && this.#verdict(upstream, step.index, ERROR_CODE.lowDifficulty);
      }
      case "job": {
        const upstream = one(this.#up, step.pick);
        return upstream && this.#job(upstream, step.isClean);
      }
      case "difficulty": {
        const upstream = one(this.#up, step.pick);
        const sessionIds = [step.pick % 9, step.pick % 5, 0xfffe];
        return upstream && world.mux.difficultyChanged(upstream, sessionIds, 2 ** 30, false);
      }
      case "mask": {
        const upstream = one(this.#up, step.pick);
        return upstream && world.mux.versionMaskChanged(upstream);
      }
      case "write":
        return one(this.#up, step.pick)?.writeOut(step.frames);
      case "pass":
        return this.#pass(step.ms);
      default:
        step satisfies never;
    }
  }

  #job(upstream: FakeUpstream, isClean: boolean): void {
    const count = this.#jobCounts.get(upstream) ?? 0;
    this.#jobCounts.set(upstream, count + 1);
    // Ids come round again soon, so that a share for an old job is one for a new one if confused.
    this.world.job(upstream, String(count % 6), isClean);
  }

  #submit(miner: FakeDownstream | undefined, choice: number): void {
    if (miner === undefined) return;
    const { world } = this;
    // Mostly the newest job, else an old one, one of anybody's, or none at all.
    const numbers = [...world.jobs.keys()];
    const jobId = choice < 6
      ? miner.jobs.at(-1)?.id ?? 5
      : choice < 8
      ? one(miner.jobs, choice + this.shares)?.id ?? 5
      : choice < 9
      ? one(numbers, this.shares) ?? 5
      : 5;
    const place = this.#seats.get(miner);
    const sentBefore = this.#up.map(({ submits }) => submits.length);
    const { id, receipt } = world.submit(miner, jobId);
    this.shares++;
    this.#count(miner, place, "received");
    if (receipt === ERROR_CODE.jobNotFound) {
      this.#count(miner, place, place === undefined ? "refusedNoPool" : "refusedStale");
      assert.deepEqual(this.#up.map(({ submits }) => submits.length), sentBefore);
      const isFresh = place !== undefined && jobId === miner.jobs.at(-1)?.id &&
        world.jobs.get(jobId)?.upstream === place;
      assert.ok(!isFresh, "a share for the newest job was refused");
      return;
    }
    assert.ok(place !== undefined && world.jobs.get(jobId)?.upstream === place, "a wrong pool");
    if (place.terms.verdicts === "none") {
      assert.equal(receipt, "taken");
      assert.deepEqual(this.#up.map(({ submits }) => submits.length), sentBefore);
      return this.#count(miner, place, "outage");
    }
    const sent = place.submits.at(-1)!;
    assert.equal(sent.poolJobId, world.jobs.get(jobId)?.poolJobId);
    assert.equal(sent.sessionId, miner.sessionId);
    const newestWithThatId = [...world.jobs].findLast(([, job]) =>
      job.upstream === place && job.poolJobId === sent.poolJobId
    );
    assert.equal(
      newestWithThatId?.[1].first,
      world.jobs.get(jobId)?.first,
      "the pool means another job by that id now",
    );
    this.#count(miner, place, "submitted");
    if (receipt === "taken") return this.#count(miner, place, "assumed");
    assert.equal(receipt, "waiting");
    const sentAt = world.clock.now();
    this.#givenUp.get(place)?.delete(sent.index);
    const { index } = sent;
    this.#waiting.push({ miner, upstream: place, index, id, sentAt, isAnswered: false });
  }

  #verdict(upstream: FakeUpstream, index: number, status: number): void {
    const share = this.#waiting.find((each) => each.upstream === upstream && each.index === index);
    if (share === undefined) {
      const { terms, submits } = upstream;
      const wasSent = terms.verdicts === "given" && index < submits.length;
      const isLate = this.#givenUp.get(upstream)?.has(index) ?? false;
      this.#strays[isLate ? "late" : wasSent ? "repeated" : "neverSent"]++;
    } else {
      if (share.miner.isGone) this.#strays.minerGone++;
      this.#waiting = this.#waiting.filter((each) => each !== share);
      this.#answerTimesAt(upstream).push(this.world.clock.now() - share.sentAt);
      const count = status === SHARE_ACCEPTED ? "accepted" : REJECTED_AS[status] ?? "rejectedOther";
      this.#end(share, count, minerStatus(status));
    }
    upstream.judge(index, status);
  }

  #lose(upstream: FakeUpstream | undefined): void {
    if (upstream === undefined) return;
    this.#expire(
      (share) => share.upstream === upstream,
      () => "unansweredConnectionLost",
      ERROR_CODE.unknown,
    );
    this.#deactivate(upstream);
    this.#byUpstream.delete(upstream);
    this.world.lose(upstream);
  }

  #deactivate(upstream: FakeUpstream): void {
    this.#active.delete(upstream);
    if (this.#active.size === 0) this.#outageSince ??= this.world.clock.now();
  }

  #pass(ms: number): void {
    const { clock } = this.world;
    clock.advance(ms);
    const overdue = clock.now() - VERDICT_TIMEOUT_MS;
    this.#expire(
      (share) => share.sentAt < overdue,
      (isGone) => isGone ? "unansweredMinerGone" : "unansweredTimedOut",
      SHARE_ACCEPTED,
      (share) => !share.isAnswered && share.sentAt < clock.now() - this.#waitMs(share.upstream),
    );
    const isOver = this.#outageSince !== undefined && clock.now() - this.#outageSince >= GRACE_MS;
    const before = this.#live;
    this.world.tick();
    for (const miner of before) {
      // One that leaves when it is told anything may be gone by then.
      const isDisconnected = miner.disconnectedFor !== undefined;
      if (!miner.leavesWhenTold) assert.equal(isDisconnected, isOver);
      else assert.ok(isOver || !isDisconnected);
    }
  }

  #answerTimesAt(upstream: FakeUpstream): number[] {
    const times = this.#answerTimes.get(upstream) ?? [];
    this.#answerTimes.set(upstream, times);
    return times;
  }

  /** Four times the mean answer time, where the newest of 16 count more: 500 ms to 3 s. */
  #waitMs(upstream: FakeUpstream): number {
    const mean = this.#answerTimesAt(upstream).reduce(
      (mean, ms, before) => mean + (Math.min(ms, 3_000) - mean) / Math.min(before + 1, 16),
      750,
    );
    return Math.min(3_000, Math.max(500, 4 * mean));
  }

  /**
   * Ends shares that wait, connection by connection in the order they were sent, and answers those
   * whose verdict is late.
   */
  #expire(
    isOverdue: (share: WaitingShare) => boolean,
    reason: (isGone: boolean) => Count,
    status: number,
    isLate: (share: WaitingShare) => boolean = () => false,
  ): void {
    const gone = new Set<FakeDownstream>();
    for (const upstream of this.#up) {
      const ended = this.#waiting.filter((each) => each.upstream === upstream && isOverdue(each));
      // All are counted, and then they are answered.
      for (const share of ended) {
        const isGone = share.miner.isGone || gone.has(share.miner);
        if (share.isAnswered) this.#settleEarly(share);
        this.#count(share.miner, share.upstream, reason(isGone));
        const givenUp = this.#givenUp.get(upstream) ?? new Set<number>();
        this.#givenUp.set(upstream, givenUp.add(share.index));
      }
      const late = this.#waiting.filter((share) =>
        share.upstream === upstream && !isOverdue(share) && isLate(share) &&
        !share.miner.isGone && !gone.has(share.miner)
      );
      for (const share of late) {
        share.isAnswered = true;
        for (const count of ["early", "assumed", "earlyOpen"] as const) {
          this.#count(share.miner, upstream, count);
        }
      }
      for (const { miner, id } of [...ended.filter(({ isAnswered }) => !isAnswered), ...late]) {
        if (miner.isGone || gone.has(miner)) continue;
        this.#answer(miner, id, status);
        if (miner.leavesWhenTold) gone.add(miner);
      }
    }
    this.#waiting = this.#waiting.filter((share) => !isOverdue(share));
  }

  #end(share: WaitingShare, count: Count, status: number): void {
    const { miner, upstream, id, isAnswered } = share;
    this.#count(miner, upstream, count);
    if (isAnswered) {
      this.#settleEarly(share);
      if (count !== "accepted") this.#count(miner, upstream, "earlyRejected");
    } else if (!miner.isGone) this.#answer(miner, id, status);
  }

  /** It is no longer assumed. */
  #settleEarly({ miner, upstream }: WaitingShare): void {
    for (const count of ["assumed", "earlyOpen"] as const) {
      const column = columnOf(count);
      this.#total.remove(column);
      this.#byMiner.get(miner)!.remove(column);
      this.#byUpstream.get(upstream)!.remove(column);
    }
  }

  #answer(miner: FakeDownstream, id: number, status: number): void {
    const answers = this.#answers.get(miner) ?? new Map<number, number[]>();
    this.#answers.set(miner, answers.set(id, [...answers.get(id) ?? [], status]));
  }

  #count(miner: FakeDownstream, upstream: FakeUpstream | undefined, count: Count): void {
    this.#total.add(columnOf(count));
    this.#byMiner.get(miner)!.add(columnOf(count));
    if (upstream !== undefined) this.#byUpstream.get(upstream)!.add(columnOf(count));
  }

  /** Compares everything. */
  check(): void {
    const { world } = this;
    const { mux, counter } = world;
    const good = goodIn(counter.total.snapshot());
    assert.ok(good >= this.#good, "a share that was good stays good");
    this.#good = good;
    assert.deepEqual(counter.total.snapshot(), this.#total.snapshot());
    this.#checkSums(counter.total.snapshot(), () => true);
    for (const upstream of this.#up) {
      const shares = mux.sharesOf(upstream)!;
      assert.deepEqual(shares, this.#byUpstream.get(upstream)!.snapshot());
      this.#checkSums(shares, (share) => share.upstream === upstream);
    }
    for (const miner of this.#live) {
      const shares = counter.minerShares(miner.sessionId);
      assert.deepEqual(shares, this.#byMiner.get(miner)!.snapshot());
      this.#checkSums(shares, (share) => share.miner === miner);
    }
    for (const miner of world.miners) {
      assert.deepEqual([...miner.answers], [...this.#answers.get(miner) ?? []]);
    }
    assert.deepEqual(mux.books.strayVerdicts, this.#strays);
    assert.equal(mux.waitingShares, this.#waiting.filter(({ isAnswered }) => !isAnswered).length);
    assert.equal(mux.miners, this.#live.length);
    this.#checkPlaces();
  }

  #checkSums(shares: LedgerSnapshot, mine: (share: WaitingShare) => boolean): void {
    assert.equal(shares.received, shares.submitted + refusedIn(shares) + shares.outage);
    const ended = shares.accepted + rejectedIn(shares) + shares.assumed + unansweredIn(shares);
    const waiting = this.#waiting.filter((share) => mine(share) && !share.isAnswered).length;
    assert.equal(shares.submitted, ended + waiting);
    assert.equal(waitingIn(shares), waiting);
    const { assumed, earlyOpen, early } = shares;
    assert.ok(earlyOpen <= assumed && earlyOpen <= early);
  }

  #checkPlaces(): void {
    const live = this.#live;
    for (const upstream of this.#up) {
      const expected = [
        ...live.filter((miner) => this.#seats.get(miner) === upstream),
        ...this.#farewellsAt(upstream).keys(),
      ];
      const known = [...upstream.registered.keys()];
      assert.deepEqual(known.sort(), expected.map(({ sessionId }) => sessionId).sort());
    }
    const seated = live.filter((miner) => this.#active.has(this.#seats.get(miner)!));
    assert.equal(seated.length, this.#active.size === 0 ? 0 : live.length);
    const { leased } = this.world.ids;
    assert.equal(leased, this.world.miners.length - this.world.released.length);
    assert.ok(leased >= live.length);
  }

  /** All miners go and everything is written: no id may be left over. */
  close(): void {
    for (const miner of this.#live) miner.leave();
    this.world.clock.advance(FAREWELL_MS);
    this.world.tick();
    for (const upstream of this.#up) upstream.writeOut();
    assert.equal(this.world.ids.leased, 0);
    assert.equal(this.world.mux.miners, 0);
    assertLossesAddUp(this.world.counter, this.world.losses);
  }
}

function one<T>(items: readonly T[], pick: number): T | undefined {
  return items[pick % Math.max(items.length, 1)];
}

Deno.test("Shares, answers, places and session ids add up in any course of events", () => {
  /** So that most of what follows happens to somebody. */
  const beginning: Step[] = [
    { kind: "ready", pick: 1 },
    { kind: "activate", pick: 0 },
    { kind: "join", pick: 1 },
    { kind: "join", pick: 2 },
  ];
  let submitted = 0;
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 120, size: "max" }), (isBegun, steps) => {
      const books = new BookKeeper();
      for (const each of isBegun ? [...beginning, ...steps] : steps) {
        books.apply(each);
        books.check();
      }
      books.close();
      submitted += books.world.counter.total.get("submitted");
    }),
    { seed: 9, numRuns: 500 },
  );
  assert.ok(submitted > 3000, `${submitted} shares went up`);
});
