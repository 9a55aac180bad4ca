/**
 * The record of all workers in one step: 32 bits for each (packing.ts), by the worker's number.
 *
 * ```
 * 1 byte    version, 1
 * 2 bytes   count of blocks
 * bits      a bit for each block: whether it is there, the lowest first
 * blocks    4 bytes for each of 32 workers; the last ends with the last worker
 * ```
 *
 * A block in which nobody was watched is left out, so that numbers of workers long gone cost
 * nothing. 10,000 workers take 40,043 bytes.
 */

import { BadRecord } from "./bytes.ts";

const VERSION = 1;
const AT = { version: 0, blocks: 1, bits: 3 } as const;

/** Workers in a block. */
const BLOCK = 32;
const BYTES = 4;

/** The record of the first `count` of `values`. */
export function workerStepRecord(values: Uint32Array, count: number): Uint8Array {
  const blocks = Math.ceil(count / BLOCK);
  const start = AT.bits + Math.ceil(blocks / 8);
  const record = new Uint8Array(start + count * BYTES);
  record[AT.version] = VERSION;
  record[AT.blocks] = blocks & 0xff;
  record[AT.blocks + 1] = blocks >>> 8;
  // Every platform of Deno is little-endian, as the record is.
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.length * BYTES);
  let length = start;
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK;
    const to = Math.min(count, from + BLOCK);
    if (isEmpty(values, from, to)) continue;
    record[AT.bits + (block >>> 3)]! |= 1 << (block & 7);
    record.set(bytes.subarray(from * BYTES, to * BYTES), length);
    length += (to - from) * BYTES;
  }
  return record.slice(0, length);
}

/** The 32 bits of one worker in a record. @throws BadRecord if the record is damaged. */
export function workerInRecord(record: Uint8Array, worker: number): number {
  const at = placeOf(record, worker);
  return at === undefined ? 0 : valueAt(record, at);
}

/** Makes one worker in a record nobody. @returns whether it was there. */
export function eraseWorker(record: Uint8Array, worker: number): boolean {
  const at = placeOf(record, worker);
  if (at === undefined || valueAt(record, at) === 0) return false;
  record.fill(0, at, at + BYTES);
  return true;
}

/**
 * Puts the 32 bits of workers `from`..`to` - 1 into `values`, each `stride` after the one before,
 * the first at `start`. Those of nobody are left out.
 *
 * @throws BadRecord if the record is damaged.
 */
export function readWorkers(
  record: Uint8Array,
  from: number,
  to: number,
  values: Uint32Array,
  start: number,
  stride: number,
): void {
  const blocks = blocksOf(record);
  let at = AT.bits + Math.ceil(blocks / 8);
  for (let block = 0; block < blocks; block++) {
    if (!hasBlock(record, block)) continue;
    const first = block * BLOCK;
    if (first >= to) return;
    if (first + BLOCK > from) {
      const end = Math.min(BLOCK, (record.length - at) / BYTES);
      for (let i = Math.max(0, from - first); i < end && first + i < to; i++) {
        const value = valueAt(record, at + i * BYTES);
        if (value !== 0) values[start + (first + i - from) * stride] = value;
      }
    }
    at += BLOCK * BYTES;
  }
}

/** How many numbers of workers a record has room for. @throws BadRecord if it is damaged. */
export function workersInRecord(record: Uint8Array): number {
  return blocksOf(record) * BLOCK;
}

function placeOf(record: Uint8Array, worker: number): number | undefined {
  const blocks = blocksOf(record);
  const wanted = Math.floor(worker / BLOCK);
  if (wanted >= blocks || !hasBlock(record, wanted)) return undefined;
  let before = 0;
  for (let block = 0; block < wanted; block++) if (hasBlock(record, block)) before++;
  const at = AT.bits + Math.ceil(blocks / 8) + (before * BLOCK + worker % BLOCK) * BYTES;
  return at + BYTES > record.length ? undefined : at;
}

function blocksOf(record: Uint8Array): number {
  const blocks = record[AT.blocks]! + record[AT.blocks + 1]! * 0x100;
  if (record[AT.version] !== VERSION || record.length < AT.bits + Math.ceil(blocks / 8)) {
    throw new BadRecord("a step's record of workers cannot be read");
  }
  return blocks;
}

function hasBlock(record: Uint8Array, block: number): boolean {
  return (record[AT.bits + (block >>> 3)]! >>> (block & 7) & 1) === 1;
}

function isEmpty(values: Uint32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (values[i] !== 0) return false;
  return true;
}

function valueAt(record: Uint8Array, at: number): number {
  return record[at]! + record[at + 1]! * 0x100 + record[at + 2]! * 0x1_0000 +
    record[at + 3]! * 0x100_0000;
}
