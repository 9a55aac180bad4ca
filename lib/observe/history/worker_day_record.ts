/**
 * The record of one worker over one day: the 32 bits (packing.ts) of each step of the day, about
 * 350 bytes instead of 576.
 *
 * ```
 * 1 byte    version, 1
 * number    count of steps
 * runs      connected part and condition: a byte and how many steps it holds for, or
 *           0 and 0, then a byte for each step, if that is shorter
 * bits      a bit for each step that is there: whether work was lost, the lowest first
 * bytes     the lost part, where work was lost
 * shorts    the hashrate, for each step that is there
 * ```
 */

import { BadRecord, ByteReader, ByteWriter } from "./bytes.ts";

const VERSION = 1;

/** A day has fewer steps; a record with more is damaged. */
const MAX_STEPS = 4096;

/** The record of `count` values of `values` from `start` on. */
export function workerDayRecord(
  writer: ByteWriter,
  values: Uint32Array,
  start: number,
  count: number,
): Uint8Array {
  writer.clear();
  writer.byte(VERSION);
  writer.whole(count);
  writeConditions(writer, values, start, count);
  let bits = 0;
  let seen = 0;
  for (let i = start; i < start + count; i++) {
    if (values[i] === 0) continue;
    if ((values[i]! >>> 8 & 0xff) !== 0) bits |= 1 << (seen & 7);
    if ((++seen & 7) === 0) {
      writer.byte(bits);
      bits = 0;
    }
  }
  if ((seen & 7) !== 0) writer.byte(bits);
  for (let i = start; i < start + count; i++) {
    const lost = values[i]! >>> 8 & 0xff;
    if (lost !== 0) writer.byte(lost);
  }
  for (let i = start; i < start + count; i++) {
    if (values[i] !== 0) writer.short(values[i]! >>> 16);
  }
  return writer.take();
}

/**
 * Puts the values of a record into `values` from `start` on, at most `most`. Those of nobody are
 * left out.
 *
 * @throws BadRecord if the record is damaged.
 */
export function readWorkerDay(
  record: Uint8Array,
  values: Uint32Array,
  start: number,
  most: number,
): void {
  const reader = new ByteReader(record);
  if (reader.byte() !== VERSION) throw new BadRecord("a day's record of a worker is not known");
  const count = reader.whole();
  if (count > MAX_STEPS) throw new BadRecord("a day's record of a worker has too many steps");
  const read = new Uint32Array(count);
  readConditions(reader, read);
  let bits = 0;
  let seen = 0;
  const isLossy = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (read[i] === 0) continue;
    if ((seen & 7) === 0) bits = reader.byte();
    isLossy[i] = bits >>> (seen++ & 7) & 1;
  }
  for (let i = 0; i < count; i++) if (isLossy[i] === 1) read[i]! += reader.byte() << 8;
  for (let i = 0; i < count; i++) if (read[i] !== 0) read[i]! += reader.short() * 0x10000;
  for (let i = 0; i < count && i < most; i++) if (read[i] !== 0) values[start + i] = read[i]!;
}

function writeConditions(
  writer: ByteWriter,
  values: Uint32Array,
  start: number,
  count: number,
): void {
  let runs = 0;
  for (let i = 0; i < count; i++) {
    if (i === 0 || (values[start + i]! & 0xff) !== (values[start + i - 1]! & 0xff)) runs++;
  }
  if (2 * runs > count) {
    writer.byte(0);
    writer.whole(0);
    for (let i = start; i < start + count; i++) writer.byte(values[i]! & 0xff);
    return;
  }
  for (let i = 0; i < count;) {
    const value = values[start + i]! & 0xff;
    let end = i + 1;
    while (end < count && (values[start + end]! & 0xff) === value) end++;
    writer.byte(value);
    writer.whole(end - i);
    i = end;
  }
}

function readConditions(reader: ByteReader, read: Uint32Array): void {
  for (let i = 0; i < read.length;) {
    const value = reader.byte();
    const count = reader.whole();
    if (count === 0) {
      if (i > 0) throw new BadRecord("a day's record of a worker has an empty run");
      for (; i < read.length; i++) read[i] = reader.byte();
      return;
    }
    read.fill(value, i, i + count);
    i += count;
  }
}
