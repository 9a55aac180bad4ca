/**
 * The test vectors of the agent protocol, and which of them are proved where.
 */

import data from "./protocol_vectors.json" with { type: "json" };

/** One vector. Which members it has depends on what it shows. */
export interface Vector {
  /** Its unique name. */
  readonly name: string;
  /** The sender and the receiver, such as `agent>pool`. */
  readonly direction: string;
  /** The exact bytes of one or more frames. */
  readonly hex?: string;
  /** What a line says. */
  readonly json?: unknown;
  /** What a miner is answered. */
  readonly json_to_miner?: unknown;
  /** The values in it, by name. */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Whether the real pool drops it or chokes on it. */
  readonly negative?: boolean;
}

/** All of them, in the file's order. */
export const VECTORS: readonly Vector[] = data.vectors;

/** Shares whose block header is known; header_vectors_test.ts has them. */
export const PROOF_OF_WORK: readonly string[] = [
  "share-header",
  "accepted-by-real-pool-plain",
  "accepted-by-real-pool-rolled",
];

/** Not built: there is no support for Ethereum. */
export const NOT_BUILT: readonly string[] = [
  "eth-submit-short",
  "eth-submit-mixhash",
  "eth-set-extra-nonce",
  "eth-set-extra-nonce-full",
  "eth-get-nonce-prefix-legacy",
  "eth-diff-target-1",
  "eth-diff-target-4294967296",
  "eth-diff-target-5000000000",
  "eth-powhash-legacy",
  "eth-powhash-basefee",
];

/** The vector called `name`. */
export function vector(name: string): Vector {
  const found = VECTORS.find((vector) => vector.name === name);
  if (found === undefined) throw new Error(`Cannot find test vector ${name}`);
  return found;
}

/** The bytes a vector spells in hex. */
export function bytesOf({ name, hex }: Vector): Uint8Array {
  if (hex === undefined) throw new Error(`Cannot read test vector ${name}: it has no bytes`);
  return Uint8Array.fromHex(hex);
}

/** A number among the fields of a vector. */
export function numberOf({ name, fields }: Vector, field: string): number {
  const value = fields?.[field];
  if (typeof value !== "number") throw new Error(`Cannot find ${field} in test vector ${name}`);
  return value;
}

/** A text among the fields of a vector. */
export function textOf({ name, fields }: Vector, field: string): string {
  const value = fields?.[field];
  if (typeof value !== "string") throw new Error(`Cannot find ${field} in test vector ${name}`);
  return value;
}
