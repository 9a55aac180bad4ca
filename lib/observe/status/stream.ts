/**
 * `/api/v1/stream`: server-sent events for watchers of the live page, and the samples for its
 * charts.
 *
 * Each event is made once for all watchers, and not at all without any. A watcher that does not
 * read fast enough is cut off, and may connect again: it says where it was, and gets what it missed
 * (resume.ts).
 */

import { printableJson } from "../../base/printable.ts";
import type { Time, Timer } from "../../base/clock.ts";
import { finished } from "../../base/steps.ts";
import { ChartSamples, SAMPLE_COLUMNS, SAMPLE_MS } from "../chart_samples.ts";
import { answer, RequestProblem } from "./answers.ts";
import type { StatusBounds } from "./bounds.ts";
import { formatPosition, type Position, replayFor } from "./resume.ts";
import type { HistoryShape } from "./shapes.ts";
import type { StatusControl, StatusSource } from "./source.ts";
import { type Turns, TurnsStopped } from "./turns.ts";

/** Intervals, in milliseconds; tests use others. */
const TIMES = { stateMs: 2_000, sampleMs: SAMPLE_MS };

/** The most watchers at a time. */
const MAX_WATCHERS = 16;

/** How long a watcher should wait before it connects again, in milliseconds. */
const RETRY_MS = 2_000;

/** A watcher that leaves this many bytes unread is cut off; a state takes about 10 KB. */
const MAX_WAITING_BYTES = 256 * 1024;

/** A new watcher gets the last state if it is younger than this, in milliseconds. */
const FRESH_MS = 1_000;

const encoder = new TextEncoder();

type Watcher = ReadableStreamDefaultController<Uint8Array>;

/** What a watcher says of itself. */
export interface Introduction {
  /** Whether its token is good for changes. */
  readonly mayChange: boolean;
  /** The id of the last event it had; empty if it was not there before. */
  readonly lastEventId: string;
}

/** The state of the program as an event, for watchers that may change something and others. */
class State {
  readonly madeAt: number;
  readonly #json: string;
  readonly #bytes = new Map<boolean, Uint8Array>();

  /** `value` is all of the state but whether changes are allowed. */
  constructor(value: object, madeAt: number) {
    this.#json = printableJson(value);
    this.madeAt = madeAt;
  }

  /** The event for watchers that may change something, or may not. */
  bytes(mayControl: boolean): Uint8Array {
    let bytes = this.#bytes.get(mayControl);
    if (bytes === undefined) {
      const data = `{"control":${mayControl},${this.#json.slice(1)}`;
      bytes = encoder.encode(`event: state\ndata: ${data}\n\n`);
      this.#bytes.set(mayControl, bytes);
    }
    return bytes;
  }
}

/** Samples the program and sends events to the watchers. */
export class StatusStream {
  readonly #source: StatusSource;
  readonly #mayControl: boolean;
  readonly #turns: Turns;
  readonly #bounds: StatusBounds;
  readonly #time: Time;
  readonly #times: typeof TIMES;
  readonly #chartSamples: ChartSamples;
  /** With whether each may change something. */
  readonly #watchers = new Map<Watcher, boolean>();
  /** Names this run in the ids of events. */
  readonly #run: string;
  #sampling: Timer | undefined;
  #sending: Timer | undefined;
  #isSampling = false;
  #isSending = false;
  #lastEvent = 0;
  #samples = 0;
  #lastMarkChange = 0;
  #state: State | undefined;

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
    this.#run = Math.floor(time.wallNow()).toString(36);
    this.#chartSamples = new ChartSamples(finished(source.counts()), time);
  }

  /** The data of the charts. */
  get history(): HistoryShape {
    return {
      columns: [...SAMPLE_COLUMNS],
      hour: this.#chartSamples.hour(),
      day: this.#chartSamples.day(),
      marks: [...this.#source.marks()],
    };
  }

  /** Starts sampling. */
  start(): void {
    this.#sampling = this.#time.every(this.#times.sampleMs, () => void this.#sample());
  }

  /**
   * Makes the answer to a new watcher, or to one that comes back and says where it was.
   * @throws RequestProblem if there are too many.
   */
  async watch({ mayChange, lastEventId }: Introduction): Promise<Response> {
    this.#checkRoom();
    const state = await this.#freshState();
    this.#checkRoom();
    const mayControl = this.#mayControl && mayChange;
    let own: Watcher | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        if (this.#sending === undefined) this.#begin();
        controller.enqueue(this.#greeting(lastEventId));
        controller.enqueue(state.bytes(mayControl));
        this.#watchers.set(controller, mayControl);
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
    for (const watcher of [...this.#watchers.keys()]) {
      this.#forget(watcher);
      watcher.close();
    }
  }

  /** Sends events from now on. */
  #begin(): void {
    this.#lastEvent = this.#source.events().at(-1)?.number ?? 0;
    this.#lastMarkChange = this.#source.markChanges;
    this.#sending = this.#time.every(this.#times.stateMs, () => void this.#tick());
  }

  /** What a watcher is sent first: where it is, and, if it was there before, what it missed. */
  #greeting(lastEventId: string): Uint8Array {
    const hello = `retry: ${RETRY_MS}\n`;
    const id = `id: ${this.#id}\n`;
    // Without data it is no event; a reader keeps the id all the same.
    if (lastEventId === "") return encoder.encode(`${hello}${id}\n`);
    const hour = this.#chartSamples.hour();
    const kept = Math.min(this.#samples, hour.length);
    const { lines, samples, missed } = replayFor(
      lastEventId,
      this.#position,
      this.#source.events(),
      kept,
    );
    const rows = samples === 0 ? [] : hour.slice(-samples);
    return encoder.encode([
      `${hello}\n`,
      missed === undefined ? "" : eventText("missed", missed),
      lines.length === 0 ? "" : eventText("events", lines),
      ...rows.map((row) => eventText("sample", row)),
      // Only now it has had everything: the connection may break before.
      `${id}${eventText("marks", this.#source.marks())}`,
    ].join(""));
  }

  /** Where watchers are that have everything. */
  get #position(): Position {
    return { run: this.#run, line: this.#lastEvent, sample: this.#samples };
  }

  get #id(): string {
    return formatPosition(this.#position);
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
      const sample = this.#chartSamples.add(counts);
      this.#samples++;
      this.#send("sample", sample);
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
      const state = await this.#makeState();
      for (const [watcher, mayControl] of this.#watchers) {
        this.#sendTo(watcher, state.bytes(mayControl));
      }
    } catch (error) {
      ignoreStop(error);
    } finally {
      this.#isSending = false;
    }
  }

  /** Returns the state for a new watcher; watchers that arrive close together share one. */
  async #freshState(): Promise<State> {
    const state = this.#state;
    if (state !== undefined && this.#time.now() - state.madeAt < FRESH_MS) return state;
    return await this.#makeState();
  }

  async #makeState(): Promise<State> {
    const summary = await this.#turns.run(this.#source.summary());
    const limits = { ...summary.limits, ...this.#bounds.counts };
    const pools = await this.#turns.run(this.#source.pools());
    const value = { summary: { ...summary, limits }, pools };
    this.#state = await this.#turns.take(() => new State(value, this.#time.now()));
    return this.#state;
  }

  /** Sends an event, after which a watcher is at the present position. */
  #send(kind: string, value: unknown): void {
    if (this.#watchers.size === 0) return;
    const bytes = encoder.encode(`id: ${this.#id}\n${eventText(kind, value)}`);
    for (const watcher of this.#watchers.keys()) this.#sendTo(watcher, bytes);
  }

  #sendTo(watcher: Watcher, bytes: Uint8Array): void {
    if (watcher.desiredSize! > bytes.length) {
      watcher.enqueue(bytes);
    } else {
      this.#forget(watcher);
      watcher.error(new Error("Read too slowly"));
    }
  }

  #forget(watcher: Watcher): void {
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

function eventText(kind: string, value: unknown): string {
  return `event: ${kind}\ndata: ${printableJson(value)}\n\n`;
}
