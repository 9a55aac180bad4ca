/** Accounts: what all sub-accounts share, who is of which, and when one opens and closes. */

import assert from "node:assert/strict";
import { systemTime } from "../../lib/base/system_time.ts";
import { ContradictionLog } from "../../lib/mux/contradiction_log.ts";
import { type Account, Accounts, EMPTY_ACCOUNT_MS } from "../../lib/mux/accounts.ts";
import { NO_STRAYS, ShareCounter } from "../../lib/mux/books/ledger.ts";
import { NO_TRAFFIC, sumOfTraffic } from "../../lib/mux/books/traffic.ts";
import { Multiplexer } from "../../lib/mux/multiplexer.ts";
import { RememberedDifficulties } from "../../lib/mux/remembered_difficulties.ts";
import { vardiffRules } from "../../lib/mux/vardiff_rules.ts";
import { WIDEST_LAYOUT } from "../../lib/mux/terms.ts";
import type { Upstreams } from "../../lib/mux/upstreams.ts";
import { SessionIds } from "../../lib/mux/session_ids.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeDownstream } from "../support/fake_downstream.ts";
import { FakeUpstream } from "../support/fake_upstream.ts";
import { poolJob } from "../support/mux_world.ts";
import { ERROR_CODE } from "../../lib/protocol/stratum/error_code.ts";

/** An account's connections: one that is open from the start. */
class FakeUpstreams implements Upstreams {
  readonly pools = [];
  traffic = NO_TRAFFIC;
  waitingBytes = 0;
  ticks = 0;
  flushes = 0;
  isStopped = false;
  readonly upstream: FakeUpstream;
  readonly #mux: Multiplexer;

  constructor(name: string, mux: Multiplexer) {
    this.#mux = mux;
    this.upstream = new FakeUpstream(name, mux);
  }

  serve(): void {
    this.#mux.upstreamReady(this.upstream);
    this.#mux.jobArrived(this.upstream, poolJob("0", true, "aa"));
    this.#mux.moved(undefined, this.upstream);
  }

  tick(): void {
    this.ticks++;
  }

  pin(): void {}

  flush(): void {
    this.flushes++;
  }

  stop(): void {
    assert.equal(this.isStopped, false, "stopped twice");
    this.isStopped = true;
    this.upstream.isLost = true;
    this.upstream.stop();
    this.#mux.upstreamLost(this.upstream);
  }
}

const GRACE_MS = 30_000;

interface Opened extends Account {
  readonly name: string;
  readonly upstreams: FakeUpstreams;
}

class Rig {
  readonly clock = new FakeClock();
  readonly ids: SessionIds;
  readonly counter: ShareCounter;
  readonly opened: Opened[] = [];
  readonly reconfigured: string[] = [];
  readonly accounts: Accounts;
  #jobNumber = 0;

  constructor({
    isMultiUser = true,
    maxAccounts = 10,
    highestSessionId = 20,
    newAccountsPerMinutePerIp = 10,
  } = {}) {
    this.ids = new SessionIds(this.clock.now, highestSessionId);
    this.counter = new ShareCounter(highestSessionId + 1);
    this.accounts = new Accounts({
      isMultiUser,
      maxAccounts,
      accountsBound: "limits.max_accounts",
      newAccountsPerMinutePerIp,
      graceMs: GRACE_MS,
      layouts: { isHeld: false, layoutFor: () => WIDEST_LAYOUT },
      sessionIds: this.ids,
      counter: this.counter,
      open: (name) => this.#open(name),
      now: this.clock.now,
    });
  }

  #open(name: string): Account {
    const mux = new Multiplexer({
      counter: this.counter,
      fanout: { tell() {} },
      contradictions: new ContradictionLog(this.clock.now),
      nextJobNumber: () => this.#jobNumber++,
      sizeFound: () => {},
      vardiff: { rules: () => vardiffRules(), remembered: new RememberedDifficulties() },
      releaseSession: (sessionId) => this.ids.release(sessionId),
      now: this.clock.now,
      realNow: this.clock.now,
      timers: systemTime,
      isNamedByMiners: true,
      graceMs: GRACE_MS,
    });
    const reconfigure = () => void this.reconfigured.push(name);
    const opened = { name, mux, upstreams: new FakeUpstreams(name, mux), reconfigure };
    this.opened.push(opened);
    return opened;
  }

  join(account: string, address = "10.0.0.1"): FakeDownstream {
    const miner = new FakeDownstream(this.accounts.leaseSession()!);
    miner.moveTo("aa", 16384);
    miner.seat = this.accounts.join(account, miner, address);
    return miner;
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.accounts.tick();
  }
}

Deno.test("In single-user mode every miner is of the one account, whatever its name says", () => {
  const rig = new Rig({ isMultiUser: false });
  for (const name of ["alice", "bob", ""]) rig.join(name);
  assert.deepEqual(rig.opened.map(({ name }) => name), [""]);
  assert.equal(rig.opened[0]!.mux.miners, 3);
});

Deno.test("In single-user mode the account is open from the start, and stays without miners", () => {
  const rig = new Rig({ isMultiUser: false });
  assert.equal(rig.accounts.count, 1);
  for (let i = 0; i < 5; i++) rig.pass(EMPTY_ACCOUNT_MS);
  assert.equal(rig.accounts.count, 1);
  assert.equal(rig.opened[0]!.upstreams.ticks, 5);
  assert.equal(rig.opened[0]!.upstreams.isStopped, false);
});

Deno.test("In multi-user mode an account opens with its first miner, and case tells accounts apart", () => {
  const rig = new Rig();
  assert.equal(rig.accounts.count, 0);
  for (const name of ["Alice", "alice", "bob", "Alice"]) rig.join(name);
  assert.deepEqual(rig.opened.map(({ name, mux }) => [name, mux.miners]), [
    ["Alice", 2],
    ["alice", 1],
    ["bob", 1],
  ]);
  assert.deepEqual([...rig.accounts.reports()].map(({ name }) => name), ["Alice", "alice", "bob"]);
});

Deno.test("A misspelt sub-account that the pool refuses does not refuse the right one", () => {
  const rig = new Rig();
  const right = rig.join("Alice");
  const misspelt = rig.join("alice");
  const [one, other] = rig.opened as [Opened, Opened];
  one.upstreams.serve();
  other.mux.accountRefused();
  assert.match(misspelt.turnedAwayFor!, /refuses its sub-account/);
  assert.equal(right.turnedAwayFor, undefined);
  assert.ok(rig.join("Alice").seat !== undefined, "nor the next miner of the right one");
});

Deno.test("In multi-user mode a miner without sub-account is turned away, and opens nothing", () => {
  const rig = new Rig();
  const miner = rig.join("");
  assert.equal(miner.seat, undefined);
  assert.match(miner.turnedAwayFor!, /does not begin with a sub-account/);
  assert.equal(rig.accounts.count, 0);
});

Deno.test("No more accounts open than allowed; miners of those that are open still come in", () => {
  const rig = new Rig({ maxAccounts: 2 });
  for (const name of ["a", "b"]) rig.join(name);
  const one = rig.join("c");
  assert.equal(one.seat, undefined);
  assert.match(one.turnedAwayFor!, /limits.max_accounts/);
  assert.equal(rig.accounts.refusals, 1);
  assert.ok(rig.join("b").seat !== undefined);
  assert.equal(rig.accounts.count, 2);
});

Deno.test("At the limit an account that has no miner makes room for a new one", () => {
  const rig = new Rig({ maxAccounts: 2 });
  rig.join("a").leave();
  rig.pass(250);
  rig.join("b").leave();
  rig.pass(250);
  assert.ok(rig.join("c").seat !== undefined);
  assert.equal(rig.accounts.count, 2);
  assert.deepEqual(rig.opened.map(({ upstreams }) => upstreams.isStopped), [true, false, false]);
});

Deno.test("A sub-account with a longer name than a pool knows is turned away, not cut", () => {
  const rig = new Rig();
  assert.match(rig.join("a".repeat(65)).turnedAwayFor!, /65 characters, at most 64/);
  assert.ok(rig.join("a".repeat(64)).seat !== undefined);
});

Deno.test("An account without miners is closed after a minute, and opens again when asked for", () => {
  const rig = new Rig();
  const miner = rig.join("a");
  rig.opened[0]!.upstreams.serve();
  rig.pass(EMPTY_ACCOUNT_MS * 3);
  miner.leave();
  rig.pass(250);
  rig.pass(EMPTY_ACCOUNT_MS - 1);
  assert.equal(rig.accounts.count, 1);
  rig.pass(1);
  assert.equal(rig.accounts.count, 0);
  assert.equal(rig.opened[0]!.upstreams.isStopped, true);
  assert.equal(rig.ids.leased, 0, "the id of the miner that left came back");
  rig.join("a").leave();
  assert.equal(rig.opened.length, 2);
  rig.pass(250);
  assert.equal(rig.accounts.count, 1, "its minute begins anew");
});

Deno.test("A miner that comes within the minute keeps its account open, and the next minute is whole", () => {
  const rig = new Rig();
  rig.join("a").leave();
  rig.opened[0]!.upstreams.serve();
  rig.pass(250);
  rig.pass(EMPTY_ACCOUNT_MS - 1);
  const miner = rig.join("a");
  rig.pass(250);
  miner.leave();
  rig.pass(250);
  rig.pass(EMPTY_ACCOUNT_MS - 1);
  assert.equal(rig.accounts.count, 1);
  assert.equal(rig.opened.length, 1);
});

Deno.test("Sums reach over all accounts, closed ones included", () => {
  const rig = new Rig();
  const miners = ["a", "b"].map((name) => rig.join(name));
  const [a, b] = rig.opened as [Opened, Opened];
  for (const { upstreams } of [a, b]) upstreams.serve();
  const told = { bytesRead: 100, bytesWritten: 10, messagesRead: 4, messagesWritten: 1 };
  Object.assign(a.upstreams, { traffic: told, waitingBytes: 1 });
  Object.assign(b.upstreams, { traffic: sumOfTraffic([told, told]), waitingBytes: 2 });
  const all = {
    bytesRead: 300,
    bytesWritten: 30,
    messagesRead: 12,
    messagesWritten: 3,
    messagesIgnored: 0,
  };
  a.upstreams.upstream.judge(5, ERROR_CODE.duplicate);
  for (const miner of miners) {
    miner.takeNews();
    const jobId = miner.job.id;
    miner.seat!.submit({
      id: 1,
      jobId,
      extranonce2: 0,
      extranonce2Digits: 8,
      ntime: 0x650d1b20,
      nonce: 0,
      versionBits: 0,
      hasVersionBits: false,
    });
  }
  assert.equal(rig.accounts.waitingShares, 2);
  assert.equal(rig.accounts.waitingBytes, 3);
  miners[0]!.leave();
  rig.pass(0);
  rig.pass(EMPTY_ACCOUNT_MS);
  assert.equal(rig.accounts.count, 1);
  const { strayVerdicts, waitingShares } = rig.accounts;
  assert.equal(waitingShares, 0, "its miner was answered");
  assert.equal(rig.counter.total.get("assumed"), 1);
  assert.deepEqual(rig.accounts.traffic, all);
  assert.deepEqual(strayVerdicts, { ...NO_STRAYS, neverSent: 1 });
  assert.equal(rig.counter.total.get("unansweredConnectionLost"), 1);
  rig.accounts.stop();
  assert.deepEqual(rig.accounts.traffic, all);
});

Deno.test("A flush and a stop reach every account, and a stop gives all ids of gone miners back", () => {
  const rig = new Rig();
  const miners = ["a", "b"].map((name) => rig.join(name));
  for (const { upstreams } of rig.opened) upstreams.serve();
  rig.accounts.flush();
  assert.deepEqual(rig.opened.map(({ upstreams }) => upstreams.flushes), [1, 1]);
  for (const miner of miners) miner.leave();
  assert.equal(rig.ids.leased, 2);
  rig.accounts.stop();
  assert.equal(rig.ids.leased, 0);
  assert.ok(rig.opened.every(({ upstreams }) => upstreams.isStopped));
  assert.equal(rig.accounts.count, 0);
});

Deno.test("A miner with an id that was another's before begins its counts at zero", () => {
  const { accounts, counter } = new Rig({ highestSessionId: 0 });
  const sessionId = accounts.leaseSession()!;
  accounts.countRefused({ leasedId: sessionId, origin: 0 }, "refusedIllegal", 0);
  assert.equal(accounts.leaseSession(), undefined, "there is only one");
  accounts.releaseSession(sessionId);
  assert.equal(accounts.leaseSession(), sessionId);
  const { received, refusedIllegal } = counter.minerShares(sessionId);
  assert.deepEqual([received, refusedIllegal], [0, 0]);
  assert.equal(counter.total.get("refusedIllegal"), 1);
});

Deno.test("A share refused before its miner has an id is counted all the same", () => {
  const { accounts, counter } = new Rig();
  accounts.countRefused({ leasedId: undefined, origin: 0 }, "refusedUnauthorized", 0);
  assert.equal(counter.total.get("received"), 1);
  assert.equal(counter.total.get("refusedUnauthorized"), 1);
});

/** Accounts for a crowd. */
const CROWD = { maxAccounts: 1000, highestSessionId: 5000 };

/** How many accounts are open. */
function openedOf(rig: Rig): number {
  return rig.opened.length;
}

Deno.test("Of 1,000 names from one address 10 open at once and 10 a minute, and no miner is disconnected", () => {
  const rig = new Rig(CROWD);
  const miners = Array.from({ length: 1000 }, (_, i) => rig.join(`name${i}`));
  assert.equal(openedOf(rig), 10);
  assert.equal(rig.accounts.waits, 990);
  for (let i = 0; i < 4 * 29; i++) rig.pass(250);
  assert.ok(openedOf(rig) <= 15, `${openedOf(rig)} after 29 s`);
  assert.deepEqual(
    miners.filter(({ disconnectedFor, turnedAwayFor }) => disconnectedFor ?? turnedAwayFor),
    [],
  );
  assert.deepEqual(rig.opened.map(({ name }) => name).slice(10, 14), [
    "name10",
    "name11",
    "name12",
    "name13",
  ]);
});

Deno.test("Of 1,000 names from as many addresses 10 open at once and 2 a second", () => {
  const rig = new Rig(CROWD);
  for (let i = 0; i < 1000; i++) rig.join(`name${i}`, `10.0.${i >> 8}.${i & 255}`);
  assert.equal(openedOf(rig), 10);
  for (let i = 0; i < 40; i++) rig.pass(250);
  assert.ok(openedOf(rig) >= 29 && openedOf(rig) <= 30, `${openedOf(rig)} after 10 s`);
});

Deno.test("One address with a thousand names does not keep a miner of another waiting", () => {
  const rig = new Rig({ ...CROWD, newAccountsPerMinutePerIp: 0 });
  for (let i = 0; i < 1000; i++) rig.join(`name${i}`);
  const honest = rig.join("alice", "10.0.0.2");
  assert.equal(rig.opened.some(({ name }) => name === "alice"), false, "it takes its turn");
  for (let i = 0; i < 4; i++) rig.pass(250);
  assert.ok(rig.opened.some(({ name }) => name === "alice"), "which comes within a second");
  rig.opened.find(({ name }) => name === "alice")!.upstreams.serve();
  assert.ok(honest.isAdmitted);
});

Deno.test("A farm comes in before names that one device at its address makes up, which come in too", () => {
  const rig = new Rig(CROWD);
  for (let i = 0; i < 500; i++) rig.join(`name${i}`);
  const farm = Array.from({ length: 40 }, () => rig.join("alice"));
  const opened = () => rig.opened.slice(10).map(({ name }) => name);
  while (opened().length < 4) rig.pass(250);
  assert.deepEqual(opened(), ["alice", "name10", "name11", "name12"]);
  rig.opened.find(({ name }) => name === "alice")!.upstreams.serve();
  assert.ok(farm.every(({ isAdmitted }) => isAdmitted));
});

Deno.test("A name that one miner waits for has its turn however many wait for others", () => {
  const rig = new Rig(CROWD);
  for (let i = 0; i < 10; i++) rig.join(`name${i}`);
  const isOpen = (wanted: string) => rig.opened.some(({ name }) => name === wanted);
  rig.join("alice");
  for (let crowd = 0; !isOpen("alice"); crowd++) {
    assert.ok(crowd < 2, "two crowds have come in before it");
    const before = openedOf(rig);
    for (let i = 0; i < 5; i++) rig.join(`crowd${crowd}`);
    while (openedOf(rig) === before) rig.pass(250);
  }
});

Deno.test("While others wait for new accounts, miners of open ones come in at once", () => {
  const rig = new Rig(CROWD);
  rig.join("alice", "10.0.0.2");
  rig.opened[0]!.upstreams.serve();
  for (let i = 0; i < 1000; i++) rig.join(`name${i}`);
  const next = rig.join("alice");
  assert.ok(next.isAdmitted);
});

Deno.test("All miners that wait for an account come in when it opens, from wherever they are", () => {
  const rig = new Rig(CROWD);
  for (let i = 0; i < 10; i++) rig.join(`name${i}`);
  const waiting = [rig.join("alice"), rig.join("alice"), rig.join("alice", "10.0.0.2")];
  for (let i = 0; i < 3; i++) rig.pass(250);
  const alice = rig.opened.find(({ name }) => name === "alice")!;
  assert.equal(alice.mux.miners, 3);
  alice.upstreams.serve();
  assert.deepEqual(waiting.map(({ isAdmitted }) => isAdmitted), [true, true, true]);
  for (const miner of waiting) miner.leave();
  assert.equal(alice.mux.miners, 0);
  rig.pass(250);
  assert.equal(rig.opened.filter(({ name }) => name === "alice").length, 1, "it opens once");
});

Deno.test("A miner that leaves while it waits gives its id back and opens nothing", () => {
  const rig = new Rig(CROWD);
  for (let i = 0; i < 10; i++) rig.join(`name${i}`);
  const before = rig.ids.leased;
  const miner = rig.join("alice");
  miner.leave();
  assert.equal(rig.ids.leased, before);
  for (let i = 0; i < 400; i++) rig.pass(250);
  assert.equal(openedOf(rig), 10);
});

Deno.test("A miner whose account cannot be opened in time is let go, to its own backup", () => {
  const rig = new Rig({ ...CROWD, newAccountsPerMinutePerIp: 1 });
  rig.join("first");
  rig.join("second");
  const late = rig.join("third");
  for (let i = 0; i < 4 * 29; i++) rig.pass(250);
  assert.equal(late.disconnectedFor, undefined);
  for (let i = 0; i < 4; i++) rig.pass(250);
  assert.match(late.disconnectedFor!, /could not be opened within 30 s/);
});

Deno.test("A miner whose turn comes when all accounts are taken is turned away then", () => {
  const rig = new Rig({ ...CROWD, maxAccounts: 10 });
  for (let i = 0; i < 10; i++) rig.join(`name${i}`);
  const late = rig.join("late");
  assert.equal(late.turnedAwayFor, undefined);
  for (let i = 0; i < 4 * 7; i++) rig.pass(250);
  assert.match(late.turnedAwayFor!, /limits.max_accounts/);
  assert.equal(rig.accounts.refusals, 1);
});
