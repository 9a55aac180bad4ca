/**
 * How simulated Stratum pools read and write lines. The personality checks for missing members of a
 * request, because each real server answers that in its own way.
 */

import {
  findRequestId,
  formatRequestId,
  type RequestId,
} from "../../protocol/stratum/request_id.ts";

/** A line that is JSON, whatever it holds. */
export interface PoolRequest {
  /** The id as it was spelled, to be echoed; `null` when missing. */
  readonly id: RequestId;
  /** Usually a text. */
  readonly method: unknown;
  /** Usually a list. */
  readonly params: unknown;
  /** Whether it answers a request of the pool. */
  readonly isAnswer: boolean;
}

/** Reads one line; returns `undefined` when it is not JSON. */
export function readRequest(line: string): PoolRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { id: null, method: undefined, params: undefined, isAnswer: false };
  }
  const { method, params } = value as Readonly<Record<string, unknown>>;
  const isAnswer = method === undefined && ("result" in value || "error" in value);
  return { id: findRequestId(line), method, params, isAnswer };
}

/** Returns the value if it is a list, else an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Returns the value if it is a text, else an empty text. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/**
 * A line whose members stand in the order given; `undefined` members are left out. Values are JSON
 * text already, but for `id`.
 */
export function line(
  members: Readonly<Record<string, string>>,
  id: RequestId | undefined,
  idAt: number,
): string {
  const parts = Object.entries(members).map(([name, json]) => `"${name}":${json}`);
  if (id !== undefined) parts.splice(idAt, 0, `"id":${formatRequestId(id)}`);
  return `{${parts.join(",")}}`;
}

/**
 * A number as C's `%.17g` and jansson print it, which ckpool uses: every digit of the double, so
 * that 0.003 is 0.0030000000000000001 and a millionth 9.9999999999999995e-7.
 */
export function formatDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const [digits, exponent] = value.toExponential(16).split("e") as [string, string];
  const power = Number(exponent);
  return power < -4 || power >= 17
    ? `${withoutZeros(digits)}e${power}`
    : withoutZeros(value.toFixed(Math.min(100, 16 - power)));
}

function withoutZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
