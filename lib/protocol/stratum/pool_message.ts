/**
 * What ordinary Stratum pools send: a line as a value (pools.md).
 *
 * Pools differ: members come in any order, and a refusal has its error as an array, an object or a
 * text, or has none at all. A line without a meaning is a value too, so that the session can count
 * it.
 */

import { parseHex32 } from "../../base/hex.ts";
import { PoolFault } from "../../base/violation.ts";
import { MIN_DIFFICULTY } from "./difficulty.ts";
import type { Job } from "./job.ts";
import { isObject, isTooDeep, parseObject } from "./json_object.ts";
import { quote } from "./message.ts";
import { parsePoolNotify } from "./pool_job.ts";
import { findRequestId, type RequestId } from "./request_id.ts";

/** The longest line taken from a pool, in bytes: the longest job miners are given, and room. */
export const MAX_POOL_LINE_BYTES: number = 40 * 1024;

/** The largest difficulty: only the hash 0 meets a higher one. */
export const MAX_POOL_DIFFICULTY: number = 2 ** 224;

/** The longest extranonce1 that miners' firmware accepts, in bytes. */
export const MAX_EXTRANONCE1_BYTES = 16;

/** Why a request was refused. */
export interface PoolError {
  /** The pool's number for it; `undefined` if it gives none. */
  readonly code: number | undefined;
  /** The pool's words, as they came; may be empty. */
  readonly text: string;
}

/** The answer to a request of ours. */
export interface PoolAnswer {
  /** Tells the messages apart. */
  readonly kind: "answer";
  /** Of the request; `undefined` for one that cannot be ours. */
  readonly id: number | undefined;
  /** What was asked for. Only `true` is a yes, whatever the error says. */
  readonly result: unknown;
  /** Why not; `undefined` if nothing is said. */
  readonly error: PoolError | undefined;
}

/** Everything a pool sends. */
export type PoolMessage =
  | PoolAnswer
  | { readonly kind: "job"; readonly job: Job }
  | {
    readonly kind: "difficulty";
    /** The nearest double, as pools have it themselves; at least 2^-32, which every hash reaches. */
    readonly difficulty: number;
  }
  | {
    readonly kind: "extranonce";
    /** Hex in lower case, whole bytes. */
    readonly extranonce1: string;
    /** What the pool says; not checked. */
    readonly extranonce2Bytes: unknown;
  }
  | { readonly kind: "versionMask"; readonly mask: number }
  | { readonly kind: "reconnect" }
  | { readonly kind: "showMessage"; readonly text: string }
  | { readonly kind: "getVersion"; readonly id: RequestId }
  | { readonly kind: "ping"; readonly id: RequestId }
  | { readonly kind: "unknown"; readonly id: RequestId; readonly method: string }
  | {
    /** A message without a meaning. */
    readonly kind: "nonsense";
    /** What was found and what was wanted, for the log. */
    readonly why: string;
  };

const decoder = new TextDecoder("utf-8", { ignoreBOM: false });

/**
 * Reads one line of a pool.
 *
 * @throws PoolFault `bad-job`, `bad-extranonce`: the connection is of no use without them.
 */
export function decodePoolMessage(line: Uint8Array): PoolMessage {
  const text = decoder.decode(line);
  const message = isTooDeep(text) ? undefined : parseObject(text);
  if (message === undefined) return nonsense(`found ${quote(text)}, wanted a JSON object`);
  const { method } = message;
  if (method === undefined || method === null) return readAnswer(message);
  if (typeof method !== "string") return nonsense("found a method that is no text");
  const params = message["params"] ?? [];
  if (!Array.isArray(params)) {
    return nonsense(`found ${quote(method)} without a list of parameters`);
  }
  switch (method) {
    case "mining.notify":
      return { kind: "job", job: parsePoolNotify(params) };
    case "mining.set_difficulty":
      return readDifficulty(params);
    case "mining.set_extranonce":
      return readExtranonce(params);
    case "mining.set_version_mask":
      return readVersionMask(params);
    case "client.reconnect":
      return { kind: "reconnect" };
    case "client.show_message":
      return { kind: "showMessage", text: typeof params[0] === "string" ? params[0] : "" };
    case "client.get_version":
      return { kind: "getVersion", id: findRequestId(text) };
    case "mining.ping":
      return { kind: "ping", id: findRequestId(text) };
    default:
      return { kind: "unknown", id: findRequestId(text), method };
  }
}

/** The pool's extranonce1 in lower case; `undefined` if it is no hex of at most 16 bytes. */
export function parseExtranonce1(value: unknown): string | undefined {
  if (typeof value !== "string" || value.length > 2 * MAX_EXTRANONCE1_BYTES) return undefined;
  return /^(?:[0-9a-fA-F]{2})*$/.test(value) ? value.toLowerCase() : undefined;
}

/**
 * The version mask in the answer to `mining.configure`; `undefined` if the pool does not agree to
 * version rolling, or says so in a way that cannot be read.
 */
export function agreedMask({ result }: PoolAnswer): number | undefined {
  if (!isObject(result) || result["version-rolling"] !== true) return undefined;
  const mask = result["version-rolling.mask"];
  return typeof mask === "string" ? parseHex32(mask) : undefined;
}

function readAnswer(message: Readonly<Record<string, unknown>>): PoolMessage {
  const { id, result, error } = message;
  const reason = message["reject-reason"];
  if (result === undefined && error === undefined && reason === undefined) {
    return nonsense("found a JSON object with neither method nor result nor error");
  }
  return { kind: "answer", id: readId(id), result, error: readError(error) ?? readError(reason) };
}

/** Ids of ours are whole numbers; some pools print them as texts. */
function readId(id: unknown): number | undefined {
  const number = typeof id === "string" && /^[0-9]{1,15}$/.test(id) ? Number(id) : id;
  return Number.isSafeInteger(number) ? number as number : undefined;
}

function readError(error: unknown): PoolError | undefined {
  if (error === undefined || error === null || error === false) return undefined;
  if (typeof error === "string") return { code: undefined, text: error };
  const [code, text] = Array.isArray(error)
    ? error
    : isObject(error)
    ? [error["code"], error["message"]]
    : [error];
  return {
    code: Number.isSafeInteger(code) ? code as number : undefined,
    text: typeof text === "string" ? text : typeof code === "string" ? code : "",
  };
}

function readDifficulty([given]: readonly unknown[]): PoolMessage {
  const text = typeof given === "number" ? String(given) : typeof given === "string" ? given : "";
  const difficulty = DECIMAL.test(text.trim()) ? Number(text) : NaN;
  if (difficulty > 0 && difficulty <= MAX_POOL_DIFFICULTY) {
    return { kind: "difficulty", difficulty: Math.max(difficulty, MIN_DIFFICULTY) };
  }
  return nonsense(`found difficulty ${quote(text)}, wanted a number above 0, up to 2^224`);
}

/** A number as JSON has it, but for a sign. */
const DECIMAL = /^[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

function readExtranonce([given, extranonce2Bytes]: readonly unknown[]): PoolMessage {
  const extranonce1 = parseExtranonce1(given);
  if (extranonce1 !== undefined) return { kind: "extranonce", extranonce1, extranonce2Bytes };
  throw new PoolFault(
    "bad-extranonce",
    `Cannot take the pool's extranonce1: found ${
      typeof given === "string" ? quote(given) : typeof given
    }, wanted whole bytes of hex, at most ${MAX_EXTRANONCE1_BYTES}`,
  );
}

function readVersionMask([given]: readonly unknown[]): PoolMessage {
  const mask = typeof given === "string" ? parseHex32(given) : undefined;
  if (mask !== undefined) return { kind: "versionMask", mask };
  return nonsense("found a version mask that is not 1 to 8 hex digits");
}

function nonsense(why: string): PoolMessage {
  return { kind: "nonsense", why };
}
