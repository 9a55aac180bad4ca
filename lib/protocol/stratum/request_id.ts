/**
 * Request ids, echoed to the peer exactly as they came.
 *
 * Firmware counts from 0, sends strings or null, and some reject an answer whose id changed its
 * type (agent.md trap 10). A double or a re-printed string would change some ids, so whatever
 * is not a plain counter is kept as the JSON text it was.
 */

import { ownText } from "../../base/own_text.ts";

/**
 * An id: a number for a whole number of up to 15 digits, `null` for null or none, and the raw JSON
 * text for everything else (strings with their quotes, fractions, long numbers, even objects).
 */
export type RequestId = number | string | null;

/** Whole numbers of up to 15 digits print as they were read. */
const PLAIN_NUMBER = /^(?:0|[1-9][0-9]{0,14})$/;

/** The JSON text of an id. */
export function formatRequestId(id: RequestId): string {
  return typeof id === "number" ? String(id) : id ?? "null";
}

/** The id that the JSON text `raw` is. */
export function requestIdFrom(raw: string): RequestId {
  if (PLAIN_NUMBER.test(raw)) return Number(raw);
  return raw === "null" ? null : ownText(raw);
}

/**
 * The id of a JSON object, out of its source text: the value of its last member named `id`, as
 * `JSON.parse` would choose it.
 *
 * @param json the text of an object that `JSON.parse` has accepted.
 */
export function findRequestId(json: string): RequestId {
  let id: RequestId = null;
  let at = skipBlanks(json, json.indexOf("{") + 1);
  while (json[at] === '"') {
    const keyEnd = skipString(json, at);
    const key = JSON.parse(json.slice(at, keyEnd));
    const start = skipBlanks(json, skipBlanks(json, keyEnd) + 1);
    const end = skipValue(json, start);
    if (key === "id") id = requestIdFrom(json.slice(start, end));
    at = skipBlanks(json, end);
    if (json[at] !== ",") break;
    at = skipBlanks(json, at + 1);
  }
  return id;
}

function skipBlanks(json: string, at: number): number {
  while (" \t\r\n".includes(json[at] ?? "x")) at++;
  return at;
}

/** Where the string that begins at `at` ends. */
function skipString(json: string, at: number): number {
  for (at++; json[at] !== '"'; at++) {
    if (json[at] === "\\") at++;
  }
  return at + 1;
}

/** Where the value that begins at `at` ends; nesting is counted, not followed. */
function skipValue(json: string, at: number): number {
  let depth = 0;
  while (at < json.length) {
    const char = json[at]!;
    if (char === '"') {
      at = skipString(json, at);
    } else if (char === "{" || char === "[") {
      depth++;
      at++;
    } else if (char === "}" || char === "]") {
      if (depth === 0) return at;
      depth--;
      at++;
    } else if (depth === 0 && (char === "," || " \t\r\n".includes(char))) {
      return at;
    } else {
      at++;
      continue;
    }
    if (depth === 0) return at;
  }
  return at;
}
