/**
 * The differences between two configurations: key by key, in printable words, and when each takes
 * effect; pure.
 */

import { effectiveConfig } from "./effective.ts";
import { formatPath, type Path } from "./problem.ts";
import type { Config } from "./schema.ts";

/**
 * When a changed key takes effect: at once; for miners that log in from then on; for pool
 * connections made from then on; only after a restart; never, since it has no effect.
 */
export type TakesEffect = "now" | "new_miners" | "new_connections" | "restart" | "never";

/** One key that changed. */
export interface Change {
  /** As in `pools[0]` or `limits.max_miners`. */
  readonly key: string;
  /** The old value, without secrets; `nothing` if it was left out. */
  readonly before: string;
  /** The value in the new file. */
  readonly after: string;
  /** When it takes effect. */
  readonly takesEffect: TakesEffect;
}

/** For a group, when each of its keys takes effect; for any other key, when it does. */
type Timing<Value> = Value extends readonly unknown[] | string | number | boolean ? TakesEffect
  : { readonly [Key in keyof Value]-?: TakesEffect };

/** When each key of the configuration takes effect. */
const TIMING: { readonly [Key in keyof Config]-?: Timing<NonNullable<Config[Key]>> } = {
  $schema: "never",
  multi_user_mode: "restart",
  agent_type: "never",
  always_keep_downconn: "now",
  disconnect_when_lost_asicboost: "now",
  use_ip_as_worker_name: "new_miners",
  ip_worker_name_format: "new_miners",
  fixed_worker_name: "new_miners",
  submit_response_from_server: "new_connections",
  agent_listen_ip: "now",
  agent_listen_port: "now",
  agent_listen_proxy_protocol: { trusted: "now" },
  listen: "now",
  proxy: "new_connections",
  use_proxy: "new_connections",
  direct_connect_with_proxy: "new_connections",
  direct_connect_after_proxy: "new_connections",
  pool_use_tls: "now",
  pools: "now",
  extranonce2_bytes: "new_miners",
  vardiff: {
    shares_per_minute: "now",
    minimum: "now",
    maximum: "now",
    fixed: "now",
    suggest_to_pool: "new_connections",
  },
  verify: "new_connections",
  use_iocp: "never",
  pid_file: "restart",
  state_file: "restart",
  http_debug: { enable: "restart", listen: "restart" },
  advanced: {
    pool_connection_number_per_subaccount: "now",
    pool_connection_dial_timeout_seconds: "new_connections",
    pool_connection_read_timeout_seconds: "new_connections",
    fake_job_notify_interval_seconds: "now",
    tls_skip_certificate_verify: "new_connections",
    message_queue_size: "never",
    bitcoin_default_version_mask: "never",
    share_batch_window_ms: "new_connections",
    io_engine: "restart",
    reuse_port: "restart",
  },
  tls: { ca_file: "new_connections", certificate_sha256: "new_connections" },
  limits: {
    login_timeout_seconds: "now",
    idle_timeout_seconds: "now",
    max_line_bytes: "new_miners",
    max_accounts: "now",
    new_accounts_per_minute_per_ip: "now",
    max_miners: "now",
    max_connections_per_ip: "now",
    new_connections_per_second_per_ip: "now",
    max_requests_per_second: "now",
    ban_after_violations: "now",
    ban_seconds: "now",
    allow: "new_miners",
    deny: "new_miners",
  },
  outage: { grace_seconds: "now" },
  failover: {
    return_after_seconds: "now",
    no_job_seconds: "now",
    all_refused_seconds: "now",
    no_verdict_seconds: "now",
    leave_on_payout_change: "now",
  },
  status: {
    listen: "restart",
    token: "restart",
    token_file: "restart",
    token_env: "restart",
    read_token: "restart",
    read_token_file: "restart",
    read_token_env: "restart",
    control: "restart",
    worker_series_max: "restart",
  },
  workers: { remember_hours: "now", nominal_hashrate: "now" },
  history: { path: "restart", days: "restart", events_days: "restart" },
  notify: {
    channels: "now",
    farm_name: "now",
    events: "now",
    quiet_hours: "now",
    at_most_every_minutes: "now",
    digest_at: "now",
  },
  log: {
    level: "now",
    levels: "now",
    format: "now",
    max_file_bytes: "now",
    max_files: "now",
  },
};

/** Every key that differs, in the order of the schema; for a list, every place that differs. */
export function difference(before: Config, after: Config): Change[] {
  const printable = { before: effectiveConfig(before), after: effectiveConfig(after) };
  return changedKeys(before, after).flatMap(({ path, takesEffect }) =>
    places(path, at(before, path), at(after, path)).map((place) => ({
      key: formatPath(place),
      before: print(at(printable.before, place)),
      after: print(at(printable.after, place)),
      takesEffect,
    }))
  );
}

/** `after`, but keys that need a restart have their values from `before`. */
export function withoutRestart(before: Config, after: Config): Config {
  const config = structuredClone(after) as Record<string, unknown>;
  for (const { path, takesEffect } of changedKeys(before, after)) {
    if (takesEffect !== "restart") continue;
    const [top, key] = path;
    const holder = key === undefined ? config : config[top!] as Record<string, unknown>;
    holder[key ?? top!] = at(before, path);
  }
  return config as Config;
}

/** The keys that differ; lists are compared as a whole. */
function changedKeys(
  before: Config,
  after: Config,
): { readonly path: readonly string[]; readonly takesEffect: TakesEffect }[] {
  // The mode decides which sub-accounts the list must have, so both change together.
  const isModeKept = before.multi_user_mode === after.multi_user_mode;
  return Object.entries(TIMING).flatMap(([top, timing]) => {
    const keys = typeof timing === "string"
      ? [{ path: [top], takesEffect: top === "pools" && !isModeKept ? "restart" as const : timing }]
      : Object.entries(timing as Readonly<Record<string, TakesEffect>>)
        .map(([key, takesEffect]) => ({ path: [top, key], takesEffect }));
    return keys.filter(({ path }) => !isEqual(at(before, path), at(after, path)));
  });
}

/** Where the values differ: the path itself, or for two lists each place that differs. */
function places(path: Path, before: unknown, after: unknown): Path[] {
  if (!Array.isArray(before) || !Array.isArray(after)) return [path];
  const length = Math.max(before.length, after.length);
  return Array.from({ length }, (_, i) => i)
    .filter((i) => !isEqual(before[i], after[i]))
    .map((i) => [...path, i]);
}

/** The value at `path`; `undefined` if there is none. */
function at(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (found, step) => (found as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    value,
  );
}

/** Values come from JSON, with their keys in the order of the schema. */
function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function print(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(value);
}
