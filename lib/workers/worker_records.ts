/**
 * What is kept of each worker and of each of its connections, as records of fixed size: there may be
 * sixty thousand of them. A record is all zero when it is new; a time of 0 is none.
 */

import { addressBytes, isMappedIpv4 } from "../base/cidr.ts";
import { ipv4Number } from "../base/ip_address.ts";
import { HourCounts } from "./hour_counts.ts";
import { KeptTexts } from "./kept_texts.ts";
import { LOST_REASONS } from "./lost_reasons.ts";
import { RecordTable } from "./record_table.ts";
import { BUCKETS } from "./worker_times.ts";

/** The day in parts, for the most connections that were kept in each. */
export const DAY_PARTS = 4;

/** Parts of the hour in the record of a connection: only where several share a name. */
export const CONNECTION_PARTS = 4;

/** Offsets in the record of a worker. */
export const WORKER = {
  /** Its number for this run. */
  id: 0,
  firstSeen: 4,
  /** When a connection of it ended last, and the last share came. */
  left: 8,
  lastShare: 12,
  /** An IPv4 address, or the number of the text of another one. */
  address: 16,
  usualHashrate: 20,
  /** When that was last learned. */
  learned: 24,
  /** One more than the row of its newest connection. */
  firstConnection: 28,
  connections: 30,
  /** The least of them since the half hour began that is under way. */
  keptLeast: 32,
  /** Most connections kept for half an hour, in each part of the day; which part is the newest. */
  kept: 34,
  dayPart: 34 + 2 * DAY_PARTS,
  /** Numbers of texts. */
  account: 44,
  agent: 46,
  went: 48,
  /** Which bucket of the hour is the newest, modulo 2^16. */
  bucket: 50,
  flags: 52,
  /** Windows that its usual hashrate was learned from, 255 at most. */
  windows: 53,
  /** Log-ins that will not be held against it. */
  forgiven: 54,
  /** Lost shares by reason, of late. */
  reasons: 55,
  connects: 55 + LOST_REASONS.length,
  lost: 55 + LOST_REASONS.length + BUCKETS,
  good: 55 + LOST_REASONS.length + 2 * BUCKETS,
  /** Since its last share, how long earlier connections had a pool, in {@linkcode QUIET_MS}. */
  quiet: 55 + LOST_REASONS.length + 4 * BUCKETS,
} as const;

const WORKER_BYTES = WORKER.quiet + 2;

/** The unit of `WORKER.quiet`, in milliseconds. */
export const QUIET_MS = 10_000;

/** Bits of `WORKER.flags`. */
export const FLAG = { hadGoodShare: 1, isTextAddress: 2 } as const;

/** Offsets in the record of a connection. */
export const CONNECTION = {
  loggedIn: 0,
  /** Since when it has worked where it does; 0 for nowhere. */
  served: 4,
  lastShare: 8,
  quarter: 12,
  hour: 16,
  difficulty: 20,
  /** The row of its worker. */
  worker: 24,
  /** One more than the rows of the connections after and before it. */
  next: 26,
  previous: 28,
  session: 30,
  /** The number of the name of the pool connection. */
  upstream: 32,
  /** Which part of the hour is the newest, modulo 2^16. */
  part: 34,
  good: 36,
  lost: 36 + 2 * CONNECTION_PARTS,
  /** What was counted of it so far, modulo 2^16: good ones, and lost ones by reason. */
  seenGood: 36 + 4 * CONNECTION_PARTS,
  seenLost: 38 + 4 * CONNECTION_PARTS,
  hasLostAsicboost: 38 + 4 * CONNECTION_PARTS + 2 * LOST_REASONS.length,
} as const;

const CONNECTION_BYTES = CONNECTION.hasLostAsicboost + 1;

/** Times are kept as this many milliseconds. */
const STAMP_MS = 100;

/** A moment as it is kept; never 0. */
export function stampOf(time: number): number {
  return Math.max(1, Math.floor(time / STAMP_MS));
}

/** How long ago a kept moment was, in milliseconds. */
export function since(stamp: number, time: number): number {
  return Math.max(0, time - stamp * STAMP_MS);
}

/** All records. */
export class WorkerRecords {
  /** By {@linkcode WORKER}. */
  readonly workers: RecordTable = new RecordTable(WORKER_BYTES);
  /** By {@linkcode CONNECTION}. */
  readonly connections: RecordTable = new RecordTable(CONNECTION_BYTES);
  /** Texts that they have in common. */
  readonly texts: KeptTexts = new KeptTexts();
  /** Sub-accounts and pool connections, apart: what miners call themselves takes no room of theirs. */
  readonly places: KeptTexts = new KeptTexts();
  /** Names by row; `undefined` for a row that is free. */
  readonly names: (string | undefined)[] = [];
  /** Log-ins of the last hour that count. */
  readonly connects: HourCounts = new HourCounts(this.workers, WORKER.connects, 8);
  /** Good shares of the last hour. */
  readonly good: HourCounts = new HourCounts(this.workers, WORKER.good, 16);
  /** Lost ones. */
  readonly lost: HourCounts = new HourCounts(this.workers, WORKER.lost, 8);
  readonly #bucketMs: number;

  /** `bucketMs` is how finely an hour is counted. */
  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  /**
   * The place of the newest bucket of a worker, after those that are over were emptied. A list that
   * is read slowly asks for a moment that is past: nothing is emptied for it.
   */
  bucket(row: number, time: number): number {
    const now = Math.floor(time / this.#bucketMs);
    const before = this.workers.uint16(row, WORKER.bucket);
    const turns = (now - before) << 16 >> 16;
    if (turns < 0) return (now - turns) % BUCKETS;
    for (let back = 0; back < Math.min(BUCKETS, turns); back++) {
      const bucket = (now - back) % BUCKETS;
      this.connects.clear(row, bucket);
      this.good.clear(row, bucket);
      this.lost.clear(row, bucket);
    }
    if (turns > 0) this.workers.setUint16(row, WORKER.bucket, now);
    return now % BUCKETS;
  }

  /** The rows of a worker's connections, the newest first. */
  *connectionsOf(row: number): Generator<number> {
    let next = this.workers.uint16(row, WORKER.firstConnection);
    while (next !== 0) {
      yield next - 1;
      next = this.connections.uint16(next - 1, CONNECTION.next);
    }
  }

  /** Puts a connection in front of the others of its worker. */
  link(connection: number, row: number): void {
    const { workers, connections } = this;
    const first = workers.uint16(row, WORKER.firstConnection);
    connections.setUint16(connection, CONNECTION.worker, row);
    connections.setUint16(connection, CONNECTION.next, first);
    if (first !== 0) connections.setUint16(first - 1, CONNECTION.previous, connection + 1);
    workers.setUint16(row, WORKER.firstConnection, connection + 1);
  }

  /** Takes a connection out. */
  unlink(connection: number): void {
    const { workers, connections } = this;
    const next = connections.uint16(connection, CONNECTION.next);
    const previous = connections.uint16(connection, CONNECTION.previous);
    if (next !== 0) connections.setUint16(next - 1, CONNECTION.previous, previous);
    if (previous !== 0) connections.setUint16(previous - 1, CONNECTION.next, next);
    else {
      const row = connections.uint16(connection, CONNECTION.worker);
      workers.setUint16(row, WORKER.firstConnection, next);
    }
  }

  /** The text at an offset of a worker's record. */
  text(row: number, at: number): string {
    return this.#textsAt(at).of(this.workers.uint16(row, at));
  }

  /** Puts another text there. */
  setText(row: number, at: number, text: string): void {
    const before = this.workers.uint16(row, at);
    const texts = this.#textsAt(at);
    this.workers.setUint16(row, at, texts.keep(text));
    texts.drop(before);
  }

  /** Where its last connection came from. */
  address(row: number): string {
    const value = this.workers.uint32(row, WORKER.address);
    if ((this.#flags(row) & FLAG.isTextAddress) !== 0) return this.texts.of(value);
    return [24, 16, 8, 0].map((shift) => value >>> shift & 0xff).join(".");
  }

  /** Keeps where its last connection came from: an IPv4 address takes no text. */
  setAddress(row: number, address: string): void {
    const before = this.workers.uint32(row, WORKER.address);
    const hadText = (this.#flags(row) & FLAG.isTextAddress) !== 0;
    const ipv4 = ipv4Number(address) ?? mappedIpv4(address);
    this.workers.setUint32(row, WORKER.address, ipv4 ?? this.texts.keep(address));
    this.setFlag(row, FLAG.isTextAddress, ipv4 === undefined);
    if (hadText) this.texts.drop(before);
  }

  /** Whether a flag is set. */
  flag(row: number, flag: number): boolean {
    return (this.#flags(row) & flag) !== 0;
  }

  /** Sets a flag, or takes it back. */
  setFlag(row: number, flag: number, isSet: boolean): void {
    const flags = this.#flags(row);
    this.workers.setUint8(row, WORKER.flags, isSet ? flags | flag : flags & ~flag);
  }

  /** Gives a worker's row back, with its texts. */
  release(row: number): void {
    for (const at of [WORKER.account, WORKER.agent, WORKER.went]) this.setText(row, at, "");
    if (this.flag(row, FLAG.isTextAddress)) {
      this.texts.drop(this.workers.uint32(row, WORKER.address));
    }
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      this.connects.clear(row, bucket);
      this.good.clear(row, bucket);
      this.lost.clear(row, bucket);
    }
    this.names[row] = undefined;
    this.workers.give(row);
  }

  #textsAt(at: number): KeptTexts {
    return at === WORKER.account ? this.places : this.texts;
  }

  #flags(row: number): number {
    return this.workers.uint8(row, WORKER.flags);
  }
}

/** The IPv4 address in an IPv6 address that maps one. */
function mappedIpv4(address: string): number | undefined {
  const bytes = addressBytes(address);
  if (bytes === undefined || !isMappedIpv4(bytes)) return undefined;
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(12);
}
