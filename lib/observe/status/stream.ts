/**
 * `/api/v1/stream`: server-sent events for watchers of the live page, and the samples for its
 * charts.
 *
 * Each event is made once for all watchers, and not at all without any. A watcher that does not
 * read fast enough is cut off, and may connect again.
 */

import { printableJson } from "../../base/printable.ts";
import type { Time, Timer } from "../../base/clock.ts";
import { finished } from "../../base/steps.ts";
import { ChartSamples, SAMPLE_COLUMNS, SAMPLE_MS } from "../chart_samples.ts";
import { answer, RequestProblem } from "./answers.ts";
import type { StatusBounds } from "./bounds.ts";
import type { HistoryShape } from "./shapes.ts";
import type { StatusControl, StatusSource } from "./source.ts";
import { type Turns, TurnsStopped } from "./turns.ts";

/** Intervals, in milliseconds; tests use others. */
const TIMES = { stateMs: 2_000, sampleMs: SAMPLE_MS };

/** The most watchers at a time. */
const MAX_WATCHERS = 16;

/** A watcher that leaves this many bytes unread is cut off; a state takes about 10 KB. */
const MAX_WAITING_BYTES = 256 * 1024;

/** A new watcher gets the last state if it is younger than this, in milliseconds. */
const FRESH_MS = 1_000;

const encoder = new TextEncoder();

/** Samples the program and sends events to the watchers. */
export class StatusStream {
  readonly #source: StatusSource;
  readonly #mayControl: boolean;
  readonly #turns: Turns;
  readonly #bounds: StatusBounds;
  readonly #time: Time;
  readonly #times: typeof TIMES;
  readonly #samples: ChartSamples;
  readonly #watchers = new Set<ReadableStreamDefaultController<Uint8Array>>();
  #sampling: Timer | undefined;
  #sending: Timer | undefined;
  #isSampling = false;
  #isSending = false;
  #lastEvent = 0;
  #lastMarkChange = 0;
  #state: { readonly bytes: Uint8Array; readonly madeAt: number } | undefined;

  /** Nothing is sampled before {@linkcode StatusStream.start}. */
  constructor({ source, control, turns, bounds, time, times = TIMES }: {
    readonly source: StatusSource;
    readonly control: StatusControl | undefined;
    readonly turns: Turns;
    readonly bounds: StatusBounds;
    readonly time: Time;
    readonly times?: typeof TIMES;
  }) {
    this.#source = source;
    this.#mayControl = control !== undefined;
    this.#turns = turns;
    this.#bounds = bounds;
    this.#time = time;
    this.#times = times;
    this.#samples = new ChartSamples(finished(source.counts()), time);
  }

  /** The data of the charts. */
  get history(): HistoryShape {
    return {
      columns: [...SAMPLE_COLUMNS],
      hour: this.#samples.hour(),
      day: this.#samples.day(),
      marks: [...this.#source.marks()],
    };
  }

  /** Starts sampling. */
  start(): void {
    this.#sampling = this.#time.every(this.#times.sampleMs, () => void this.#sample());
  }

  /**
   * Makes the answer to a new watcher.
   * @throws RequestProblem if there are too many.
   */
  async watch(): Promise<Response> {
    this.#checkRoom();
    const state = await this.#freshState();
    this.#checkRoom();
    let own: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        controller.enqueue(state);
        this.#watchers.add(controller);
        if (this.#sending !== undefined) return;
        this.#lastEvent = this.#source.events().at(-1)?.number ?? 0;
        this.#lastMarkChange = this.#source.markChanges;
        this.#sending = this.#time.every(this.#times.stateMs, () => void this.#tick());
      },
      cancel: () => this.#forget(own!),
    }, new ByteLengthQueuingStrategy({ highWaterMark: MAX_WAITING_BYTES }));
    return answer(body, "text/event-stream; charset=utf-8", 200, {
      // No compression: the compressor would hold events back until more arrive.
      "cache-control": "no-store, no-transform",
      // Proxies must not hold them back either: nginx obeys this header.
      "x-accel-buffering": "no",
    });
  }

  /** Stops sampling and cuts off all watchers. */
  stop(): void {
    this.#time.clear(this.#sampling);
    for (const watcher of this.#watchers) {
      this.#forget(watcher);
      watcher.close();
    }
  }

  #checkRoom(): void {
    if (this.#watchers.size < MAX_WATCHERS) return;
    throw new RequestProblem(
      503,
      `${MAX_WATCHERS} clients are watching already; try again when one has left`,
      {
        "retry-after": "10",
      },
    );
  }

  async #sample(): Promise<void> {
    if (this.#isSampling) return;
    this.#isSampling = true;
    try {
      const counts = await this.#turns.run(this.#source.counts());
      this.#send("sample", this.#samples.add(counts));
    } catch (error) {
      ignoreStop(error);
    } finally {
      this.#isSampling = false;
    }
  }

  async #tick(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      const events = this.#source.events().filter(({ number }) => number > this.#lastEvent);
      this.#lastEvent = events.at(-1)?.number ?? this.#lastEvent;
      if (events.length > 0) this.#send("events", events);
      const { markChanges } = this.#source;
      if (markChanges !== this.#lastMarkChange) this.#send("marks", this.#source.marks());
      this.#lastMarkChange = markChanges;
      this.#sendBytes(await this.#makeState());
    } catch (error) {
      ignoreStop(error);
    } finally {
      this.#isSending = false;
    }
  }

  /** Returns the state for a new watcher; watchers that arrive close together share one. */
  async #freshState(): Promise<Uint8Array> {
    const state = this.#state;
    if (state !== undefined && this.#time.now() - state.madeAt < FRESH_MS) return state.bytes;
    return await this.#makeState();
  }

  async #makeState(): Promise<Uint8Array> {
    const summary = await this.#turns.run(this.#source.summary());
    const limits = { ...summary.limits, ...this.#bounds.counts };
    const pools = await this.#turns.run(this.#source.pools());
    const state = { control: this.#mayControl, summary: { ...summary, limits }, pools };
    const bytes = await this.#turns.take(() => encode("state", state));
    this.#state = { bytes, madeAt: this.#time.now() };
    return bytes;
  }

  #send(kind: string, value: unknown): void {
    if (this.#watchers.size > 0) this.#sendBytes(encode(kind, value));
  }

  #sendBytes(bytes: Uint8Array): void {
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
    this.#time.clear(this.#sending);
    this.#sending = undefined;
  }
}

/** Ignores the error that a stop causes: nothing is sampled or sent any more. */
function ignoreStop(error: unknown): void {
  if (!(error instanceof TurnsStopped)) throw error;
}

function encode(kind: string, value: unknown): Uint8Array {
  return encoder.encode(`event: ${kind}\ndata: ${printableJson(value)}\n\n`);
}
