/**
 * The records of workers and of their connections. They have a fixed size, because there may be sixty
 * thousand of them. A new record is all zeros; a time of 0 means "never".
 */

import { addressBytes, isMappedIpv4 } from "../base/cidr.ts";
import { ipv4Number } from "../base/ip_address.ts";
import { HourCounts } from "./hour_counts.ts";
import { KeptTexts } from "./kept_texts.ts";
import { LOST_REASONS } from "./lost_reasons.ts";
import { RecordTable } from "./record_table.ts";
import { BUCKETS } from "./worker_times.ts";

/** Parts of a day. For each, a worker's record has its largest lasting number of connections. */
export const DAY_PARTS = 4;

/** Parts of an hour. For each, the record of a connection has its counts of shares. */
export const CONNECTION_PARTS = 4;

/** Offsets in the record of a worker. */
export const WORKER = {
  /** Its number for this run. */
  id: 0,
  firstSeen: 4,
  /** When one of its connections last ended. */
  left: 8,
  /** When its last share came. */
  lastShare: 12,
  /** An IPv4 address, or the number of the text of any other address. */
  address: 16,
  usualHashrate: 20,
  /** When the usual hashrate was last updated. */
  learned: 24,
  /** One more than the row of its newest connection. */
  firstConnection: 28,
  /** The number of its connections. */
  connections: 30,
  /** The least number of connections in the current half hour. */
  keptLeast: 32,
  /** For each part of the day, the most connections that it kept for half an hour. */
  kept: 34,
  /** The newest part of the day, modulo 2^16. */
  dayPart: 34 + 2 * DAY_PARTS,
  /** The numbers of three texts: sub-account, user agent, and why a connection last ended. */
  account: 44,
  agent: 46,
  went: 48,
  /** The newest bucket of the hour, modulo 2^16. */
  bucket: 50,
  flags: 52,
  /** How many windows its usual hashrate was learned from, at most 255. */
  windows: 53,
  /** How many of its next log-ins will not count towards flapping. */
  forgiven: 54,
  /** Recent lost shares by reason. */
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
  /** When it began to work on its current pool connection; 0 if it has none. */
  served: 4,
  lastShare: 8,
  quarter: 12,
  hour: 16,
  difficulty: 20,
  /** The row of its worker. */
  worker: 24,
  /** One more than the row of the next and of the previous connection of its worker; 0 for none. */
  next: 26,
  previous: 28,
  session: 30,
  /** The number of the text that names its pool connection. */
  upstream: 32,
  /** The newest part of the hour, modulo 2^16. */
  part: 34,
  good: 36,
  lost: 36 + 2 * CONNECTION_PARTS,
  /** Its good shares at the last sample, and its lost ones by reason, modulo 2^16. */
  seenGood: 36 + 4 * CONNECTION_PARTS,
  seenLost: 38 + 4 * CONNECTION_PARTS,
  hasLostAsicboost: 38 + 4 * CONNECTION_PARTS + 2 * LOST_REASONS.length,
} as const;

const CONNECTION_BYTES = CONNECTION.hasLostAsicboost + 1;

/** The unit of a time in a record, in milliseconds. */
const STAMP_MS = 100;

/** Times begin with the process, and a worker may be known from long before it. */
const STAMP_OF_START = 2 ** 31;

/** A time as it is stored in a record; never 0. */
export function stampOf(time: number): number {
  return Math.max(1, Math.floor(time / STAMP_MS) + STAMP_OF_START);
}

/** The time since a stored time, in milliseconds. */
export function since(stamp: number, time: number): number {
  return Math.max(0, time - (stamp - STAMP_OF_START) * STAMP_MS);
}

/** All records. */
export class WorkerRecords {
  /** The records of workers; fields are at {@linkcode WORKER}. */
  readonly workers: RecordTable = new RecordTable(WORKER_BYTES);
  /** The records of connections; fields are at {@linkcode CONNECTION}. */
  readonly connections: RecordTable = new RecordTable(CONNECTION_BYTES);
  /** Texts that come from miners, such as user agents. */
  readonly texts: KeptTexts = new KeptTexts();
  /**
   * Names of sub-accounts and pool connections. Apart, so that texts of miners cannot fill it up.
   */
  readonly places: KeptTexts = new KeptTexts();
  /** Names of workers by row; `undefined` for a free row. */
  readonly names: (string | undefined)[] = [];
  /** Log-ins of the last hour that count towards flapping. */
  readonly connects: HourCounts = new HourCounts(this.workers, WORKER.connects, 8);
  /** Good shares of the last hour. */
  readonly good: HourCounts = new HourCounts(this.workers, WORKER.good, 16);
  /** Lost shares of the last hour. */
  readonly lost: HourCounts = new HourCounts(this.workers, WORKER.lost, 8);
  readonly #bucketMs: number;

  /** `bucketMs` is the length of a bucket of {@linkcode HourCounts}. */
  constructor(bucketMs: number) {
    this.#bucketMs = bucketMs;
  }

  /**
   * The place of the bucket at `time`. First empties the buckets that have expired since the last
   * call. A list that is read slowly may ask for a past time: then nothing is emptied.
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

  /** Adds a connection to a worker, as its newest. */
  link(connection: number, row: number): void {
    const { workers, connections } = this;
    const first = workers.uint16(row, WORKER.firstConnection);
    connections.setUint16(connection, CONNECTION.worker, row);
    connections.setUint16(connection, CONNECTION.next, first);
    if (first !== 0) connections.setUint16(first - 1, CONNECTION.previous, connection + 1);
    workers.setUint16(row, WORKER.firstConnection, connection + 1);
  }

  /** Removes a connection from its worker. */
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

  /** Replaces that text. */
  setText(row: number, at: number, text: string): void {
    const before = this.workers.uint16(row, at);
    const texts = this.#textsAt(at);
    this.workers.setUint16(row, at, texts.keep(text));
    texts.drop(before);
  }

  /** The address of a worker's last connection; empty if it had none since the start. */
  address(row: number): string {
    const value = this.workers.uint32(row, WORKER.address);
    if ((this.#flags(row) & FLAG.isTextAddress) !== 0) return this.texts.of(value);
    if (value === 0) return "";
    return `${value >>> 24}.${value >>> 16 & 0xff}.${value >>> 8 & 0xff}.${value & 0xff}`;
  }

  /** Stores that address: an IPv4 address as a number, any other as a text. */
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

  /** Sets or clears a flag. */
  setFlag(row: number, flag: number, isSet: boolean): void {
    const flags = this.#flags(row);
    this.workers.setUint8(row, WORKER.flags, isSet ? flags | flag : flags & ~flag);
  }

  /** Frees a worker's row and its texts. */
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
