/**
 * `/api/v1/stream`: server-sent events for whoever watches the live page, and what is sampled for
 * its charts.
 *
 * What goes out is made once for all who watch, and not at all if nobody does. Who does not read
 * fast enough is cut off, and may come again.
 */

import { printableJson } from "../../base/printable.ts";
import { type Counts, History, type Sample, SAMPLE_MS } from "../history.ts";
import { answer, RequestProblem } from "./answers.ts";
import type { StreamStateShape, SummaryShape } from "./shapes.ts";
import type { StatusSource } from "./source.ts";

/** How often things happen, in milliseconds; other times are for tests. */
const TIMES = { stateMs: 2_000, sampleMs: SAMPLE_MS };

/** So many may watch at a time. */
const MAX_WATCHERS = 16;

/** Who leaves so many bytes waiting is cut off; a state takes about 10 KB. */
const MAX_WAITING_BYTES = 256 * 1024;

const encoder = new TextEncoder();

/** See the head of this file. */
export class StatusStream {
  /** What the charts show. */
  readonly history: History;
  readonly #source: StatusSource;
  readonly #mayControl: boolean;
  readonly #watchers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  readonly #times: typeof TIMES;
  #sampling: ReturnType<typeof setInterval> | undefined;
  #sending: ReturnType<typeof setInterval> | undefined;
  #lastEvent = 0;

  /** Nothing is sampled before {@linkcode StatusStream.start}. */
  constructor(source: StatusSource, mayControl: boolean, times: typeof TIMES = TIMES) {
    this.#times = times;
    this.#source = source;
    this.#mayControl = mayControl;
    this.history = new History(countsOf(source.summary()), Date.now());
  }

  /** Samples from now on. */
  start(): void {
    this.#sampling = setInterval(() => {
      const sample = this.history.add(countsOf(this.#source.summary()), Date.now());
      if (sample !== undefined) this.#send("sample", sample);
    }, this.#times.sampleMs);
  }

  /**
   * The answer to one more who watches.
   *
   * @throws RequestProblem if there are too many.
   */
  watch(): Response {
    if (this.#watchers.size >= MAX_WATCHERS) {
      throw new RequestProblem(503, `${MAX_WATCHERS} are watching already, wanted one to leave`);
    }
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        controller.enqueue(encode("state", this.#state()));
        this.#watchers.add(controller);
        if (this.#sending !== undefined) return;
        this.#lastEvent = this.#source.events().at(-1)?.number ?? 0;
        this.#sending = setInterval(() => this.#tick(), this.#times.stateMs);
      },
      cancel: () => this.#forget(own!),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
    return answer(body, "text/event-stream; charset=utf-8", 200, {
      // Compressed, events would wait in the compressor for more of them.
      "cache-control": "no-store, no-transform",
    });
  }

  /** Ends sampling and cuts off who watches. */
  stop(): void {
    clearInterval(this.#sampling);
    for (const watcher of this.#watchers) {
      this.#forget(watcher);
      watcher.close();
    }
  }

  #tick(): void {
    const events = this.#source.events().filter(({ number }) => number > this.#lastEvent);
    this.#lastEvent = events.at(-1)?.number ?? this.#lastEvent;
    if (events.length > 0) this.#send("events", events);
    this.#send("state", this.#state());
  }

  #state(): StreamStateShape {
    return {
      control: this.#mayControl,
      summary: this.#source.summary(),
      pools: this.#source.pools(),
    };
  }

  #send(kind: string, value: Sample | StreamStateShape | readonly unknown[]): void {
    if (this.#watchers.size === 0) return;
    const bytes = encode(kind, value);
    for (const watcher of this.#watchers) {
      if (watcher.desiredSize! > bytes.length) {
        watcher.enqueue(bytes);
      } else {
        this.#forget(watcher);
        watcher.error(new Error("Read too slowly"));
      }
    }
  }

  #forget(watcher: ReadableStreamDefaultController<Uint8Array>): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    clearInterval(this.#sending);
    this.#sending = undefined;
  }
}

function encode(kind: string, value: unknown): Uint8Array {
  return encoder.encode(`event: ${kind}\ndata: ${printableJson(value)}\n\n`);
}

function countsOf({ miners, shares, credited_difficulty, traffic }: SummaryShape): Counts {
  const sum = (counts: Readonly<Record<string, number>>) =>
    Object.values(counts).reduce((total, count) => total + count, 0);
  return {
    miners: miners.states.working,
    accepted: shares.accepted + shares.assumed,
    rejected: sum(shares.rejected) + sum(shares.refused),
    difficulty: credited_difficulty,
    bytesUp: traffic.bytes_written,
    bytesDown: traffic.bytes_read,
  };
}
