/** What a changed configuration changes, key by key. */

import assert from "node:assert/strict";
import { difference, withoutRestart } from "../../lib/config/difference.ts";
import { readConfig } from "../../lib/config/read.ts";
import type { Config } from "../../lib/config/schema.ts";

const POOLS = [["a.example", 1800, "alice"], ["b.example", 1800, "alice"]];

function config(settings: Readonly<Record<string, unknown>> = {}): Config {
  const result = readConfig(JSON.stringify({ pools: POOLS, ...settings }));
  assert.ok(result.ok, JSON.stringify(result));
  return result.config;
}

/** Each change as one line. */
function changes(before: Config, after: Config): string[] {
  return difference(before, after)
    .map(({ key, before, after, takesEffect }) => `${key}: ${before} → ${after} (${takesEffect})`);
}

Deno.test("the same configuration differs in nothing", () => {
  assert.deepEqual(changes(config(), config()), []);
});

Deno.test("each changed key has what it was, what it is, and when that counts", () => {
  const after = config({
    fixed_worker_name: "rig",
    agent_listen_proxy_protocol: { trusted: ["10.0.0.5"] },
    pool_use_tls: true,
    proxy: ["socks5://10.0.0.1:1080"],
    limits: { max_miners: 5000, deny: ["10.9.0.0/16"] },
    outage: { grace_seconds: 5 },
    advanced: { io_engine: "deno" },
    history: { path: "h.sqlite", days: 7 },
    log: { level: "debug" },
  });
  assert.deepEqual(changes(config(), after), [
    'fixed_worker_name: "" → "rig" (new_miners)',
    'agent_listen_proxy_protocol.trusted: nothing → ["10.0.0.5"] (now)',
    'proxy[0]: nothing → "socks5://10.0.0.1:1080" (new_connections)',
    "pool_use_tls: false → true (now)",
    'advanced.io_engine: "auto" → "deno" (restart)',
    "limits.max_miners: nothing → 5000 (now)",
    'limits.deny[0]: nothing → "10.9.0.0/16" (new_miners)',
    "outage.grace_seconds: 30 → 5 (now)",
    'history.path: "" → "h.sqlite" (restart)',
    "history.days: 30 → 7 (restart)",
    'log.level: "info" → "debug" (now)',
  ]);
});

Deno.test("a changed pool list is told place by place", () => {
  const after = config({ pools: [POOLS[1], POOLS[0], ["c.example", 1801, "bob"]] });
  assert.deepEqual(changes(config(), after), [
    'pools[0]: ["a.example",1800,"alice"] → ["b.example",1800,"alice"] (now)',
    'pools[1]: ["b.example",1800,"alice"] → ["a.example",1800,"alice"] (now)',
    'pools[2]: nothing → ["c.example",1801,"bob"] (now)',
  ]);
});

Deno.test("secrets are never shown, and still seen to change", () => {
  const secret = (password: string) =>
    config({
      proxy: [`http://user:${password}@10.0.0.1:3128`],
      status: { token: password },
    });
  const lines = changes(secret("hunter2"), secret("hunter3"));
  assert.deepEqual(lines, [
    'proxy[0]: "http://***:***@10.0.0.1:3128" → "http://***:***@10.0.0.1:3128" (new_connections)',
    'status.token: "***" → "***" (restart)',
  ]);
});

Deno.test("withoutRestart() keeps the old values of keys that need a restart, and takes the rest", () => {
  const before = config();
  const after = config({
    advanced: { io_engine: "deno", fake_job_notify_interval_seconds: 7 },
    pools: [POOLS[1]],
  });
  const kept = withoutRestart(before, after);
  assert.equal(kept.advanced.io_engine, "auto");
  assert.equal(kept.advanced.fake_job_notify_interval_seconds, 7);
  assert.deepEqual(kept.pools, after.pools);
  assert.deepEqual(changes(kept, after), ['advanced.io_engine: "auto" → "deno" (restart)']);
  assert.equal(after.advanced.io_engine, "deno", "the new configuration itself is left alone");
});

Deno.test("a changed mode keeps its pool list: the sub-accounts of one do not fit the other", () => {
  const before = config();
  const after = config({ multi_user_mode: true, pools: [["c.example", 1800]] });
  assert.deepEqual(difference(before, after).map(({ takesEffect }) => takesEffect), [
    "restart",
    "restart",
    "restart",
  ]);
  assert.deepEqual(withoutRestart(before, after), before);
});
