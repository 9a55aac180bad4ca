/** What a pool speaks: as the list has it, or as its connections have found out. */

import assert from "node:assert/strict";
import type { KindOfPool } from "../../lib/base/pool_kind.ts";
import { NO_POOL_COUNTS } from "../../lib/mux/books/pool_counts.ts";
import { NO_TRAFFIC } from "../../lib/mux/books/traffic.ts";
import type { PoolConnection } from "../../lib/pool/connection.ts";
import { RosterEntry } from "../../lib/pool/entries.ts";
import { poolReport } from "../../lib/pool/pool_report.ts";
import type { ListedPool } from "../../lib/pool/settings.ts";

function reported(
  kind: KindOfPool,
  found: readonly (KindOfPool | undefined)[],
  before: KindOfPool = "unknown",
) {
  const pool: ListedPool = {
    poolId: 0,
    host: "pool",
    port: 1,
    account: "a",
    kind,
    password: "",
    usesTls: false,
    workers: "one",
    minersPerConnection: undefined,
  };
  const entries = found.map((kind, i) => {
    const connection: PoolConnection = {
      ...NO_TRAFFIC,
      name: `pool:1 #${i}`,
      ...kind === undefined ? {} : { kind },
      waitingBytes: 0,
      tick: () => {},
      flush: () => {},
      close: () => {},
    };
    return new RosterEntry(pool, 0, 0, connection);
  });
  const record = { ...NO_POOL_COUNTS, trouble: undefined, kind: before };
  const report = poolReport(pool, {
    isListed: true,
    isCold: false,
    retryInMs: 0,
    entries,
    workerConnections: { ready: 0, opening: 0 },
    workerTraffic: NO_TRAFFIC,
    record,
    time: 0,
  });
  return [report.kind, ...report.connections.map(({ kind }) => kind)];
}

Deno.test("a pool whose kind is listed has it, and its connections with it", () => {
  assert.deepEqual(reported("agent", [undefined]), ["agent", "agent"]);
  assert.deepEqual(reported("stratum", [undefined, undefined]), ["stratum", "stratum", "stratum"]);
  assert.deepEqual(reported("stratum", []), ["stratum"]);
});

Deno.test("a pool whose kind is not known has the one that a connection found out", () => {
  assert.deepEqual(reported("unknown", []), ["unknown"]);
  assert.deepEqual(reported("unknown", [undefined]), ["unknown", "unknown"]);
  assert.deepEqual(reported("unknown", [undefined, "stratum"]), ["stratum", "unknown", "stratum"]);
});

Deno.test("a pool that was found out keeps its kind when its connections are gone", () => {
  assert.deepEqual(reported("unknown", [], "stratum"), ["stratum"]);
  assert.deepEqual(reported("agent", [], "stratum"), ["agent"]);
});
