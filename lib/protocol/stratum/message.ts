/**
 * Stratum V1 messages: what a line says, and the text of the lines we write.
 *
 * Requests come from miners and (to the simulated pool) from agents; replies and notifications
 * come from a pool.
 */

import { findRequestId, formatRequestId, type RequestId } from "./request_id.ts";
import { errorText } from "./error_code.ts";
import { isTooDeep, parseObject, TOO_DEEP } from "./json_object.ts";
import { type FaultClass, PoolFault } from "../../base/violation.ts";

/** A request; with id `null` it is a notification and wants no answer. */
export interface Request {
  /** Tells the messages apart. */
  readonly kind: "request";
  /** To be echoed. */
  readonly id: RequestId;
  /** Never empty. */
  readonly method: string;
  /** Of any types and length: each method checks its own. */
  readonly params: readonly unknown[];
}

/**
 * A JSON object that is not a valid request: `method` is not a text, or `params` is not an array.
 */
export interface IllegalRequest {
  /** Tells the messages apart. */
  readonly kind: "illegal";
  /** To be echoed. */
  readonly id: RequestId;
  /** The method, if that much could be read. */
  readonly method?: string;
}

/** The answer to a request. */
export interface Reply {
  /** Tells the messages apart. */
  readonly kind: "reply";
  /** Of the request it answers. */
  readonly id: RequestId;
  /** What was asked for; `undefined` or `null` beside an error. */
  readonly result: unknown;
  /** `null` for none. */
  readonly error: unknown;
}

/** What a line can be. */
export type StratumMessage = Request | IllegalRequest | Reply;

/** What a line with an object may begin with: its brace, white space, or a byte order mark. */
const BEGINNINGS: ReadonlySet<number | undefined> = new Set([0x7b, 0x20, 0x09, 0x0a, 0x0d, 0xef]);

const decoder = new TextDecoder("utf-8", { ignoreBOM: false });
const encoder = new TextEncoder();

/**
 * Reads one line. Members that are missing or null count as absent: no `params` is `[]`.
 *
 * @returns `undefined` when the line is not a JSON object.
 */
export function parseStratum(line: Uint8Array): StratumMessage | undefined {
  // Noise should cost little, and an error of JSON.parse costs more than a good line.
  if (!BEGINNINGS.has(line[0])) return undefined;
  return parseText(decoder.decode(line));
}

/**
 * Reads one line like {@linkcode parseStratum}.
 *
 * @throws the fault class given, code `not-json`, when it is not a JSON object.
 */
export function decodeStratum(line: Uint8Array, fault: FaultClass): StratumMessage {
  return readStratum(decoder.decode(line), fault);
}

/**
 * Reads one line of a pool: {@linkcode decodeStratum} throwing {@linkcode PoolFault}, also for one
 * that would take long to parse.
 */
export function decodePoolLine(line: Uint8Array): StratumMessage {
  const text = decoder.decode(line);
  if (isTooDeep(text)) {
    throw new PoolFault(
      "not-json",
      `Cannot read a line: found ${quote(text)} in ${line.length} bytes, wanted a JSON object ` +
        `without lists nested ${TOO_DEEP} levels deep`,
    );
  }
  return readStratum(text, PoolFault);
}

function readStratum(text: string, fault: FaultClass): StratumMessage {
  const message = parseText(text);
  if (message !== undefined) return message;
  throw new fault("not-json", `Cannot read a line: found ${quote(text)}, wanted a JSON object`);
}

function parseText(text: string): StratumMessage | undefined {
  const value = parseObject(text);
  if (value === undefined) return undefined;
  const id = findRequestId(text);
  const { method, params } = value;
  if (method === undefined || method === null) {
    return "result" in value || "error" in value
      ? { kind: "reply", id, result: value["result"], error: value["error"] ?? null }
      : { kind: "illegal", id };
  }
  if (typeof method !== "string" || method === "") return { kind: "illegal", id };
  if (params === undefined || params === null) return { kind: "request", id, method, params: [] };
  return Array.isArray(params)
    ? { kind: "request", id, method, params }
    : { kind: "illegal", id, method };
}

/** The reply to a request that succeeded, without a line end. `resultJson` is JSON text. */
export function formatReply(id: RequestId, resultJson: string): string {
  return `{"id":${formatRequestId(id)},"result":${resultJson},"error":null}`;
}

/** The reply to a request that failed, with the code's own text. */
export function formatErrorReply(id: RequestId, code: number, text = errorText(code)): string {
  return `{"id":${formatRequestId(id)},"result":null,"error":[${code},${
    JSON.stringify(text)
  },null]}`;
}

/** A notification. `paramsJson` is JSON text of an array. */
export function formatNotification(method: string, paramsJson: string): string {
  return `{"id":null,"method":${JSON.stringify(method)},"params":${paramsJson}}`;
}

/** A request of ours with a text id. */
export function formatRequest(id: string, method: string, params: readonly unknown[]): string {
  return JSON.stringify({ id, method, params });
}

/** The bytes of a line: `text` and its LF. */
export function encodeLine(text: string): Uint8Array {
  return encoder.encode(text + "\n");
}

/** Makes foreign text safe for a log line or an error: printable ASCII, quoted, at most 60 long. */
export function quote(text: string): string {
  const shown = text.length > 60 ? text.slice(0, 60) + "…" : text;
  return JSON.stringify(shown).replace(/[^\x20-\x7e…]/g, "?");
}
