/** The best pool fails before it ever serves, in every way it can: the next one serves. */

import assert from "node:assert/strict";
import { BROKEN_BYTES, type PoolFaults } from "../../lib/sim/pool_faults.ts";
import type { SimPool } from "../../lib/sim/sim_pool.ts";
import { silent } from "../support/dialling.ts";
import { FailoverRig } from "../support/failover_rig.ts";
import { LoopbackServer, relay } from "../support/loopback_server.ts";
import { Stopwatch } from "../../lib/sim/stopwatch.ts";
import { AUTHORITY_FILE, serverCertificate } from "../support/test_certificates.ts";

/** The dial time-out of these tests, and what looking at deadlines adds, in milliseconds. */
const DIAL_MS = 2_000 + 250;

/** From knowing that the first pool will not do to work of the second, in milliseconds. */
const NEXT_POOL_MS = 1_000;

const ADVANCED = {
  pool_connection_dial_timeout_seconds: 2,
  pool_connection_read_timeout_seconds: 60,
};

interface Refusal {
  readonly what: string;
  readonly faults: Partial<PoolFaults>;
  /** How long it takes to notice, in milliseconds. */
  readonly noticeMs?: number;
  /** What the operator reads. */
  readonly reason: RegExp;
}

const NO_ANSWER = { noticeMs: DIAL_MS, reason: /no answer: waited 2 s for/ };

const REFUSALS: readonly Refusal[] = [
  { what: "refuses connections", faults: { refuseConnections: true }, reason: /refused/i },
  { what: "accepts and says nothing", faults: { isSilent: true }, ...NO_ANSWER },
  ...[1, 2, 3].map((maxAnswers) => ({
    what: `falls silent after answer ${maxAnswers} of the handshake`,
    faults: { maxAnswers },
    ...NO_ANSWER,
  })),
  { what: "answers authorize too late", faults: { authorizeDelayMs: 4_000 }, ...NO_ANSWER },
  { what: "shakes hands one byte at a time", faults: { dribbleMs: 20 }, ...NO_ANSWER },
  { what: "takes no bytes", faults: { stopReading: true }, ...NO_ANSWER },
  {
    what: "refuses the sub-account",
    faults: { refuseAuthorize: true },
    reason: /Cannot authorize as sub-account "demo"/,
  },
  {
    what: "gives an extranonce2 of 4 bytes",
    faults: { extranonce2Size: 4 },
    reason: /extranonce2 has 4 bytes, wanted 8/,
  },
  {
    what: "greets with a line that is no JSON",
    faults: { greeting: BROKEN_BYTES.garbageLine() },
    reason: /#1 refused: Cannot/,
  },
  {
    what: "greets with a line of 2 MiB",
    faults: { greeting: BROKEN_BYTES.oversizedLine() },
    reason: /#1 refused: Cannot/,
  },
  ...[0, 3].map((length) => ({
    what: `greets with a frame of length ${length}`,
    faults: { greeting: BROKEN_BYTES.frameOfLength(length) },
    reason: /#1 refused: Cannot/,
  })),
];

for (const { what, faults, noticeMs = 0, reason } of REFUSALS) {
  Deno.test(`a first pool that ${what} leaves the miners to the second`, async () => {
    using stopwatch = new Stopwatch();
    await using rig = await FailoverRig.start({
      settings: { advanced: ADVANCED },
      prepare: ([first]) => first!.setFaults(faults),
    });
    await rig.servedBy(1);
    const waited = stopwatch.ms(rig.farm.statistics().lastJobAtMs);
    assert.ok(waited <= noticeMs + NEXT_POOL_MS, `miners waited ${waited} ms for work`);
    await rig.logs(reason);
    await rig.goesOn();
    const shares = await rig.closeBooks(1);
    assert.equal(shares.submitted, shares.accepted);
    assert.equal(shares.accepted, rig.pool(1).statistics().accepted);
    assert.equal(rig.pool(0).statistics().submits, 0);
    assert.equal(rig.pool(1).statistics().connectionsNow, 1);
  });
}

Deno.test("a first pool whose name has no address leaves the miners to the second", async () => {
  await using rig = await startWith((pools) => [
    ["no-such-pool.invalid", 3333, "demo"],
    ...pools,
  ]);
  await rig.servedBy(0);
  await rig.logs(/no-such-pool\.invalid:3333 #1 not reached/);
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.submitted, shares.accepted);
});

Deno.test("a first pool that stalls in the TLS handshake leaves the miners to the second", async () => {
  await using stalls = new LoopbackServer(silent);
  const target = Promise.withResolvers<SimPool>();
  await using second = new LoopbackServer(async (conn) => {
    const { hostname, port } = await target.promise;
    await relay(conn, await Deno.connect({ hostname, port }));
  }, serverCertificate("pool"));
  using stopwatch = new Stopwatch();
  await using rig = await startWith(() => [
    ["127.0.0.1", stalls.address.port, "demo"],
    ["127.0.0.1", second.address.port, "demo"],
  ], { pool_use_tls: true, tls: { ca_file: AUTHORITY_FILE } });
  target.resolve(rig.pool(0));
  await rig.servedBy(0);
  const waited = stopwatch.ms(rig.farm.statistics().lastJobAtMs);
  assert.ok(waited <= DIAL_MS + 2 * NEXT_POOL_MS, `miners waited ${waited} ms for work`);
  await rig.logs(/TLS with the pool/);
  await rig.goesOn();
  const shares = await rig.closeBooks(0);
  assert.equal(shares.submitted, shares.accepted);
});

/** A rig of one simulated pool with a pool list of its own. */
function startWith(
  list: (pools: readonly unknown[]) => readonly unknown[],
  settings: Readonly<Record<string, unknown>> = {},
): Promise<FailoverRig> {
  return FailoverRig.start({
    pools: 1,
    settings: { advanced: ADVANCED, ...settings },
    poolList: (pools) => list(pools.map(({ hostname, port }) => [hostname, port, "demo"])),
  });
}
