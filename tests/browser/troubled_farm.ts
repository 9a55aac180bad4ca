/**
 * 2,000 workers and 12 that are gone, on their backup pool: what an operator must find.
 */

import type { CausesShape } from "../../lib/observe/status/worker_shapes.ts";
import { SharesSchema } from "../../lib/observe/status/count_shapes.ts";
import type { PoolTotalShape } from "../../lib/observe/status/pool_shapes.ts";
import { sampleOf } from "../support/fake_status.ts";
import { FakeFarm, type WorkerDifference } from "./fake_farm.ts";

const REFUSED: WorkerDifference = {
  condition: {
    state: "refused",
    reason: "version_mask",
    part: 1,
    about: "All of its shares are refused here: it rolls version bits that the pool does not " +
      "allow. Update its firmware, or give it a pool with the full mask.",
  },
  hour: { good: 0, lost: 435 },
  hashrate: { minutes_15: 2.8e12, minutes_60: 2.9e12 },
};
const FLAPPING: WorkerDifference = {
  condition: {
    state: "flapping",
    reason: "",
    part: null,
    about: "It logged in 30 times within the last hour. Look after its power and its network port.",
  },
  connects_hour: 30,
};
const SILENT: WorkerDifference = {
  condition: {
    state: "silent",
    reason: "",
    part: null,
    about: "It is connected and given work, and has sent no share for 14 min. Restart it.",
  },
  last_share_seconds: 860,
  hashrate: { minutes_15: 0, minutes_60: 71e12 },
};
const WEAK: WorkerDifference = {
  condition: {
    state: "weak",
    reason: "below_itself",
    part: 0.34,
    about: "It does 34 % of what it did. Look after its hash boards and its cooling.",
  },
  hashrate: { minutes_15: 34e12, minutes_60: 35e12 },
};
const GAPS: WorkerDifference = {
  observations: [{
    kind: "gaps",
    about: "No share for 2 minutes every 60 minutes, 11 times in the last 12 hours: 3.3 % of its " +
      "time.",
  }],
};

/** How many of each, from the first worker on. */
const TROUBLES: readonly (readonly [count: number, WorkerDifference])[] = [
  [14, REFUSED],
  [6, FLAPPING],
  [3, SILENT],
  [10, WEAK],
  [2, GAPS],
];

const REASONS = { refused_version_mask: 6_090, rejected_stale: 1_240 };

function lossesOf(times: number, sentence: string): CausesShape["hour"] {
  const cause = (name: string, good: number, lost: number, part: number) => ({
    name,
    good: good * times,
    lost: Math.round(lost * times),
    part,
    lost_hashes: lost * times * 65_536 * 2 ** 32,
    reasons: REASONS,
  });
  return {
    good: 1_190_000 * times,
    lost: 7_330 * times,
    part: 0.0061,
    lost_hashes: 7_330 * times * 65_536 * 2 ** 32,
    sentence,
    reasons: [
      cause("refused_version_mask", 0, 6_090, 0.0051),
      cause("rejected_stale", 0, 1_240, 0.001),
    ],
    pools: [
      cause("backup.example:3333", 410_000, 6_700, 0.0161),
      cause("pool.example:3333", 780_000, 630, 0.0008),
    ],
    software: [
      cause("bmminer/2.0.0", 396_000, 6_400, 0.0159),
      cause("bosminer-plus-tuner 0.9", 397_000, 610, 0.0015),
      cause("whatsminer/v1.0", 397_000, 320, 0.0008),
    ],
    subnets: Array.from(
      { length: 8 },
      (_, place) =>
        cause(`10.0.${place}.0/24`, 148_000, 6_500 / (place + 1) ** 2, 0.042 / (place + 1) ** 2),
    ),
    accounts: [cause("", 1_190_000, 7_330, 0.0061)],
  };
}

/** What a pool has taken. */
function poolCounts(accepted: number, stale: number): Partial<PoolTotalShape> {
  const model = sampleOf(SharesSchema);
  const none = (reasons: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.keys(reasons).map((reason) => [reason, 0]));
  return {
    shares: {
      ...model,
      accepted,
      assumed: 0,
      early_open: 0,
      kept: 0,
      rejected: { ...none(model.rejected) as typeof model.rejected, stale },
      contradicted: 0,
      blocks: 0,
      blocks_lost: 0,
    },
    connects: 2,
    losses: 1,
    traffic: {
      bytes_written: accepted * 26,
      bytes_read: 4_200_000,
      frames_read: 900,
      frames_written: 9_000,
      frames_ignored: 0,
    },
  };
}

/** Makes a farm with workers in every kind of trouble. */
export function troubledFarm(): FakeFarm {
  const differences = TROUBLES.flatMap(([count, difference]) =>
    Array.from({ length: count }, () => difference)
  );
  const healthy = Array.from({ length: 2_000 - differences.length }, () => ({}));
  const dead = Array.from({ length: 12 }, (_, place): WorkerDifference => ({
    worker: `dead${place + 1}`,
    usual_hashrate: 102e12,
    // One after the other, within two minutes.
    gone_seconds: 1_500 - 10 * place,
    last_share_seconds: 1_505 - 10 * place,
  }));
  const farm = new FakeFarm(2_000, [], [...differences, ...healthy, ...dead]);
  const since = new Date(Date.now() - 2_400_000).toISOString();
  Object.assign(farm.attention, {
    trouble_hashrate: 3.6e15,
    expected_hashrate: 2.02e17,
    nominal_hashrate: 2.05e17,
    backup: {
      pool: "backup.example:3333",
      since,
      instead_of: "pool.example:3333",
      reason: "connection refused",
    },
    outage: { since: null, today_seconds: 190 },
  });
  const hour = lossesOf(
    1,
    "0.6 % of the work of the last hour was lost: 0.5 % with version bits that are not allowed, " +
      "refused here, at backup.example:3333, mostly bmminer/2.0.0; 0.1 % stale, rejected by " +
      "backup.example:3333",
  );
  const day = lossesOf(
    22,
    "0.6 % of the work of the last 24 hours was lost: 0.6 % stale, rejected by backup.example:3333",
  );
  Object.assign(farm.lossCauses, { hour, day });
  Object.assign(farm.attention.losses, { hour, day });
  Object.assign(farm, { hashrate: 1.985e17 });
  farm.firstPool = {
    accounts: { serving: 0, spare: 0, opening: 0, cold: 0, waiting: 1 },
    reason: "connection refused",
    retry_in_seconds: 12,
    miners: 0,
    job_age_seconds: null,
    ...poolCounts(782_114, 630),
  };
  farm.morePools.push({
    address: "backup.example:3333",
    accounts: { serving: 1, spare: 0, opening: 0, cold: 0, waiting: 0 },
    miners: 2_000,
    job_age_seconds: 14,
    ...poolCounts(411_302, 610),
  });
  const now = Date.now() / 1000;
  farm.moments.push(
    {
      time: now - 2_400,
      kind: "failover",
      about: "From pool.example:3333 to backup.example:3333: connection refused",
    },
    { time: now - 900, kind: "reload", about: "The configuration was read again" },
  );
  return farm;
}
