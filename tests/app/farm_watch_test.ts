/** What happens to a farm as a whole: on a backup, without a pool, and what charts mark of it. */

import assert from "node:assert/strict";
import {
  type Backup,
  failureOf,
  FarmWatch,
  type WatchedAccount,
} from "../../lib/app/farm_watch.ts";
import type { PoolReport } from "../../lib/mux/upstreams.ts";

const POOLS = ["main.example:3333", "backup.example:443"];
const NOON = Date.parse("2026-11-22T12:00:00Z");

/** A sub-account whose pools a test moves by hand. */
class Account implements WatchedAccount {
  readonly name: string;
  mux = { miners: 1, servingPool: undefined as number | undefined };
  troubles: (string | undefined)[] = [undefined, undefined];

  constructor(name = "") {
    this.name = name;
  }

  get upstreams() {
    return {
      pools: POOLS.map((address, poolId) => ({
        poolId,
        address,
        trouble: this.troubles[poolId],
      } as PoolReport)),
    };
  }
}

class Rig {
  time = 5_000;
  /** What the clock on the wall is ahead of that. */
  ahead = NOON;
  accounts: Account[];
  wanted: number | undefined = 0;
  readonly watch: FarmWatch;
  readonly told: string[] = [];

  constructor(...accounts: Account[]) {
    this.accounts = accounts;
    this.watch = new FarmWatch({
      accounts: () => this.accounts,
      wantedPool: () => this.wanted,
      poolName: (poolId) => POOLS[poolId]!,
      creditedDifficulty: () => 0,
      marked: (kind, about) => this.told.push(`${kind}: ${about}`),
      realNow: () => this.time,
      wallNow: () => this.time + this.ahead,
    }, "1.2.3");
  }

  /** Looks once a second for this number of seconds. */
  run(seconds: number): void {
    for (let i = 0; i < seconds; i++) {
      this.time += 1_000;
      this.watch.look();
    }
  }

  backup(): Backup | undefined {
    return this.watch.attention.backup;
  }

  get marks(): string[] {
    return this.watch.marks.map(({ kind, about }) => `${kind}: ${about}`);
  }
}

Deno.test("a farm on a backup pool shows which one, since when, instead of which, and why", () => {
  const account = new Account();
  const rig = new Rig(account);
  account.mux.servingPool = 0;
  rig.run(10);
  assert.equal(rig.backup(), undefined);
  account.mux.servingPool = 1;
  account.troubles[0] = "the pool closed the connection";
  rig.run(60);
  // The clock on the wall is set meanwhile: the times move with it.
  rig.ahead += 3_600_000;
  assert.deepEqual(rig.backup(), {
    pool: POOLS[1],
    since: NOON + 3_600_000 + 16_000,
    insteadOf: POOLS[0],
    reason: "the pool closed the connection",
  });
  account.mux.servingPool = 0;
  rig.run(1);
  assert.equal(rig.backup(), undefined);
  assert.deepEqual(rig.marks, [
    "start: btcagent 1.2.3 started",
    "failover: From main.example:3333 to backup.example:443: the pool closed the connection",
    "back: From backup.example:443 to main.example:3333",
  ]);
});

Deno.test("a farm is on its backup since it left the first pool, outages in between or not", () => {
  const account = new Account();
  const rig = new Rig(account);
  account.mux.servingPool = 0;
  rig.run(10);
  account.mux.servingPool = undefined;
  rig.run(5);
  account.mux.servingPool = 1;
  rig.run(60);
  const since = NOON + 21_000;
  assert.equal(rig.backup()?.since, since);
  account.mux.servingPool = undefined;
  rig.run(30);
  assert.equal(rig.backup(), undefined, "an outage is no backup");
  assert.notEqual(rig.watch.attention.outageSince, undefined);
  account.mux.servingPool = 1;
  account.mux.miners = 0;
  rig.run(5);
  assert.equal(rig.backup(), undefined, "nobody is there");
  account.mux.miners = 1;
  rig.run(5);
  assert.equal(rig.backup()?.since, since);
  assert.deepEqual(rig.marks.slice(1), [
    "outage: No pool serves any miner",
    "failover: From main.example:3333 to backup.example:443",
    "outage_end: The outage ended after 5 s",
    "outage: No pool serves any miner",
    "outage_end: The outage ended after 30 s",
  ]);
});

Deno.test("while a pool is pinned, it is no backup, and the first of the list is one", () => {
  const account = new Account();
  const rig = new Rig(account);
  account.mux.servingPool = 1;
  rig.wanted = 1;
  rig.run(5);
  assert.equal(rig.backup(), undefined);
  account.mux.servingPool = 0;
  rig.run(1);
  assert.equal(rig.backup()?.insteadOf, POOLS[1]);
});

Deno.test("of several sub-accounts on a backup, the one with the most miners is shown", () => {
  const [big, small, well] = [new Account(), new Account(), new Account()];
  big.mux = { miners: 20, servingPool: 1 };
  small.mux = { miners: 3, servingPool: 1 };
  well.mux = { miners: 90, servingPool: 0 };
  big.troubles[0] = "that of the big one";
  const rig = new Rig(small, well, big);
  rig.run(1);
  assert.equal(rig.backup()?.reason, "that of the big one");
  assert.equal(rig.watch.attention.outageSince, undefined);
  // One without miners has no need of any pool.
  big.mux.miners = 0;
  rig.run(1);
  assert.equal(rig.backup()?.reason, "");
});

Deno.test("waiting for the first pool is an outage, but only while there are miners", () => {
  const account = new Account();
  account.mux.miners = 0;
  const rig = new Rig(account);
  rig.run(30);
  assert.deepEqual(
    [rig.watch.attention.outageSince, rig.watch.attention.outageTodayMs],
    [undefined, 0],
  );
  account.mux.miners = 5;
  account.troubles[0] = "connection refused";
  rig.run(21);
  assert.equal(rig.watch.attention.outageSince, NOON + 36_000);
  assert.equal(rig.watch.attention.outageTodayMs, 20_000);
  // They turn to their own backup: that does not make a pool answer.
  account.mux.miners = 0;
  rig.run(10);
  assert.equal(rig.watch.attention.outageTodayMs, 30_000);
  account.mux = { miners: 5, servingPool: 0 };
  rig.run(10);
  assert.equal(rig.watch.attention.outageSince, undefined);
  assert.equal(rig.watch.attention.outageTodayMs, 31_000);
  assert.deepEqual(rig.marks.slice(1), [
    "outage: No pool serves any miner; main.example:3333: connection refused",
    "outage_end: The outage ended after 31 s",
  ]);
});

Deno.test("yesterday's outage does not count today, even if the clock was set since", () => {
  const account = new Account();
  const rig = new Rig(account);
  // A minute before midnight, by local time.
  rig.ahead = new Date(2026, 10, 22, 23, 59).getTime() - rig.time;
  rig.run(31);
  account.mux.servingPool = 0;
  rig.run(9);
  assert.equal(rig.watch.attention.outageTodayMs, 31_000);
  rig.run(60);
  assert.ok(rig.watch.attention.outageTodayMs < 31_000, "midnight is past");
  rig.run(60);
  assert.equal(rig.watch.attention.outageTodayMs, 0);
  // The clock was an hour ahead: it is the day before once more.
  rig.ahead -= 3_600_000;
  assert.equal(rig.watch.attention.outageTodayMs, 31_000);
});

Deno.test("a reload is marked", () => {
  const rig = new Rig(new Account());
  rig.watch.reloaded();
  assert.deepEqual(rig.marks.slice(1), ["reload: The configuration was read again"]);
});

Deno.test("each event is told once, and not its repeats within a minute", () => {
  const rig = new Rig(new Account());
  rig.watch.reloaded();
  rig.watch.reloaded();
  assert.deepEqual(rig.told, [
    "start: btcagent 1.2.3 started",
    "reload: The configuration was read again",
  ]);
});

Deno.test("a sub-account without a pool is named while others are served, also when its miners left", () => {
  const [alice, bob] = [new Account("alice"), new Account("bob")];
  const rig = new Rig(alice, bob);
  alice.mux.servingPool = bob.mux.servingPool = 0;
  rig.run(3);
  const unserved = () => [...rig.watch.unserved()].map(({ name }) => name);
  assert.deepEqual(unserved(), []);
  bob.mux.servingPool = undefined;
  bob.troubles = [undefined, "unknown user"];
  rig.run(3);
  assert.deepEqual(unserved(), ["bob"]);
  assert.equal(failureOf(bob), "backup.example:443: unknown user");
  assert.equal(rig.watch.attention.outageSince, undefined, "the farm as a whole is served");
  bob.mux.miners = 0;
  rig.run(3);
  assert.deepEqual(unserved(), ["bob"]);
  bob.mux.servingPool = 1;
  rig.run(1);
  assert.deepEqual(unserved(), []);
});

Deno.test("a sub-account that turns its miners away is named, one that lost its last miner is not", () => {
  const [refused, empty, single] = [new Account("carol"), new Account("dave"), new Account()];
  refused.mux.miners = 0;
  empty.mux.servingPool = 0;
  const rig = new Rig(refused, empty, single);
  rig.run(3);
  empty.mux = { miners: 0, servingPool: undefined };
  rig.run(3);
  assert.deepEqual([...rig.watch.unserved()].map(({ name }) => name), ["carol"]);
});
