/**
 * `btcagent demo`: simulated pools, the proxy and simulated miners in one terminal, with a status
 * line and the live page.
 *
 * Everything but the money is real: miners really hash, the pools rebuild and check every header,
 * and each side counts its own numbers. Some miners have faults, for the page to show; the result
 * is judged by the other miners.
 */

import { counted } from "../base/counted.ts";
import type { Time } from "../base/clock.ts";
import type { DemoCommand } from "../cli/command.ts";
import { readConfig } from "../config/read.ts";
import type { Config } from "../config/schema.ts";
import { refusedIn, rejectedIn } from "../mux/books/ledger.ts";
import { formatAddress, type PeerAddress } from "../base/peer_address.ts";
import { openFileLimit } from "../host/open_files.ts";
import { startLog, stopLog } from "../observe/log.ts";
import { RecentEvents } from "../observe/recent_events.ts";
import { Proxy } from "./proxy.ts";
import { SimFarm } from "../sim/sim_farm.ts";
import { LiveLine } from "../observe/live_line.ts";
import { DEMO_FIRMWARE, DEMO_TIMES, DEMO_WORKER_TIMES } from "./demo_miners.ts";
import { startDemoPage } from "./demo_page.ts";
import { type DemoPool, startDemoPools } from "./demo_pools.ts";
import { demoSummary, toldOf } from "./demo_summary.ts";
import { troubleLines } from "./trouble_lines.ts";

/** With several pools, miners change pools this often. */
const MOVE_EVERY_MS = 5_000;

/** Longest wait for the last verdicts. */
const SETTLE_MS = 3_000;

const ACCOUNT = "demo";

/** For miners at Stratum pools: a share takes 4,000 to 16,000 hashes, whatever the pool demands. */
const VARDIFF = { minimum: 2 ** -20, maximum: 2 ** -18, shares_per_minute: 60 };

/**
 * Runs until `stopAsked` resolves. Returns 0, or 1 if the miners without faults had a rejected
 * share or no accepted one.
 */
export async function demo(
  command: DemoCommand,
  version: string,
  stopAsked: (seconds?: number) => Promise<void>,
  time: Time,
): Promise<number> {
  const events = new RecentEvents();
  startLog({
    level: "warning",
    format: "text",
    time,
    targets: [Deno.stderr],
    heard: (line) => events.add(line),
  });
  const pools = await startDemoPools(command.pools, time);
  const proxy = new Proxy({
    config: configFor(pools),
    version,
    time,
    openFiles: await openFileLimit(),
    workerTimes: DEMO_WORKER_TIMES,
  });
  const [address] = proxy.addresses as [PeerAddress];
  const farm = SimFarm.start({
    ...address,
    count: command.miners,
    account: ACCOUNT,
    mode: { kind: "hash" },
    // As real miners do when they are disconnected for their silence.
    reconnects: true,
    firmware: DEMO_FIRMWARE,
    troubled: command.faults,
    troubleTimes: DEMO_TIMES,
    time,
  });
  const page = startDemoPage(proxy, version, events, time);
  const healthyMiners = command.faults.reduce((left, { count }) => left - count, command.miners);

  const live = new LiveLine(Deno.stdout);
  live.print(`btcagent ${version} demo, Ctrl+C to stop`);
  live.print(`  ${command.miners} simulated miners, with the handshakes of real firmware`);
  live.print(`  → btcagent on ${formatAddress(address)}`);
  for (const { about } of pools) live.print(`  → ${about}`);
  for (const line of troubleLines(farm.troubledUsers)) live.print(line);
  if (pools.length > 1) {
    live.print(`  Every ${MOVE_EVERY_MS / 1000} s the next pool is preferred, as by hand`);
  }
  if (page !== undefined) live.print(`\nLive page: http://${formatAddress(page.address)}/`);
  live.print("");

  const started = time.now();
  const uplink = new UplinkPerShare();
  const show = () => {
    const { working, shares, poolBytesWritten } = proxy.statistics();
    const useful = shares.received - refusedIn(shares);
    const bytes = uplink.after(poolBytesWritten, useful, working >= healthyMiners);
    const seconds = Math.round((time.now() - started) / 1000);
    live.show(
      `${String(seconds).padStart(4)} s   ${counted(working, "miner")}   ` +
        `${shares.accepted} accepted   ` +
        `${rejectedIn(shares)} rejected` +
        (command.faults.length === 0 ? "" : `   ${refusedIn(shares)} refused here`) +
        (command.pools === "agent" ? "" : `   ${shares.kept} kept`) +
        (bytes === undefined ? "" : `   ${bytes.toFixed(1)} bytes up a share`),
    );
  };
  const timers = [time.every(1000, show)];
  if (pools.length > 1) {
    let place = 0;
    timers.push(time.every(MOVE_EVERY_MS, () => {
      place = (place + 1) % pools.length;
      proxy.pinPool(place);
      live.print(
        `       All miners move to the ${pools[place]!.what}: a clean job, no reconnect`,
      );
    }));
  }
  await stopAsked(command.seconds);
  for (const timer of timers) time.clear(timer);
  // Miners stop first, so that every share is judged before the books are read.
  farm.setMode({ kind: "idle" });
  await farm.until(() => farm.statistics().waitingNow === 0, SETTLE_MS).catch(() => {});
  show();
  await proxy.stop();
  await page?.stop();
  const { shares } = proxy.statistics();
  const judged = pools.map((pool) => ({ what: pool.what, ...pool.judged() }));
  const healthy = toldOf(farm.healthyStatistics());
  const told = command.faults.length === 0 ? undefined : healthy;
  live.print("");
  const found = farm.statistics().submitted;
  for (const line of demoSummary(found, shares, judged, told)) live.print(line);
  await farm.stop();
  for (const pool of pools) await pool.stop();
  await stopLog();
  return healthy.accepted > 0 && healthy.rejected === 0 ? 0 : 1;
}

function configFor(pools: readonly DemoPool[]): Config {
  const result = readConfig(JSON.stringify({
    agent_listen_ip: "127.0.0.1",
    pools: pools.map(({ url }) => ({ url, user: ACCOUNT })),
    vardiff: VARDIFF,
  }));
  if (!result.ok) throw new Error("The demo's own configuration is wrong");
  // Any free port: the demo must not get in the way of an agent on this machine.
  return { ...result.config, agent_listen_port: 0 };
}

/** Payload bytes written to pools per share, counted since all miners were connected. */
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
