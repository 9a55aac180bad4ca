/**
 * Bodies of requests to the status server: bounded in length and time.
 */

import { AttendedTimeout } from "../../base/attended_timeout.ts";
import type { Time } from "../../base/clock.ts";
import { RequestProblem } from "./answers.ts";

/** The longest body that is accepted. */
export const MAX_BODY_BYTES = 64 * 1024;

/** A body must arrive within this time, in milliseconds. */
const BODY_TIMEOUT_MS = 5_000;

/**
 * Reads a body within its bounds.
 *
 * @throws RequestProblem when it is too long, takes too long, or cannot be read.
 */
export async function readBody(
  body: ReadableStream<Uint8Array> | null,
  time: Time,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  if (body === null) return new Uint8Array(0);
  const reader = body.getReader();
  let timer: AttendedTimeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = new AttendedTimeout(time, BODY_TIMEOUT_MS, () => {
      reject(new RequestProblem(408, `The body took over ${BODY_TIMEOUT_MS / 1000} s`));
    });
  });
  try {
    let length = 0;
    for (;;) {
      const { done, value } = await Promise.race([read(reader), late]);
      if (done) return joined(chunks, length);
      length += value.length;
      if (length > MAX_BODY_BYTES) {
        throw new RequestProblem(
          413,
          `The body is too long, wanted at most ${MAX_BODY_BYTES} bytes`,
        );
      }
      chunks.push(value);
    }
  } finally {
    timer?.cancel();
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads the next part; a body that breaks off or is malformed is the client's fault. */
async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    throw new RequestProblem(400, "Cannot read the body to its end");
  }
}

function joined(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
