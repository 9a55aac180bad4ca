/**
 * `deno task bench hashing`: the time it takes to hash one share, compared with other ways to do
 * it, under the V8 flags of the product. Run as a program it measures and prints JSON.
 *
 * On a busy machine a process is interrupted every few milliseconds. All ways are measured in turns
 * far shorter than that, all of one length, so that the medians are of turns without interruption.
 */

import { createHash } from "node:crypto";
import { createSHA256 } from "hash-wasm";
import { formatHex32 } from "../../lib/base/hex.ts";
import { headerOf, merkleRoot } from "../../lib/bitcoin/header.ts";
import { doubleSha256 } from "../../lib/bitcoin/sha256.ts";
import { type HashedJob, ShareHasher, shareHasher } from "../../lib/bitcoin/share_hasher.ts";
import { LANES } from "../../lib/bitcoin/share_memory.ts";
import { START_FLAGS } from "../ship/start_flags.ts";

const TURNS = 1_000;
const TURN_US = 300;
/** More than the engine needs before it optimizes. */
const WARM_UP_SHARES = 4_000;
const WARM_UP_PAUSE_MS = 200;

const COINBASE_BYTES = 260;
const BRANCHES = 12;
const ROOM_BYTES = 8;

/** The other libraries and ways are compared with this one. */
const RIVAL = "hash-wasm";

/** The time one way takes. */
export interface HashingResult {
  /** Which way. */
  readonly name: string;
  /** Microseconds a share, the median over all turns. */
  readonly microseconds: number;
  /** The same over the tenth of the turns that were fastest. */
  readonly best: number;
  /** The median over hash-wasm's. */
  readonly ratio: number;
}

/** Hashes share `nonce` one way, or four from it on; returns the last one's hash. */
interface Way {
  readonly name: string;
  /** Shares a call. */
  readonly shares: number;
  readonly hash: (nonce: number) => Uint8Array;
}

const NTIME = 0x6b0d7b9f;
const VERSION = 0x20000000;
const ROOM = new Uint8Array(ROOM_BYTES).fill(0x5a);

/** Makes a job with 260 bytes of coinbase, 12 branches and a part 1 of `before` bytes. */
function jobWith(before: number): HashedJob {
  const after = COINBASE_BYTES - ROOM_BYTES - before;
  return {
    coinbase1: "c1".repeat(before),
    coinbase2: "c2".repeat(after),
    merkleBranches: Array.from({ length: BRANCHES }, (_, i) => formatHex32(i * 7919).repeat(8)),
    version: formatHex32(VERSION),
    prevHash: "0123456789abcdef".repeat(4),
    bits: "17030ecd",
  };
}

/** One call a share, or one for four. */
function ours(name: string, hasher: ShareHasher, shares: number, before: number): Way {
  const job = hasher.prepare(jobWith(before), ROOM_BYTES);
  if (shares === 1) {
    return { name, shares, hash: (nonce) => hasher.hash(job, ROOM, NTIME, nonce, VERSION) };
  }
  const hash = (nonce: number) => {
    for (let lane = 0; lane < shares; lane++) {
      hasher.put(lane, job, ROOM, NTIME, nonce + lane, VERSION);
    }
    hasher.hashLanes(shares);
    return hasher.hashIn(shares - 1);
  };
  return { name, shares, hash };
}

/** The coinbase, then every branch, then the header, each by a double hash of bytes. */
function byDoubleHash(name: string, double: (bytes: Uint8Array) => Uint8Array): Way {
  const job = jobWith(60);
  const coinbase = Uint8Array.fromHex(job.coinbase1 + ROOM.toHex() + job.coinbase2);
  const branches = job.merkleBranches.map((branch) => Uint8Array.fromHex(branch));
  const header = headerOf(job, new Uint8Array(32), NTIME, 0, 0);
  const words = new DataView(header.buffer);
  const pair = new Uint8Array(64);
  const hash = (nonce: number) => {
    let root = double(coinbase);
    for (const branch of branches) {
      pair.set(root);
      pair.set(branch, 32);
      root = double(pair);
    }
    header.set(root, 36);
    words.setUint32(76, nonce, true);
    return double(header);
  };
  return { name, shares: 1, hash };
}

async function allWays(): Promise<Way[]> {
  const library = await createSHA256();
  const once = (bytes: Uint8Array) => library.init().update(bytes).digest("binary");
  const node = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
  const hasher = shareHasher();
  return [
    byDoubleHash(RIVAL, (bytes) => once(once(bytes))),
    ours("one call a share", hasher, 1, 60),
    ...(hasher.hasSimd ? [ours("four shares a call", hasher, LANES, 60)] : []),
    ours("one call a share, part 1 of 130 bytes", hasher, 1, 130),
    byDoubleHash("node:crypto", (bytes) => node(node(bytes))),
    byDoubleHash("plain JavaScript, lib/bitcoin/sha256.ts", doubleSha256),
  ];
}

/** Measures all ways in turns. @throws {Error} if one of them hashes wrongly. */
async function measure(): Promise<HashingResult[]> {
  const ways = await allWays();
  check(ways);
  for (const { hash, shares } of ways) {
    for (let nonce = 0; nonce < WARM_UP_SHARES; nonce += shares) hash(nonce);
  }
  // Optimized code comes from another thread.
  await new Promise((done) => setTimeout(done, WARM_UP_PAUSE_MS));
  const times = ways.map((): number[] => []);
  for (let turn = 0; turn < TURNS; turn++) {
    for (const [i, way] of ways.entries()) {
      // The fastest so far says how many shares fill a turn.
      const calls = Math.max(1, Math.floor(TURN_US / Math.min(TURN_US, ...times[i]!) / way.shares));
      times[i]!.push(timed(way, calls));
    }
  }
  const medians = times.map((all) => quantile(all, 0.5));
  return ways.map(({ name }, i) => ({
    name,
    microseconds: medians[i]!,
    best: quantile(times[i]!, 0.05),
    ratio: medians[i]! / medians[0]!,
  }));
}

/** Microseconds a share over some calls. */
function timed({ hash, shares }: Way, calls: number): number {
  const start = performance.now();
  for (let call = 0; call < calls; call++) hash(call * shares);
  return (performance.now() - start) * 1_000 / (calls * shares);
}

/** Checks that every way gives the same hash, except where the coinbase differs. */
function check(ways: readonly Way[]): void {
  for (const { name, shares, hash } of ways) {
    const job = jobWith(name.endsWith("130 bytes") ? 130 : 60);
    const coinbase = Uint8Array.fromHex(job.coinbase1 + ROOM.toHex() + job.coinbase2);
    const root = merkleRoot(coinbase, job.merkleBranches);
    const wanted = doubleSha256(headerOf(job, root, NTIME, 1_000 + shares - 1, 0)).toHex();
    const found = Uint8Array.from(hash(1_000)).toHex();
    if (found !== wanted) {
      throw new Error(`Cannot measure ${name}: found ${found}, wanted ${wanted}`);
    }
  }
}

function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length * part)]!;
}

/** Measures in a process with the product's V8 flags. @throws {Error} if it fails */
export async function measureHashing(): Promise<readonly HashingResult[]> {
  const flags = START_FLAGS.filter((flag) => flag.startsWith("--v8-flags="));
  const command = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, "--no-code-cache", "--no-check", "--allow-env", import.meta.filename!],
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  if (!success) throw new Error(`Cannot measure: ${new TextDecoder().decode(stderr).trim()}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The results as a table. */
export function hashingTable(results: readonly HashingResult[]): string {
  const rows = results.map(({ name, microseconds, best, ratio }) =>
    `| ${name} | ${microseconds.toFixed(1)} | ${best.toFixed(1)} | ${ratio.toFixed(2)} |`
  );
  return [
    `| way | µs a share | µs, best tenth | / ${RIVAL} |`,
    "| --- | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}

// deno-lint-ignore no-console
if (import.meta.main) console.log(JSON.stringify(await measure()));
