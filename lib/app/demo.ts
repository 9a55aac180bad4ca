/**
 * `btcagent demo`: a simulated pool, the proxy and simulated miners in one terminal, with a line
 * that shows what they do.
 *
 * Everything is real but the money: miners really hash, the pool rebuilds and checks every header,
 * and each number comes from the one that counted it.
 */

import type { Time } from "../base/clock.ts";
import type { DemoCommand } from "../cli/command.ts";
import { readConfig } from "../config/read.ts";
import type { Config } from "../config/schema.ts";
import { rejectedIn } from "../mux/books/ledger.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { openFileLimit } from "../host/open_files.ts";
import { startLog, stopLog } from "../observe/log.ts";
import { Proxy } from "./proxy.ts";
import { SimFarm } from "../sim/sim_farm.ts";
import { SimPool } from "../sim/sim_pool.ts";
import { LiveLine } from "../observe/live_line.ts";

/** About 43,000 hashes a share: a dozen shares a second on one core. */
const DIFFICULTY = 0.00001;

/** How often the pool sends new work. */
const JOB_INTERVAL_MS = 5_000;

/** Longest wait for the last verdicts. */
const SETTLE_MS = 3_000;

const ACCOUNT = "demo";

/** Runs until `stopAsked` resolves. Returns 0, or 1 if a share was rejected or none accepted. */
export async function demo(
  command: DemoCommand,
  version: string,
  stopAsked: (seconds?: number) => Promise<void>,
  time: Time,
): Promise<number> {
  startLog({ level: "warning", format: "text", time, targets: [Deno.stderr] });
  const pool = await SimPool.start({
    difficulty: DIFFICULTY,
    jobIntervalMs: JOB_INTERVAL_MS,
    time,
  });
  const proxy = new Proxy({
    config: configFor(pool),
    version,
    time,
    openFiles: await openFileLimit(),
  });
  const [address] = proxy.addresses as [PeerAddress];
  const farm = SimFarm.start({
    ...address,
    count: command.miners,
    account: ACCOUNT,
    mode: { kind: "hash" },
    time,
  });

  const live = new LiveLine(Deno.stdout);
  live.print(`btcagent ${version} demo, Ctrl+C to stop`);
  live.print(`  ${command.miners} simulated miners, with the handshakes of real firmware`);
  live.print(`  → btcagent on ${formatAddress(address)}`);
  live.print(`  → a simulated pool on ${formatAddress(pool)}, over the agent protocol\n`);

  const started = time.now();
  const uplink = new UplinkPerShare();
  const show = () => {
    const { working, shares, poolBytesWritten } = proxy.statistics();
    const bytes = uplink.after(poolBytesWritten, shares.submitted, working === command.miners);
    const seconds = Math.round((time.now() - started) / 1000);
    live.show(
      `${String(seconds).padStart(4)} s   ${working} miners   ${shares.accepted} accepted   ` +
        `${rejectedIn(shares)} rejected   ` +
        (bytes === undefined ? "" : `${bytes.toFixed(1)} bytes up a share`),
    );
  };
  const timer = time.every(1000, show);
  await stopAsked(command.seconds);
  time.clear(timer);
  // Miners stop first, so that every share is judged before the books are read.
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0, SETTLE_MS).catch(() => {});
  show();
  await proxy.stop();
  const { shares } = proxy.statistics();
  const found = farm.statistics().submitted;
  const judged = pool.statistics();
  live.print(
    `\nMiners found ${found} shares. The pool checked the header of each of the ` +
      `${judged.submits} that reached it: ${judged.accepted} accepted, ${judged.rejected} rejected.`,
  );
  await farm.stop();
  await pool.stop();
  await stopLog();
  return shares.accepted > 0 && rejectedIn(shares) === 0 ? 0 : 1;
}

function configFor(pool: SimPool): Config {
  const result = readConfig(JSON.stringify({
    agent_listen_ip: "127.0.0.1",
    pools: [{ url: `btcagent+tcp://${formatAddress(pool)}`, user: ACCOUNT }],
  }));
  if (!result.ok) throw new Error("The demo's own configuration is wrong");
  // Any free port: the demo must not get in the way of an agent on this machine.
  return { ...result.config, agent_listen_port: 0 };
}

/** Payload bytes written to the pool for each share since all miners were known to it. */
class UplinkPerShare {
  #start: { readonly bytes: number; readonly shares: number } | undefined;

  after(bytes: number, shares: number, isEveryoneIn: boolean): number | undefined {
    if (this.#start === undefined) {
      if (isEveryoneIn) this.#start = { bytes, shares };
      return undefined;
    }
    const newShares = shares - this.#start.shares;
    return newShares === 0 ? undefined : (bytes - this.#start.bytes) / newShares;
  }
}
