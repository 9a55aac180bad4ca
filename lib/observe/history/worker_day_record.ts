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

/**
 * Writes the record of a worker's day. Of each step `halves` has the lower 16 of its 32 bits, then the
 * upper: whole numbers of 32 bits would become objects where V8 does not optimize.
 */
export function writeWorkerDay(writer: ByteWriter, halves: Uint16Array): void {
  const { length } = halves;
  writer.byte(VERSION);
  writer.whole(length / 2);
  writeConditions(writer, halves);
  let bits = 0;
  let seen = 0;
  for (let i = 0; i < length; i += 2) {
    if (halves[i] === 0) continue;
    if (halves[i]! > 0xff) bits |= 1 << (seen & 7);
    if ((++seen & 7) === 0) {
      writer.byte(bits);
      bits = 0;
    }
  }
  if ((seen & 7) !== 0) writer.byte(bits);
  for (let i = 0; i < length; i += 2) if (halves[i]! > 0xff) writer.byte(halves[i]! >>> 8);
  for (let i = 0; i < length; i += 2) if (halves[i] !== 0) writer.short(halves[i + 1]!);
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

function writeConditions(writer: ByteWriter, halves: Uint16Array): void {
  const { length } = halves;
  let runs = 0;
  for (let i = 0; i < length; i += 2) {
    if (i === 0 || (halves[i]! & 0xff) !== (halves[i - 2]! & 0xff)) runs++;
  }
  if (2 * runs > length / 2) {
    writer.byte(0);
    writer.whole(0);
    for (let i = 0; i < length; i += 2) writer.byte(halves[i]! & 0xff);
    return;
  }
  for (let i = 0; i < length;) {
    const value = halves[i]! & 0xff;
    let end = i + 2;
    while (end < length && (halves[end]! & 0xff) === value) end += 2;
    writer.byte(value);
    writer.whole((end - i) / 2);
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
