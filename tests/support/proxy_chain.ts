/** Two of our own proxies in a row: the miners' port of one is the Stratum pool of the other. */

import assert from "node:assert/strict";
import { rejectedIn } from "../../lib/mux/books/ledger.ts";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimStratumPool } from "../../lib/sim/stratum_pool/sim_stratum_pool.ts";
import {
  assertSameBooks,
  NARROW_FIRMWARE,
  poolsOf,
  restFrom,
  stratumProxy,
  TINY_VARDIFF,
} from "./stratum_farms.ts";
import { assertSharesAddUp, TestProxy, unjudged, until } from "./test_proxy.ts";

/** How large a farm mines through the chain. */
export interface ProxyChain {
  readonly miners: number;
  /** It mines for no less, in seconds. */
  readonly seconds: number;
  /** The pool accepts no fewer shares. */
  readonly shares: number;
}

/** A farm mines through both, and the books of all three agree. */
export async function chainMines({ miners, seconds, shares: wanted }: ProxyChain): Promise<void> {
  // The inner proxy's pool counts less than it asks the outer for to begin with.
  const difficulty = 2 ** -14;
  await using pool = await SimStratumPool.start({
    difficulty,
    vardiff: "fixed",
    jobIntervalMs: 2_000,
    blockIntervalMs: 9_000,
  });
  await using inner = stratumProxy([pool], [8]);
  await using outer = new TestProxy(
    [],
    {
      pools: [{
        url: `stratum+tcp://127.0.0.1:${inner.port}`,
        user: "farm.outer",
        password: "d=0.0000038",
      }],
      vardiff: TINY_VARDIFF,
    },
    // A miner has 4 bytes.
    { knownSizes: new Map([[`127.0.0.1:${inner.port}`, 4]]) },
  );
  await using farm = SimFarm.start({
    port: outer.port,
    count: miners,
    mode: { kind: "hash" },
    firmware: NARROW_FIRMWARE,
    connectsPerSecond: 200,
  });
  await until(() => outer.statistics().working === miners, "all miners are in");
  const started = performance.now();
  await until(
    () =>
      performance.now() - started >= seconds * 1000 &&
      inner.statistics().shares.accepted >= wanted,
    `${seconds} s have passed and ${wanted} shares were accepted`,
    seconds * 1000 + 300_000,
  );
  await restFrom(farm, outer);
  await until(() => unjudged(inner.statistics()) === 0, "the inner proxy's are judged");

  assert.deepEqual(farm.faults, []);
  assert.equal(farm.statistics().lostConnections, 0);
  assertSharesAddUp(inner.statistics());
  assertSharesAddUp(outer.statistics());
  assert.equal(outer.statistics().shares.received, farm.statistics().submitted);
  assertSameBooks(poolsOf(inner)[0]!, pool.statistics());
  // The inner proxy is a pool like others: a share it kept counts for the miner that sent it.
  const { shares: passed } = poolsOf(inner)[0]!;
  const { shares: sent, credited } = poolsOf(outer)[0]!;
  assert.equal(sent.submitted, passed.received);
  assert.equal(sent.accepted, passed.accepted + passed.kept);
  assert.equal(rejectedIn(sent), passed.received - passed.accepted - passed.kept);
  assert.equal(sent.contradicted, 0);
  assert.equal(rejectedIn(sent), sent.rejectedStale + sent.rejectedLowDifficulty);
  assert.ok(passed.kept > 0, "not all that one proxy counts is worth sending on by the other");
  const counted = inner.proxy.parts.counter.creditedDifficulty;
  assert.ok(Math.abs(credited - counted) <= 1e-9 * counted, `${credited} and ${counted}`);
}
