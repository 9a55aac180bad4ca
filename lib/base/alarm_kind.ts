/**
 * What an alarm can be about: the keys of `notify.events`, and what `notify.quiet_hours.except`
 * chooses from.
 */

/**
 * - `outage`: no pool serves the miners;
 * - `account_outage`: no pool serves one of several sub-accounts;
 * - `backup`: miners work for another pool than the preferred one;
 * - `pool_lost`: another pool of the list does not answer;
 * - `workers_…`: more workers than usual are in one of the states of worker_state.ts;
 * - `hashrate`: the farm is far below what it should do;
 * - `lost_work`: too much work is refused, rejected or never answered;
 * - `certificate`: a certificate shown to miners expires soon;
 * - `disk`: a file cannot be written;
 * - `block`: a miner found a block, or one was lost.
 */
export const ALARM_KINDS = [
  "outage",
  "account_outage",
  "backup",
  "pool_lost",
  "workers_missing",
  "workers_refused",
  "workers_flapping",
  "workers_silent",
  "workers_weak",
  "hashrate",
  "lost_work",
  "certificate",
  "disk",
  "block",
] as const;

/** One of them. */
export type AlarmKind = typeof ALARM_KINDS[number];
