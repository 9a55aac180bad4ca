/**
 * `btcagent simulate pool` and `btcagent simulate miners`: one simulated side alone, to test an
 * agent or a pool.
 */

import { counted } from "../base/counted.ts";
import type { Time, Timers } from "../base/clock.ts";
import type {
  SimulateCommand,
  SimulatedMinersOptions,
  SimulatedPoolOptions,
  SimulatedStratumOptions,
  SimulatedSv2Options,
} from "../cli/command.ts";
import { formatAddress } from "../base/peer_address.ts";
import { LiveLine } from "../observe/live_line.ts";
import { SimFarm } from "../sim/sim_farm.ts";
import { SimPool } from "../sim/sim_pool.ts";
import { SimStratumPool } from "../sim/stratum_pool/sim_stratum_pool.ts";
import type { SimSv2Pool } from "../sim/sv2_pool/sim_sv2_pool.ts";
import { troubleLines } from "./trouble_lines.ts";

/**
 * The secret of a simulated pool's authority: always the same, so that the address in a
 * configuration stays right. It protects nothing.
 */
const KNOWN_SECRET = new Uint8Array(32).fill(1);

/** Runs until `stopAsked` resolves. Returns 0, or 1 if it could not start. */
export async function simulate(
  command: SimulateCommand,
  stopAsked: () => Promise<void>,
  time: Time,
): Promise<number> {
  const live = new LiveLine(Deno.stdout);
  if (command.what === "miners") {
    return await simulateMiners(command.options, live, stopAsked, time);
  }
  const { options, options: { speaks } } = command;
  switch (speaks.kind) {
    case "agent":
      return await simulatePool(options, live, stopAsked, time);
    case "stratum":
      return await simulateStratumPool(options, speaks, live, stopAsked, time);
    case "sv2":
      return await simulateSv2Pool(options, speaks, live, stopAsked, time);
  }
}

async function simulatePool(
  options: SimulatedPoolOptions,
  live: LiveLine,
  stopAsked: () => Promise<void>,
  time: Time,
): Promise<number> {
  const { host, port, difficulty, proofOfWork, accounts, isCaseSensitive } = options;
  let pool: SimPool;
  try {
    pool = await SimPool.start({
      hostname: host,
      port,
      time,
      difficulty,
      jobIntervalMs: options.jobIntervalSeconds * 1000,
      proofOfWork,
      ...accounts && { accounts },
      caseSensitiveAccounts: isCaseSensitive,
      ...options.hiddenDifficulty !== undefined && {
        nicehashForced: true,
        nicehashDifficulty: options.hiddenDifficulty,
      },
    });
  } catch (error) {
    return cannotListen(error, options, live);
  }
  live.print(`Simulated pool on ${formatAddress(pool)}, difficulty ${difficulty}, Ctrl+C to stop`);
  if (accounts !== undefined) {
    const spelling = isCaseSensitive ? "exactly so" : "in any case";
    live.print(`  sub-accounts ${accounts.join(", ")}, ${spelling}; others are refused`);
  }
  if (options.hiddenDifficulty !== undefined) {
    live.print(`  demands difficulty ${options.hiddenDifficulty} without saying so`);
  }
  await showUntil(stopAsked, live, time, () => {
    const { authorizedNow, workersNow, accepted, rejected, bytesIn } = pool.statistics();
    return `${counted(authorizedNow, "agent connection")}   ${counted(workersNow, "worker")}   ` +
      `${accepted} accepted   ${rejected} rejected   ${counted(bytesIn, "byte")} received`;
  });
  await pool.stop();
  return 0;
}

async function simulateStratumPool(
  options: SimulatedPoolOptions,
  { like, hasFixedDifficulty, blockIntervalSeconds = 0 }: SimulatedStratumOptions,
  live: LiveLine,
  stopAsked: () => Promise<void>,
  time: Time,
): Promise<number> {
  const { host, port, difficulty, accounts } = options;
  let pool: SimStratumPool;
  try {
    pool = await SimStratumPool.start({
      like,
      hostname: host,
      port,
      time,
      difficulty,
      jobIntervalMs: options.jobIntervalSeconds * 1000,
      blockIntervalMs: blockIntervalSeconds * 1000,
      ...accounts && { accounts },
      ...hasFixedDifficulty && { vardiff: "fixed" },
    });
  } catch (error) {
    return cannotListen(error, options, live);
  }
  const where = formatAddress(pool);
  live.print(`Simulated ${like} on ${where}, difficulty ${difficulty}, Ctrl+C to stop`);
  if (like === "public") live.print("  pays to addresses: miners authorize as ADDRESS.worker");
  if (accounts !== undefined) live.print(`  accounts ${accounts.join(", ")}; others are refused`);
  await showUntil(stopAsked, live, time, () => {
    const counts = pool.statistics();
    const bad = [...counts.badBehaviour.values()].reduce((sum, count) => sum + count, 0);
    return `${counted(counts.authorizedNow, "connection")}   ${counts.accepted} accepted   ` +
      `${counts.rejected} rejected   difficulty ${Number(counts.difficulty.toPrecision(6))}   ` +
      `${counted(counts.blocks, "block")}   ${counted(bad, "violation")}`;
  });
  const { badBehaviour } = pool.statistics();
  for (const [kind, count] of badBehaviour) live.print(`  ${count} x ${kind}`);
  await pool.stop();
  return 0;
}

async function simulateSv2Pool(
  options: SimulatedPoolOptions,
  { like, hasFixedDifficulty, blockIntervalSeconds = 0 }: SimulatedSv2Options,
  live: LiveLine,
  stopAsked: () => Promise<void>,
  time: Time,
): Promise<number> {
  const { host, port, difficulty, accounts } = options;
  // Only now: the libraries of the handshake take 15 MB.
  const module = await import("../sim/sv2_pool/sim_sv2_pool.ts");
  let pool: SimSv2Pool;
  try {
    pool = await module.SimSv2Pool.start({
      like,
      hostname: host,
      port,
      time,
      difficulty,
      jobIntervalMs: options.jobIntervalSeconds * 1000,
      blockIntervalMs: blockIntervalSeconds * 1000,
      ...accounts && { accounts },
      ...hasFixedDifficulty && { sharesPerMinute: 0 },
      authoritySecret: KNOWN_SECRET,
    });
  } catch (error) {
    return cannotListen(error, options, live);
  }
  live.print(`Simulated ${like}, difficulty ${difficulty}, Ctrl+C to stop`);
  live.print(`  ${pool.url}`);
  if (pool.asksAddress) live.print("  pays to addresses: the user is ADDRESS.worker");
  if (accounts !== undefined) live.print(`  accounts ${accounts.join(", ")}; others are refused`);
  await showUntil(stopAsked, live, time, () => {
    const counts = pool.statistics();
    const bad = [...counts.badBehaviour.values()].reduce((sum, count) => sum + count, 0);
    return `${counted(counts.channelsNow, "channel")}   ${counts.accepted} accepted   ` +
      `${counts.rejected} rejected   difficulty ${Number(counts.difficulty.toPrecision(6))}   ` +
      `${counted(counts.blocks, "block")}   ${counted(bad, "violation")}`;
  });
  const { badBehaviour } = pool.statistics();
  for (const [kind, count] of badBehaviour) live.print(`  ${count} x ${kind}`);
  await pool.stop();
  return 0;
}

function cannotListen(
  error: unknown,
  { host, port }: SimulatedPoolOptions,
  live: LiveLine,
): number {
  const found = error instanceof Error ? error.message : String(error);
  live.print(`Cannot listen on ${host}:${port}: ${found}; choose another with --host and --port`);
  return 1;
}

async function simulateMiners(
  options: SimulatedMinersOptions,
  live: LiveLine,
  stopAsked: () => Promise<void>,
  time: Time,
): Promise<number> {
  const { host, port, count, rate, user, faults } = options;
  const farm = SimFarm.start({
    hostname: host,
    port,
    time,
    count,
    account: user,
    reconnects: true,
    loginPatience: 1,
    troubled: faults,
    mode: rate === undefined ? { kind: "hash" } : { kind: "rate", sharesPerSecond: rate },
  });
  const where = formatAddress({ hostname: host, port });
  live.print(`${counted(count, "simulated miner")} for ${where}, Ctrl+C to stop`);
  for (const line of troubleLines(farm.troubledUsers)) live.print(line);
  await showUntil(stopAsked, live, time, () => {
    const { connectedNow, workingNow, submitted, accepted, rejected } = farm.statistics();
    return `${connectedNow} connected   ${workingNow} working   ${counted(submitted, "share")}   ` +
      `${accepted} accepted   ${rejected} rejected`;
  });
  await farm.stop();
  return 0;
}

/** Shows a line every second until a stop is requested; the last one stays, also in a file. */
async function showUntil(
  stopAsked: () => Promise<void>,
  live: LiveLine,
  timers: Timers,
  line: () => string,
): Promise<void> {
  const timer = timers.every(1000, () => live.show(line()));
  await stopAsked();
  timers.clear(timer);
  live.print(line());
}
