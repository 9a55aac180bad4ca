/**
 * A program as the status server sees it, with nothing behind it: values made from the schemas of
 * its answers, and a few miners.
 */

import type { GenericSchema, InferOutput } from "valibot";
import type { Counts } from "../../lib/observe/chart_samples.ts";
import type { KeptHistory } from "../../lib/observe/history/kept_history.ts";
import * as minerShapes from "../../lib/observe/status/miner_shapes.ts";
import * as poolShapes from "../../lib/observe/status/pool_shapes.ts";
import * as shapes from "../../lib/observe/status/shapes.ts";
import * as workerShapes from "../../lib/observe/status/worker_shapes.ts";
import type { StatusControl, StatusSource } from "../../lib/observe/status/source.ts";
import { countsOf } from "./counts_of.ts";

/** Session ids of the miners there are. */
const MINERS = 5;

/** A made-up farm behind the status server. */
export class FakeStatus implements StatusSource, StatusControl {
  readonly #summary = sampleOf(shapes.SummarySchema);
  readonly #pools = [sampleOf(poolShapes.PoolTotalSchema)];
  readonly #accounts = [sampleOf(poolShapes.AccountSchema)];
  readonly #events = sampleOf(shapes.EventsSchema).events;
  readonly #miners = Array.from({ length: MINERS }, (_, id) => ({
    ...sampleOf(minerShapes.MinerSchema),
    id: id.toString(16).padStart(8, "0"),
    worker: `rig${id % 3}"\n\\`,
  }));
  readonly #workers = Array.from({ length: MINERS }, (_, place) => ({
    ...sampleOf(workerShapes.WorkerSchema),
    id: String(place + 1),
    worker: `rig${place}"\n\\`,
  }));
  /** What is kept on disk. */
  history: KeptHistory | undefined;
  /** How often anything was to be changed. */
  changes = 0;

  // deno-lint-ignore require-yield -- all in one step
  *counts(): Generator<void, Counts> {
    return countsOf(this.#summary);
  }

  // deno-lint-ignore require-yield -- all in one step
  *summary(): Generator<void, shapes.SummaryShape> {
    return this.#summary;
  }

  health(): { readonly serving: boolean; readonly reason: string } {
    return { serving: true, reason: "" };
  }

  miners(): readonly minerShapes.MinerShape[] {
    return this.#miners;
  }

  miner(id: number): minerShapes.MinerShape | undefined {
    return this.#miners[id];
  }

  workers(): readonly workerShapes.WorkerShape[] {
    return this.#workers;
  }

  worker(id: number): workerShapes.WorkerShape | undefined {
    return this.#workers[id - 1];
  }

  // deno-lint-ignore require-yield -- all in one step
  *pools(): Generator<void, poolShapes.PoolTotalShape[]> {
    return this.#pools;
  }

  accounts(): poolShapes.AccountShape[] {
    return this.#accounts;
  }

  // deno-lint-ignore require-yield -- all in one step
  *causes(): Generator<void, workerShapes.CausesShape> {
    return sampleOf(workerShapes.CausesSchema);
  }

  // deno-lint-ignore require-yield -- all in one step
  *causesOver(): Generator<void, workerShapes.LossesByCauseShape | undefined> {
    return sampleOf(workerShapes.LossesByCauseSchema);
  }

  marks(): readonly workerShapes.MarkShape[] {
    return [];
  }

  get markChanges(): number {
    return 0;
  }

  events(): readonly shapes.EventShape[] {
    return this.#events;
  }

  config(): Readonly<Record<string, unknown>> {
    return { status: { token: "***" } };
  }

  logLevels(): shapes.LogLevelsShape["levels"] {
    return { agent: "info" };
  }

  setLogLevel(): void {
    this.changes++;
  }

  reload(): Promise<shapes.ReloadShape> {
    this.changes++;
    return Promise.resolve(sampleOf(shapes.ReloadSchema));
  }

  pin(position: number | undefined): string | undefined {
    this.changes++;
    return position === undefined || position <= 2 ? "pool:1" : undefined;
  }

  disconnect(id: number): boolean {
    this.changes++;
    return id < MINERS;
  }

  forgetWorker(id: number): boolean | undefined {
    this.changes++;
    return id <= MINERS ? id > 1 : undefined;
  }
}

/** All of valibot's own structure that matters here. */
interface Structure {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Structure>>;
  readonly item?: Structure;
  readonly wrapped?: Structure;
  readonly options?: readonly string[];
  readonly pipe?: readonly Structure[];
}

/** Some value of this schema. */
export function sampleOf<const S extends GenericSchema>(schema: S): InferOutput<S> {
  return sample(schema as unknown as Structure) as InferOutput<S>;
}

/** Whether it is a time of day, described or not. */
function isTime({ type, pipe = [] }: Structure): boolean {
  return type === "iso_timestamp" || pipe.some(isTime);
}

function sample(structure: Structure): unknown {
  const { type, entries, item, wrapped, options } = structure;
  switch (type) {
    case "strict_object":
      return Object.fromEntries(Object.entries(entries!).map(([key, of]) => [key, sample(of)]));
    case "array":
      return [sample(item!), sample(item!)];
    case "record":
      return { "some": 1 };
    case "nullable":
      return sample(wrapped!);
    case "picklist":
      return options![0];
    case "number":
      return 3;
    case "boolean":
      return true;
    case "string":
      return isTime(structure) ? "2026-12-01T03:00:00.000Z" : '☃ "quoted"\n\\';
    default:
      throw new TypeError(`Cannot make a sample of ${type}`);
  }
}
