/**
 * The schemas of the OpenAPI document, made from those of the status server's answers.
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import * as countShapes from "../../lib/observe/status/count_shapes.ts";
import * as historyShapes from "../../lib/observe/status/history_shapes.ts";
import * as minerShapes from "../../lib/observe/status/miner_shapes.ts";
import * as notifyShapes from "../../lib/observe/status/notify_shapes.ts";
import * as poolShapes from "../../lib/observe/status/pool_shapes.ts";
import * as shapes from "../../lib/observe/status/shapes.ts";
import * as streamShapes from "../../lib/observe/status/stream_shapes.ts";
import * as workerShapes from "../../lib/observe/status/worker_shapes.ts";

/** A JSON Schema, or a part of one. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/** An object of JSON. */
export type JsonObject = { readonly [key: string]: JsonValue };

/** Every schema of the program's own that ends with this word is one of the document. */
const SUFFIX = "Schema";

/** Where they are. */
const MODULES: readonly object[] = [
  countShapes,
  historyShapes,
  minerShapes,
  notifyShapes,
  poolShapes,
  shapes,
  streamShapes,
  workerShapes,
];

/** Where the document has its schemas. */
const PLACE = "#/components/schemas/";

/** The schemas of the document by name, each a reference wherever it is a part of another. */
export function documentSchemas(): Record<string, JsonObject> {
  const own = MODULES.flatMap((module) => Object.entries(module))
    .filter((entry): entry is [string, GenericSchema] => entry[0].endsWith(SUFFIX))
    .map(([name, schema]) => [name.slice(0, -SUFFIX.length), converted(schema)] as const)
    .sort(([a], [b]) => a < b ? -1 : 1);
  const names = new Map(own.map(([name, schema]) => [textOf(schema), name]));
  return Object.fromEntries(
    own.map(([name, schema]) => [name, withReferences(schema, names, true) as JsonObject]),
  );
}

/** A reference to the schema of this name. */
export function reference(name: string): JsonObject {
  return { $ref: PLACE + name };
}

function converted(schema: GenericSchema): JsonObject {
  const { $schema: _, ...json } = toJsonSchema(schema, {
    target: "draft-2020-12",
    typeMode: "output",
    errorMode: "throw",
    // JSON has no other numbers.
    ignoreActions: ["finite"],
  });
  return open(JSON.parse(JSON.stringify(json))) as JsonObject;
}

/** Later versions may answer more: a client must not refuse that. */
function open(value: JsonValue): JsonValue {
  return mapped(value, ([key, member]) => {
    const isOwn = key === "additionalProperties" && member === false || key === "propertyNames";
    return isOwn ? [] : [[key, open(member)]];
  }, open);
}

/** Replaces what is a schema of its own, at any depth, by a reference with its description. */
function withReferences(
  value: JsonValue,
  names: ReadonlyMap<string, string>,
  isTop: boolean,
): JsonValue {
  if (!isTop && isObject(value)) {
    const name = names.get(textOf(value));
    const { description } = value;
    if (name !== undefined) {
      return description === undefined ? reference(name) : { ...reference(name), description };
    }
  }
  return mapped(
    value,
    ([key, member]) => [[key, withReferences(member, names, false)]],
    (item) => withReferences(item, names, false),
  );
}

/** `value` with each of its members, or of its items, replaced. */
function mapped(
  value: JsonValue,
  member: (entry: readonly [string, JsonValue]) => [string, JsonValue][],
  item: (value: JsonValue) => JsonValue,
): JsonValue {
  if (Array.isArray(value)) return value.map(item);
  return isObject(value) ? Object.fromEntries(Object.entries(value).flatMap(member)) : value;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What two schemas have in common that differ only in their description. */
function textOf({ description: _, ...schema }: JsonObject): string {
  return JSON.stringify(schema);
}
