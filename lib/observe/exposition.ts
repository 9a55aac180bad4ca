/**
 * The text formats of metrics: Prometheus's own, and OpenMetrics. Pure.
 */

import { printable } from "../base/printable.ts";
import type { HistogramShape } from "./status/count_shapes.ts";

/** Which format to write. */
export type MetricsFormat = "prometheus" | "openmetrics";

/** Names and values that tell samples of one metric apart. */
export type Labels = Readonly<Record<string, string>>;
/** One value of a metric; it must be finite. */
export type Sample = readonly [labels: Labels, value: number];

/** Members of a family that one step writes. */
const STEP = 25;

const NO_LABELS: Labels = {};

/** A page of metrics, from the first line to the last. */
export class MetricsPage {
  readonly #format: MetricsFormat;
  #text = "";

  /** Creates an empty page in `format`. */
  constructor(format: MetricsFormat) {
    this.#format = format;
  }

  /** Writes a metric that may grow and shrink. */
  gauge(name: string, help: string, samples: readonly Sample[]): void {
    this.#head(name, "gauge", help, samples.length);
    this.#more(name, samples);
  }

  /**
   * Writes a metric that only grows. `name` comes without `_total`, which is added where the format
   * wants it.
   */
  counter(name: string, help: string, samples: readonly Sample[]): void {
    const family = this.#format === "openmetrics" ? name : `${name}_total`;
    this.#head(family, "counter", help, samples.length);
    this.#more(`${name}_total`, samples);
  }

  /**
   * Writes a metric with samples for each of `members`, which may be many: in steps, each yielding
   * the text so far.
   */
  *family<T>(
    kind: "gauge" | "counter",
    name: string,
    help: string,
    members: readonly T[],
    samplesOf: (member: T) => readonly Sample[],
  ): Generator<string, void> {
    for (let start = 0; start < members.length; start += STEP) {
      const samples = members.slice(start, start + STEP).flatMap(samplesOf);
      if (start === 0) this[kind](name, help, samples);
      else this.#more(kind === "counter" ? `${name}_total` : name, samples);
      yield this.take();
    }
  }

  /** Writes a histogram of durations. */
  histogram(name: string, help: string, histogram: HistogramShape): void {
    this.#head(name, "histogram", help, 1);
    let count = 0;
    histogram.counts.forEach((inStep, step) => {
      count += inStep;
      const bound = histogram.bounds_seconds[step];
      this.#sample(`${name}_bucket`, { le: bound === undefined ? "+Inf" : float(bound) }, count);
    });
    this.#sample(`${name}_sum`, NO_LABELS, histogram.sum_seconds);
    this.#sample(`${name}_count`, NO_LABELS, count);
  }

  /** Writes what the format needs after the last sample. */
  end(): void {
    if (this.#format === "openmetrics") this.#text += "# EOF\n";
  }

  /** Returns the text written since the last call, in whole lines. */
  take(): string {
    const text = this.#text;
    this.#text = "";
    return text;
  }

  #more(name: string, samples: readonly Sample[]): void {
    for (const [labels, value] of samples) this.#sample(name, labels, value);
  }

  #head(name: string, type: string, help: string, samples: number): void {
    if (samples > 0) this.#text += `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  }

  #sample(name: string, labels: Labels, value: number): void {
    let pairs = "";
    for (const [label, text] of Object.entries(labels)) {
      pairs += `${pairs === "" ? "{" : ","}${label}="${escape(text)}"`;
    }
    this.#text += `${name}${pairs}${pairs === "" ? "" : "}"} ${value}\n`;
  }
}

/** Bounds are floats in every format. */
function float(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

function escape(text: string): string {
  return printable(text).replace(/[\\"]/g, "\\$&");
}
