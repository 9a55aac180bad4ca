/**
 * A crowd that means harm beside a farm that works: 1,000 silent connections, 100 that drip bytes
 * and 100 that send garbage, for as long as the farm mines.
 */

import assert from "node:assert/strict";
import { SimFarm } from "../../lib/sim/sim_farm.ts";
import { SimPool } from "../../lib/sim/sim_pool.ts";
import { LogCapture } from "../support/log_capture.ts";
import { RawMiner } from "../support/raw_miner.ts";
import { assertSharesAddUp, TestProxy, until } from "../support/test_proxy.ts";

const HONEST = 200;
const SILENT = 1000;
const DRIPPERS = 100;
const SENDERS = 100;
const SUBSCRIBE = '{"id":1,"method":"mining.subscribe","params":["bench/1"]}\n';

/** One attacker, who comes again whenever it is closed, until `isOver`. */
async function attack(
  port: number,
  isOver: () => boolean,
  act: (miner: RawMiner, round: number) => Promise<void>,
): Promise<void> {
  while (!isOver()) {
    await using miner = await RawMiner.connect(port);
    for (let round = 0; !isOver() && !miner.isEnded; round++) {
      await act(miner, round);
      // The pace of the attack: nothing is waited for.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

for (const engine of ["deno", "libc"] as const) {
  Deno.test(`${engine}: a farm loses no share beside 1,200 attackers`, async () => {
    using _log = new LogCapture();
    await using pool = await SimPool.start({ proofOfWork: false });
    await using proxy = new TestProxy([pool], {
      advanced: { io_engine: engine },
      // Marked, their address would give the silent ones a second.
      limits: { login_timeout_seconds: 4, ban_after_violations: 0 },
    });
    await using honest = SimFarm.start({
      port: proxy.port,
      count: HONEST,
      account: "demo",
      mode: { kind: "rate", sharesPerSecond: 1 },
    });
    await until(() => proxy.statistics().working === HONEST, "the farm is in");

    let isEnding = false;
    const isOver = () => isEnding;
    const crowd = [
      ...Array.from({ length: SILENT }, () => attack(proxy.port, isOver, async () => {})),
      ...Array.from(
        { length: DRIPPERS },
        () => attack(proxy.port, isOver, (miner, round) => miner.send(SUBSCRIBE.charAt(round))),
      ),
      ...Array.from(
        { length: SENDERS },
        () =>
          attack(
            proxy.port,
            isOver,
            (miner) => miner.send(crypto.getRandomValues(new Uint8Array(500))),
          ),
      ),
    ];
    try {
      // The attackers of the first moment are there before the farm is measured.
      await until(
        () => proxy.statistics().connected >= HONEST + SILENT,
        "the crowd is there",
      );
      const before = honest.statistics().accepted;
      await until(
        () => {
          const { login_timeout_seconds, protocol_violations, max_line_bytes } =
            proxy.statistics().limitCounts;
          return login_timeout_seconds >= SILENT &&
            protocol_violations + max_line_bytes >= SENDERS &&
            honest.statistics().accepted >= before + HONEST;
        },
        "each kind of attacker was closed, and the farm mined on",
      );
    } finally {
      isEnding = true;
      await Promise.all(crowd);
    }
    await until(() => proxy.statistics().connected === HONEST, "the crowd is gone");

    honest.setMode({ kind: "idle" });
    await honest.until(() => honest.statistics().waitingNow === 0);
    const { submitted, accepted, lostConnections } = honest.statistics();
    assert.equal(accepted, submitted);
    assert.equal(lostConnections, 0);
    assert.deepEqual(honest.faults, []);
    const statistics = proxy.statistics();
    assertSharesAddUp(statistics);
    assert.equal(statistics.shares.accepted, accepted);
    assert.equal(statistics.sessionIds, HONEST, "the crowd left no session id behind");
    assert.equal(pool.statistics().unregisteredSubmits, 0);
  });
}
