/**
 * A farm that a test puts in trouble by hand, as alarms see it, in virtual time.
 */

import type { NotifySettings } from "../../lib/observe/notify/settings.ts";
import type { FarmSnapshot, Moment } from "../../lib/observe/notify/snapshot.ts";

/** The settings of a configuration that says nothing of them. */
export const DEFAULTS: NotifySettings = {
  farm_name: "Farm 7",
  events: {
    outage: { on: true, after_seconds: 60 },
    account_outage: { on: true, after_seconds: 120 },
    backup: { on: true, after_seconds: 300 },
    pool_lost: { on: true, after_seconds: 600 },
    workers_missing: { on: true, after_seconds: 600, more_than: 4, more_than_percent: 2 },
    workers_refused: { on: true, after_seconds: 600, more_than: 4, more_than_percent: 2 },
    workers_flapping: { on: true, after_seconds: 600, more_than: 4, more_than_percent: 2 },
    workers_silent: { on: true, after_seconds: 600, more_than: 4, more_than_percent: 2 },
    workers_weak: { on: true, after_seconds: 1800, more_than: 4, more_than_percent: 2 },
    hashrate: { on: true, after_seconds: 900, below_percent: 90 },
    lost_work: { on: true, after_seconds: 600, above_percent: 2 },
    certificate: { on: true, days: 14 },
    disk: { on: true, after_seconds: 60 },
    block: { on: true },
  },
  quiet_hours: { from: "00:00", to: "00:00", except: ["outage", "block"] },
  at_most_every_minutes: 1,
  digest_at: "",
};

/** A farm of 1,000 machines in which all is well. */
export const HEALTHY: FarmSnapshot = {
  isStopping: false,
  changes: 0,
  outage: undefined,
  unserved: [],
  backup: undefined,
  pools: [
    { poolId: 0, name: "main.example:3333", isLost: false, reason: "" },
    { poolId: 1, name: "backup.example:443", isLost: false, reason: "" },
    { poolId: 2, name: "third.example:443", isLost: false, reason: "" },
  ],
  workers: {
    states: {
      missing: 0,
      refused: 0,
      flapping: 0,
      silent: 0,
      weak: 0,
      waiting: 0,
      working: 1_000,
    },
    names: {},
    missingMachines: 0,
    connected: 1_000,
  },
  hashrate: 1e17,
  expected: { usual: 1e17, nominal: undefined },
  lostWork: { part: 0.001, shares: 900, causes: "" },
  certificates: [{ file: "/etc/cert.pem", daysLeft: 60 }],
  disk: [],
  blocks: 0,
  blocksLost: 0,
  finder: "",
};

/** The noon at which a test begins, local time. */
export const NOON: number = new Date(2026, 11, 1, 12, 0, 0).getTime();

/** All three clocks at `ms` after {@linkcode NOON}. */
export function momentAt(ms: number): Moment {
  return { attended: ms, real: ms, wall: NOON + ms };
}

/** A healthy farm whose missing machines are `missing`, with their names. */
export function missing(count: number, names: readonly string[] = []): FarmSnapshot {
  const { workers } = HEALTHY;
  return {
    ...HEALTHY,
    workers: {
      ...workers,
      states: { ...workers.states, missing: count, working: 1_000 - count },
      names: { missing: names },
      missingMachines: count,
      connected: 1_000 - count,
    },
  };
}

/** Each trouble that a farm can be in, by the alarm for it. */
export const TROUBLES: Readonly<Record<string, Partial<FarmSnapshot>>> = {
  outage: { outage: { reason: "main.example:3333: connection refused" } },
  account_outage: { unserved: [{ account: "alice", reason: "main.example:3333: unknown user" }] },
  backup: {
    backup: {
      pool: "backup.example:443",
      insteadOf: "main.example:3333",
      reason: "closed the connection",
    },
  },
  pool_lost: {
    pools: HEALTHY.pools.map((pool) =>
      pool.poolId === 2 ? { ...pool, isLost: true, reason: "timed out" } : pool
    ),
  },
  workers_missing: { workers: missing(12, ["a.rig1", "a.rig2"]).workers },
  workers_refused: { workers: inState("refused") },
  workers_flapping: { workers: inState("flapping") },
  workers_silent: { workers: inState("silent") },
  workers_weak: { workers: inState("weak") },
  hashrate: { hashrate: 8e16 },
  lost_work: { lostWork: { part: 0.05, shares: 500, causes: "60 % stale at main.example" } },
  certificate: { certificates: [{ file: "/etc/cert.pem", daysLeft: 5 }] },
  disk: { disk: [{ what: "/var/log/btcagent.log", reason: "no space left" }] },
};

function inState(state: "refused" | "flapping" | "silent" | "weak"): FarmSnapshot["workers"] {
  const { workers } = HEALTHY;
  return {
    ...workers,
    states: { ...workers.states, [state]: 30, working: 970 },
    names: { [state]: ["a.rig9"] },
  };
}
