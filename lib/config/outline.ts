/**
 * Reads the configuration's schema as an outline: its keys, what each wants, what it is for, and
 * its default. With it, the reader of files and the writer of documents can walk one schema without
 * knowing valibot.
 */

import * as v from "valibot";
import { ConfigSchema } from "./schema.ts";

/** One place in the configuration and what may stand there. */
export interface Outline {
  /** What kind of value it is, as valibot names it: `boolean`, `number`, `string`, … */
  readonly type: string;
  /** What is accepted, in words, as in `a port number 1..65535`. */
  readonly wanted: string;
  /** What the key is for; empty for the items of a list. */
  readonly about: string;
  /** Its value when left out; `undefined` if it has none. */
  readonly fallback: unknown;
  /** Whether it may be left out. */
  readonly isOptional: boolean;
  /**
   * The keys of an object, in the schema's order; `undefined` for anything else. A value that may
   * be a list or an object has both.
   */
  readonly keys: ReadonlyMap<string, Outline> | undefined;
  /** The outline of index `i` of a list; `undefined` past its end or for anything else. */
  item(i: number): Outline | undefined;
}

/** The outline of the whole file. */
export const CONFIG_OUTLINE: Outline = outlineOf(ConfigSchema);

/** The parts of valibot's structure that matter here. */
interface Structure {
  readonly wrapped?: v.GenericSchema;
  readonly getter?: (input: unknown) => v.GenericSchema;
  readonly default?: unknown;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  readonly items?: readonly v.GenericSchema[];
}

function outlineOf(schema: v.GenericSchema): Outline {
  const outer = schema as Structure;
  const inner = outer.wrapped ?? schema;
  const { getter } = inner as Structure;
  if (getter !== undefined) return { ...outlineOf(getter([])), keys: outlineOf(getter({})).keys };
  const { entries, item, items } = inner as Structure;
  return {
    type: inner.type,
    wanted: String(v.getMetadata(inner).wanted ?? ""),
    about: v.getDescription(inner) ?? "",
    fallback: outer.default,
    isOptional: outer.wrapped !== undefined,
    keys: entries &&
      new Map(Object.entries(entries).map(([key, entry]) => [key, outlineOf(entry)])),
    item: (i) => {
      const found = items === undefined ? item : items[i];
      return found && outlineOf(found);
    },
  };
}

/** The outline at `path` (keys and list indices); `undefined` if nothing is allowed there. */
export function outlineAt(path: readonly (string | number)[]): Outline | undefined {
  let place: Outline | undefined = CONFIG_OUTLINE;
  for (const step of path) {
    place = typeof step === "number" ? place?.item(step) : place?.keys?.get(step);
  }
  return place;
}
