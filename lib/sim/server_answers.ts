/**
 * How a simulated miner reads the answers to its first requests.
 */

import { isHex, isHexBytes, parseHex32 } from "../base/hex.ts";
import type { Firmware } from "./firmware.ts";

/** A JSON object, its members unknown. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** The extranonce as assigned by the answer to subscribe. */
export interface AssignedExtranonce {
  /** The server's name for the subscription to jobs, which is sent again on the next connection. */
  readonly session: string | undefined;
  /** The assigned part, in hex. */
  readonly extranonce1: string;
  /** Bytes of the part to roll. */
  readonly extranonce2Size: number;
}

/** Parses a line as a JSON object; returns `undefined` for anything else. */
export function parseObject(line: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as JsonObject
      : undefined;
  } catch {
    return undefined;
  }
}

/** Reads a version mask from JSON: exactly 8 hex digits. */
export function parseMask(value: unknown): number | undefined {
  return typeof value === "string" && isHexBytes(value, 4) ? parseHex32(value) : undefined;
}

/**
 * Reads the mask from an answer to configure, 0 for no version rolling; or says what is wrong with
 * it.
 */
export function readConfigureAnswer(
  result: unknown,
  { configureKeys }: Pick<Firmware, "configureKeys">,
): number | string {
  if (typeof result !== "object" || result === null) {
    return `configure was answered ${JSON.stringify(result)}`;
  }
  for (const key of Object.keys(result)) {
    if (!key.startsWith("version-rolling") || configureKeys?.includes(key) === false) {
      return `configure's answer has a key nobody asked for: ${key}`;
    }
  }
  const answer = result as JsonObject;
  if (answer["version-rolling"] === false) return 0;
  if (answer["version-rolling"] !== true) return "version-rolling is neither true nor false";
  return parseMask(answer["version-rolling.mask"]) ??
    "configure's answer has no mask of 8 hex digits";
}

/** Reads the extranonce from an answer to subscribe; or says what is wrong with it. */
export function readSubscribeAnswer(
  result: unknown,
  { extranonce2Sizes: [min, max] }: Pick<Firmware, "extranonce2Sizes">,
): AssignedExtranonce | string {
  const [subscriptions, extranonce1, size] = Array.isArray(result) ? result : [];
  if (typeof extranonce1 !== "string" || extranonce1 === "" || !isHex(extranonce1)) {
    return `subscribe's answer has no extranonce1: ${JSON.stringify(result)}`;
  }
  if (typeof size !== "number" || !Number.isInteger(size) || size < min || size > max) {
    return `extranonce2 size is ${JSON.stringify(size)}, wanted ${min} to ${max}`;
  }
  return { session: sessionIn(subscriptions), extranonce1, extranonce2Size: size };
}

function sessionIn(subscriptions: unknown): string | undefined {
  for (const subscription of Array.isArray(subscriptions) ? subscriptions : []) {
    const [method, session] = Array.isArray(subscription) ? subscription : [];
    if (method === "mining.notify" && typeof session === "string") return session;
  }
  return undefined;
}

/**
 * Says what is wrong with the error of an answer, if anything: some firmware does not tolerate
 * every shape.
 */
export function faultInError(error: unknown): string | undefined {
  if (!Array.isArray(error) || error.length !== 3) {
    return `an error is no list of three: ${JSON.stringify(error)}`;
  }
  const [code, text, more] = error;
  if (!Number.isInteger(code)) return `an error's code is ${JSON.stringify(code)}`;
  if (typeof text !== "string" || !/^[\x20-\x7e]*$/.test(text)) {
    return `an error's text is not ASCII: ${JSON.stringify(text)}`;
  }
  if (more === null || typeof more === "string") return undefined;
  return `an error's third member is ${JSON.stringify(more)}`;
}
