/**
 * How the pool reads an agent's line: more leniently than JSON, and with an answer to everything
 * that is JSON at all (agent.md "Handshake").
 */

import { findRequestId, type RequestId } from "../protocol/stratum/request_id.ts";
import type { Request } from "../protocol/stratum/message.ts";

/**
 * A line that the pool answers with 27: JSON, but not an object with a method and a list of
 * parameters.
 */
export interface RefusedLine {
  /** Tells it from a request. */
  readonly kind: "refused";
  /** The id to echo; `null` when the line is not an object. */
  readonly id: RequestId;
}

/** A string, or a trailing comma in an object or list. */
const STRING_OR_TRAILING_COMMA = /"(?:\\.|[^"\\])*"|,(?=\s*[}\]])/g;

/** Reads one line; returns `undefined` if it is not JSON, which the pool logs and ignores. */
export function readPoolLine(line: Uint8Array): Request | RefusedLine | undefined {
  const text = firstValueIn(new TextDecoder().decode(line))
    ?.replace(STRING_OR_TRAILING_COMMA, (found) => found === "," ? "" : found);
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { kind: "refused", id: null };
  }
  const id = poolId(findRequestId(text));
  const { method, params } = value as Readonly<Record<string, unknown>>;
  return typeof method === "string" && method !== "" && Array.isArray(params)
    ? { kind: "request", id, method, params }
    : { kind: "refused", id };
}

/**
 * Returns the object or list at the start of the text, whatever follows; the whole text if there is
 * none.
 */
function firstValueIn(line: string): string | undefined {
  const text = line.trim();
  if (!/^[{[]/.test(text)) return text;
  let depth = 0;
  for (const { 0: found, index } of text.matchAll(/"(?:\\.|[^"\\])*"|[{}[\]]/g)) {
    if (found === "{" || found === "[") depth++;
    else if ((found === "}" || found === "]") && --depth === 0) return text.slice(0, index + 1);
  }
  return undefined;
}

/** Returns an id as the pool echoes it: whole numbers and texts unchanged, all else as null. */
function poolId(id: RequestId): RequestId {
  return typeof id !== "string" || id.startsWith('"') || /^-?\d+$/.test(id) ? id : null;
}
