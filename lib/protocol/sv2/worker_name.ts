/**
 * Extension 2: each share says which worker found it, in a "TLV" (type, length, value) after the
 * last field.
 *
 * | offset | size | field |
 * |---|---|---|
 * | 0 | 2 | 0x0002, the extension |
 * | 2 | 1 | 0x01, the field |
 * | 3 | 2 | length of the value |
 * | 5 | n | the worker's name, 1 to 32 bytes of UTF-8 |
 *
 * Little-endian, although the specification's example is not (sv2.md trap 2).
 */

import type { Field } from "./field.ts";

/** Number of the extension. */
export const WORKER_NAMES_EXTENSION = 0x0002;

const WORKER_NAME_FIELD = 0x01;

/** The longest name, in bytes. */
const MAX_WORKER_NAME_BYTES = 32;

/** Bytes before the name. */
export const TLV_HEADER_BYTES = 5;

/** Where a TLV has its fields: offsets from its start. */
const AT = { extension: 0, field: 2, length: 3, value: TLV_HEADER_BYTES } as const;

const encoder = new TextEncoder();

/** The UTF-8 of a name, cut after the last whole character that ends within 32 bytes. */
export function workerNameBytes(name: string): Uint8Array {
  const bytes = new Uint8Array(MAX_WORKER_NAME_BYTES);
  return bytes.slice(0, encoder.encodeInto(name, bytes).written);
}

/** Writes the TLV at `at`. @returns where it ends. @throws RangeError for a name not of 1 to 32 bytes. */
export function writeWorkerName(out: DataView, at: number, name: Uint8Array): number {
  checkLength(name);
  out.setUint16(at + AT.extension, WORKER_NAMES_EXTENSION, true);
  out.setUint8(at + AT.field, WORKER_NAME_FIELD);
  out.setUint16(at + AT.length, name.length, true);
  for (let i = 0; i < name.length; i++) out.setUint8(at + AT.value + i, name[i]!);
  return at + AT.value + name.length;
}

/**
 * The rest of a payload as TLVs: the name in the first one with a worker's name, of any length;
 * `undefined` if there is none. Others are skipped. Bytes that are no whole TLV end the search.
 */
export const WORKER_NAME_TLV: Field<Uint8Array | undefined> = {
  read(reader, name) {
    while (reader.left >= TLV_HEADER_BYTES) {
      const extension = reader.u16(name);
      const field = reader.u8(name);
      const length = reader.u16(name);
      if (length > reader.left) return undefined;
      const value = reader.bytes(length, name);
      if (extension === WORKER_NAMES_EXTENSION && field === WORKER_NAME_FIELD) return value;
    }
    return undefined;
  },
  write(writer, value) {
    if (value === undefined) return;
    checkLength(value);
    writer.integer(WORKER_NAMES_EXTENSION, 2);
    writer.integer(WORKER_NAME_FIELD, 1);
    writer.lengthAndBytes(value, 2);
  },
};

function checkLength({ length }: Uint8Array): void {
  if (length >= 1 && length <= MAX_WORKER_NAME_BYTES) return;
  throw new RangeError(
    `Cannot write a worker's name of ${length} bytes, wanted 1 to ${MAX_WORKER_NAME_BYTES}`,
  );
}
