/**
 * The data types of Stratum V2's messages, each with how it is read and written.
 */

import type { PayloadReader } from "./reader.ts";
import type { FrameWriter } from "./writer.ts";

/** Bytes of a hash or target. */
export const U256_BYTES = 32;

/** The longest extranonce or extranonce prefix. */
export const MAX_EXTRANONCE_BYTES = 32;

/** A type of field whose values are `T` in memory. */
export interface Field<T> {
  /** Reads a value. `name` is the field's, for errors. */
  read(reader: PayloadReader, name: string): T;
  /** Writes a value. @throws RangeError for one that this type cannot hold. */
  write(writer: FrameWriter, value: T): void;
}

/** Only bit 0 counts; 0 or 1 is written. */
export const BOOL: Field<boolean> = {
  read: (reader, name) => (reader.u8(name) & 1) === 1,
  write: (writer, value) => writer.integer(value ? 1 : 0, 1),
};

/** 0..255. */
export const U8: Field<number> = {
  read: (reader, name) => reader.u8(name),
  write: (writer, value) => writer.integer(value, 1),
};

/** 0..65535. */
export const U16: Field<number> = {
  read: (reader, name) => reader.u16(name),
  write: (writer, value) => writer.integer(value, 2),
};

/** 0..0xffffffff. */
export const U32: Field<number> = {
  read: (reader, name) => reader.u32(name),
  write: (writer, value) => writer.integer(value, 4),
};

/** As a double: exact up to 2^53, the nearest above. */
export const U64: Field<number> = {
  read: (reader, name) => reader.u64(name),
  write: (writer, value) => writer.integer(value, 8),
};

/** A last field that older programs do not send: 0 if the payload ends before it. */
export const U32_OR_ABSENT: Field<number> = {
  read: (reader, name) => reader.left === 0 ? 0 : reader.u32(name),
  write: U32.write,
};

/** A hashrate in hashes per second: finite and at least 0, as a single. */
export const F32: Field<number> = {
  read(reader, name) {
    const value = reader.f32(name);
    if (value >= 0 && value < Infinity) return value;
    return reader.refuse(name, `found ${value}, wanted a finite number of at least 0`);
  },
  write: (writer, value) => writer.f32(value),
};

/** 32 bytes: a target, its lowest byte first, or a hash in memory order. */
export const U256: Field<Uint8Array> = {
  read: (reader, name) => reader.bytes(U256_BYTES, name),
  write(writer, value) {
    if (value.length !== U256_BYTES) {
      throw new RangeError(`Cannot write ${value.length} bytes as U256`);
    }
    writer.bytes(value);
  },
};

/** Text of at most 255 bytes of UTF-8; other bytes are read as U+FFFD. */
export const STR0_255: Field<string> = {
  read: (reader, name) => reader.text(reader.u8(name), name),
  write: (writer, value) => writer.text(value),
};

/** 0..32 bytes. */
export const B0_32: Field<Uint8Array> = {
  read(reader, name) {
    const length = reader.u8(name);
    if (length <= MAX_EXTRANONCE_BYTES) return reader.bytes(length, name);
    return reader.refuse(
      name,
      `found ${length} bytes, at most ${MAX_EXTRANONCE_BYTES} are allowed`,
    );
  },
  write(writer, value) {
    if (value.length > MAX_EXTRANONCE_BYTES) {
      throw new RangeError(`Cannot write ${value.length} bytes as B0_32`);
    }
    writer.lengthAndBytes(value, 1);
  },
};

/** 0..65535 bytes. */
export const B0_64K: Field<Uint8Array> = {
  read: (reader, name) => reader.bytes(reader.u16(name), name),
  write: (writer, value) => writer.lengthAndBytes(value, 2),
};

/** A U32 that may be missing: one byte 0, or 1 and the value. */
export const OPTION_U32: Field<number | undefined> = {
  read(reader, name) {
    const count = reader.u8(name);
    if (count === 0) return undefined;
    if (count === 1) return reader.u32(name);
    return reader.refuse(name, `found ${count} values, wanted 0 or 1`);
  },
  write(writer, value) {
    writer.integer(value === undefined ? 0 : 1, 1);
    if (value !== undefined) writer.integer(value, 4);
  },
};

/** 0..255 hashes. */
export const SEQ0_255_U256: Field<readonly Uint8Array[]> = {
  read(reader, name) {
    const count = reader.u8(name);
    reader.expect(count, U256_BYTES, name);
    return Array.from({ length: count }, () => reader.bytes(U256_BYTES, name));
  },
  write(writer, values) {
    writer.integer(values.length, 1);
    for (const value of values) U256.write(writer, value);
  },
};

/** 0..65535 numbers of 16 bits. */
export const SEQ0_64K_U16: Field<Uint16Array> = {
  read(reader, name) {
    const count = reader.u16(name);
    reader.expect(count, Uint16Array.BYTES_PER_ELEMENT, name);
    return Uint16Array.from({ length: count }, () => reader.u16(name));
  },
  write(writer, values) {
    writer.integer(values.length, 2);
    for (const value of values) writer.integer(value, 2);
  },
};

/** 0..65535 numbers of 32 bits. */
export const SEQ0_64K_U32: Field<Uint32Array> = {
  read(reader, name) {
    const count = reader.u16(name);
    reader.expect(count, Uint32Array.BYTES_PER_ELEMENT, name);
    return Uint32Array.from({ length: count }, () => reader.u32(name));
  },
  write(writer, values) {
    writer.integer(values.length, 2);
    for (const value of values) writer.integer(value, 4);
  },
};
