/**
 * A file or terminal in memory for the log; the test decides what it accepts.
 */

import assert from "node:assert/strict";
import type { LogTarget } from "../../lib/observe/log_writer.ts";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** Accepts everything, or what `take` returns. */
export class FakeFile implements LogTarget {
  readonly #bytes: number[] = [];
  readonly path?: string;
  take: (bytes: Uint8Array) => Promise<number> = (bytes) => Promise.resolve(bytes.length);

  /** Without a path it is a terminal. */
  constructor(path?: string) {
    if (path !== undefined) this.path = path;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const count = await this.take(bytes);
    for (const byte of bytes.subarray(0, count)) this.#bytes.push(byte);
    return count;
  }

  get text(): string {
    return decoder.decode(Uint8Array.from(this.#bytes));
  }

  get lines(): string[] {
    const lines = this.text.split("\n");
    assert.equal(lines.pop(), "", "the last line is whole");
    return lines;
  }
}

/** The error of a full disk. */
export function noSpace(): Promise<never> {
  return Promise.reject(new Error("No space left on device (os error 28)"));
}

/** Lets everything finish that does not wait for a timer or the system. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 40; i++) await Promise.resolve();
}
