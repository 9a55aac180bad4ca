/** Reads the stream of the status server, event by event. */

import assert from "node:assert/strict";
import type { StreamStateShape, SummaryShape } from "../../lib/observe/status/shapes.ts";

/** Reads the events of a stream. */
export class EventReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = "";
  /** The id of the last event that had one. */
  lastId = "";
  /** How long to wait before it connects again. */
  retryMs = 0;

  constructor(response: Response) {
    this.#reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event of this kind; `undefined` at the end of the stream. */
  async next(kind: string): Promise<unknown> {
    for (;;) {
      const end = this.#text.indexOf("\n\n");
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        this.lastId = /^id: (.*)$/m.exec(block)?.[1] ?? this.lastId;
        this.retryMs = Number(/^retry: (\d+)$/m.exec(block)?.[1] ?? this.retryMs);
        const [, event, data] = /^event: (.*)\ndata: (.*)$/m.exec(block) ?? [];
        if (event === kind) return JSON.parse(data!);
        continue;
      }
      const { value, done } = await this.#reader.read();
      if (done) return undefined;
      this.#text += value;
    }
  }

  close(): Promise<void> {
    return this.#reader.cancel();
  }
}

/**
 * The first summary of the stream that meets a condition. `url` ends with a slash.
 *
 * @throws AssertionError if none comes within that many milliseconds.
 */
export async function summaryWhere(
  url: string,
  isAsWanted: (summary: SummaryShape) => boolean,
  withinMs: number,
): Promise<SummaryShape> {
  const deadline = performance.now() + withinMs;
  const events = new EventReader(await fetch(`${url}api/v1/stream`));
  try {
    for (;;) {
      const state = await events.next("state") as StreamStateShape | undefined;
      assert.ok(state !== undefined, "the stream ended");
      if (isAsWanted(state.summary)) return state.summary;
      assert.ok(performance.now() < deadline, JSON.stringify(state.summary.attention));
    }
  } finally {
    await events.close();
  }
}
