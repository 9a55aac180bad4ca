/**
 * Answers of the status server, each with headers that let browsers do nothing with it but show it.
 */

import { printableJson } from "../../base/printable.ts";
import type { ProblemShape } from "./shapes.ts";

const encoder = new TextEncoder();

const HEADERS: Readonly<Record<string, string>> = {
  "cache-control": "no-store",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "x-content-type-options": "nosniff",
};

/** A request that cannot be served; {@linkcode problem} makes the answer. */
export class RequestProblem extends Error {
  /** The class's own name. */
  override readonly name = "RequestProblem";
  /** The HTTP status. */
  readonly status: number;
  /** Additional headers of the answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Additional members of the answer. */
  readonly details: Pick<ProblemShape, "problems">;

  /** `message` says what is wrong and what was expected. */
  constructor(
    status: number,
    message: string,
    headers: Readonly<Record<string, string>> = {},
    details: Pick<ProblemShape, "problems"> = {},
  ) {
    super(message);
    this.status = status;
    this.headers = headers;
    this.details = details;
  }
}

/** The type of JSON answers. */
export const JSON_TYPE = "application/json";

/** Makes a JSON answer. */
export function json(value: unknown, status: number = 200): Response {
  return answer(printableJson(value) + "\n", JSON_TYPE, status);
}

/** Makes an answer with a body of any type: a text is sent with its length, a stream in chunks. */
export function answer(
  body: string | ReadableStream<Uint8Array>,
  contentType: string,
  status: number = 200,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const bytes = typeof body === "string" ? encoder.encode(body) : undefined;
  return new Response(bytes ?? body, {
    status,
    headers: {
      ...HEADERS,
      "content-type": contentType,
      ...(bytes === undefined ? {} : { "content-length": String(bytes.length) }),
      ...headers,
    },
  });
}

/** Makes the answer to a request that cannot be served. */
export function problem({ status, message, headers, details }: RequestProblem): Response {
  const body: ProblemShape = { status, title: message, ...details };
  return answer(printableJson(body) + "\n", "application/problem+json", status, headers);
}
