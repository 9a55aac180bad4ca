/** When a pool of an account may be dialed, and how urgently. */

import assert from "node:assert/strict";
import { URGENCY, type Urgency } from "../../lib/net/pools/connect_limiter.ts";
import { ColdSpares } from "../../lib/pool/cold_spares.ts";
import type { PoolConnection } from "../../lib/pool/connection.ts";
import { RosterEntries, RosterEntry } from "../../lib/pool/entries.ts";
import { PoolHealth } from "../../lib/pool/health.ts";
import { type OpeningParts, Openings } from "../../lib/pool/openings.ts";
import { PoolOrder } from "../../lib/pool/pool_order.ts";
import { Refusals } from "../../lib/pool/refusals.ts";
import { UNWANTED } from "../../lib/pool/roles.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { RosterRig } from "../support/roster_rig.ts";

/** A connection of which only the name is asked. */
function connection(name: string): PoolConnection {
  return { name } as PoolConnection;
}

class Rig {
  readonly clock = new FakeClock();
  readonly settings = new RosterRig(["serves", "serves"]).settings;
  readonly entries = new RosterEntries();
  readonly order = new PoolOrder(this.settings.pools);
  readonly health = new PoolHealth(() => 0.5);
  readonly cold = new ColdSpares();
  readonly refusals = new Refusals();
  /** How urgent each dial was. */
  readonly dials: Urgency[] = [];
  limiterMs = 0;
  readonly openings: Openings;

  constructor() {
    const { settings, entries, order, health, cold, refusals, clock } = this;
    const options = {
      open: ({ name }: { readonly name: string }) => connection(name),
      now: clock.now,
      time: clock.time,
      need: () => ({ suggestedDifficulty: undefined }),
      connects: {
        mayConnect: () => this.limiterMs === 0,
        connects: (_pool: unknown, _asker: unknown, urgency: Urgency) => this.dials.push(urgency),
        waitMs: () => this.limiterMs,
      },
    } as unknown as OpeningParts["options"];
    const owner = { ready: () => {}, ended: () => {} };
    const parts = { settings: () => settings, entries, order, health, cold, refusals };
    this.openings = new Openings({ ...parts, options, owner });
  }

  get first(): RosterEntry {
    return this.entries.all[0]!;
  }
}

Deno.test("the first connection of an account that was good before is as urgent as an outage", () => {
  const { openings, refusals, dials } = new Rig();
  openings.open(0);
  refusals.taken();
  openings.open(0);
  assert.deepEqual(dials, [URGENCY.first, URGENCY.outage]);
});

Deno.test("a name that a pool refuses is less urgent there than other names", () => {
  const { openings, refusals, settings, dials } = new Rig();
  refusals.taken();
  refusals.failed(settings.pools[0]!.poolId, true);
  for (const rank of [0, 1]) openings.open(rank);
  assert.deepEqual(dials, [URGENCY.more, URGENCY.outage]);
});

Deno.test("one connection at a time finds out whether a pool that failed works again", () => {
  const { openings, health, settings, clock } = new Rig();
  const { poolId } = settings.pools[0]!;
  openings.open(0);
  assert.ok(openings.mayDial(0, true));
  health.failed(poolId, clock.now(), false);
  clock.advance(3_600_000);
  assert.ok(!openings.mayDial(0, true));
  assert.ok(openings.mayDial(1, true), "the other pool has not failed");
});

Deno.test("no pool is dialed while the limiter of connects says no", () => {
  const rig = new Rig();
  rig.limiterMs = 1_500;
  assert.ok(!rig.openings.mayDial(0, true));
});

Deno.test("connections have a number of their own, whatever they are for", () => {
  const { openings, entries, settings } = new Rig();
  const [pool] = settings.pools;
  const { host, port } = pool!;
  openings.open(0);
  const owner = { ready: () => {}, ended: () => {} };
  const own = openings.connect(pool!, {
    kind: "stratum",
    account: "x",
    isOfOneWorker: true,
    owner,
  });
  openings.open(0);
  const names = [...entries.all.map((entry) => entry.connection.name), own.name];
  assert.deepEqual(names, [1, 3, 2].map((number) => `${host}:${port} #${number}`));
});

Deno.test("when a pool is tried again, in words", () => {
  const rig = new Rig();
  const { openings, cold, settings } = rig;
  openings.open(0);
  assert.equal(openings.nextTry(rig.first), "retrying now");
  rig.limiterMs = 1_500;
  assert.equal(openings.nextTry(rig.first), "retrying in 1.5 s");
  for (let times = 0; times < 3; times++) cold.closed(settings.pools[0]!.poolId, 60_000);
  assert.equal(openings.nextTry(rig.first), "connecting to it when it is needed");
  rig.first.rank = UNWANTED;
  assert.equal(openings.nextTry(rig.first), "it is no longer in use");
});
