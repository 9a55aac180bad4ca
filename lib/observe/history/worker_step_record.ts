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
 * nothing. 10,000 workers take 40,043 bytes. To find a few of them, read the head of a record, and then
 * only the part that they are in.
 */

import { BadRecord } from "./bytes.ts";

const VERSION = 1;
const AT = { version: 0, blocks: 1, bits: 3 } as const;

/** Workers in a block. */
const BLOCK = 32;
const BYTES = 4;

/** As many bytes as the head of a record, with the bits, has at most. */
export const MOST_HEAD_BYTES: number = AT.bits + 0x10000 / BLOCK / 8;

/** A run of bytes in a record. */
export interface Part {
  /** Where it begins. */
  readonly start: number;
  /** Its length; the end of the record may come before. */
  readonly length: number;
}

/** The record of the first `count` of `values`. */
export function workerStepRecord(values: Uint32Array, count: number): Uint8Array {
  const blocks = Math.ceil(count / BLOCK);
  const start = AT.bits + Math.ceil(blocks / 8);
  const record = new Uint8Array(start + count * BYTES);
  record[AT.version] = VERSION;
  record[AT.blocks] = blocks & 0xff;
  record[AT.blocks + 1] = blocks >>> 8;
  const bytes = bytesOf(values);
  let length = start;
  for (let block = 0; block < blocks; block++) {
    const from = block * BLOCK;
    const to = Math.min(count, from + BLOCK);
    if (isEmpty(values, from, to)) continue;
    record[AT.bits + (block >>> 3)]! |= 1 << (block & 7);
    record.set(bytes.subarray(from * BYTES, to * BYTES), length);
    length += (to - from) * BYTES;
  }
  return record.subarray(0, length);
}

/** Where in a record workers `from`..`to` - 1 are. @throws BadRecord if the head is damaged. */
export function partOf(head: Uint8Array, from: number, to: number): Part {
  const blocks = blocksOf(head);
  const [first, end] = [Math.floor(from / BLOCK), Math.min(blocks, Math.ceil(to / BLOCK))];
  let [before, within] = [0, 0];
  for (let block = 0; block < end; block++) {
    if (!hasBlock(head, block)) continue;
    if (block < first) before++;
    else within++;
  }
  const start = AT.bits + Math.ceil(blocks / 8) + before * BLOCK * BYTES;
  return { start, length: within * BLOCK * BYTES };
}

/**
 * Puts the 32 bits of workers `from`..`to` - 1 into `values`, each `stride` after the one before,
 * the first at `start`. Those of nobody are left out. `part` is what {@linkcode partOf} names.
 *
 * @throws BadRecord if the head is damaged.
 */
export function readPart(
  head: Uint8Array,
  part: Uint8Array,
  from: number,
  to: number,
  values: Uint32Array,
  start: number,
  stride: number,
): void {
  // Byte by byte: numbers of 32 bits would become objects, a million of them for a day.
  const bytes = bytesOf(values);
  const end = Math.min(blocksOf(head), Math.ceil(to / BLOCK));
  let at = 0;
  for (let block = Math.floor(from / BLOCK); block < end; block++) {
    if (!hasBlock(head, block)) continue;
    const first = block * BLOCK;
    const last = Math.min(to, first + BLOCK, first + Math.floor((part.length - at) / BYTES));
    for (let worker = Math.max(from, first); worker < last; worker++) {
      const source = at + (worker - first) * BYTES;
      if (isNobody(part, source)) continue;
      const place = (start + (worker - from) * stride) * BYTES;
      for (let byte = 0; byte < BYTES; byte++) bytes[place + byte] = part[source + byte]!;
    }
    at += BLOCK * BYTES;
  }
}

/** The same of a whole record. @throws BadRecord if it is damaged. */
export function readWorkers(
  record: Uint8Array,
  from: number,
  to: number,
  values: Uint32Array,
): void {
  const { start, length } = partOf(record, from, to);
  readPart(record, record.subarray(start, start + length), from, to, values, 0, 1);
}

/**
 * Makes one worker in a record nobody. @returns whether it was there.
 * @throws BadRecord if the record is damaged.
 */
export function eraseWorker(record: Uint8Array, worker: number): boolean {
  const { start, length } = partOf(record, worker, worker + 1);
  const at = start + worker % BLOCK * BYTES;
  if (length === 0 || at + BYTES > record.length || isNobody(record, at)) return false;
  record.fill(0, at, at + BYTES);
  return true;
}

function blocksOf(head: Uint8Array): number {
  const blocks = head[AT.blocks]! + head[AT.blocks + 1]! * 0x100;
  if (head[AT.version] !== VERSION || !(head.length >= AT.bits + Math.ceil(blocks / 8))) {
    throw new BadRecord("a step's record of workers cannot be read");
  }
  return blocks;
}

function hasBlock(head: Uint8Array, block: number): boolean {
  return (head[AT.bits + (block >>> 3)]! >>> (block & 7) & 1) === 1;
}

function isNobody(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) === 0;
}

/** Every platform of Deno is little-endian, as records are. */
function bytesOf(values: Uint32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.length * BYTES);
}

function isEmpty(values: Uint32Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (values[i] !== 0) return false;
  return true;
}
