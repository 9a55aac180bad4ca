/**
 * Writes what is said about the configuration elsewhere, from its one schema:
 * `conf/agent.schema.json`, for editors, and the table in `conf/docs/configuration.md` between
 * `<!-- config:begin -->` and `<!-- config:end -->`. Run it after a change to
 * `lib/config/schema.ts`: `deno task docs`. A test fails if that was forgotten.
 */

import { toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { CONFIG_OUTLINE, type Outline } from "../lib/config/outline.ts";
import { ConfigSchema } from "../lib/config/schema.ts";

const BEGIN = "<!-- config:begin -->";
const END = "<!-- config:end -->";

/** The text of `conf/agent.schema.json`: JSON Schema draft 7, which editors know best. */
export function configJsonSchema(): string {
  // What the converter thinks of as a definition is a pool, which stands in its place.
  const { $defs: _, ...schema } = converted(ConfigSchema);
  // What is wanted in words is ours alone; the bounds beside it say it to an editor.
  const ours = (key: string, value: unknown) => key === "wanted" ? undefined : value;
  return JSON.stringify({ title: "Configuration of btcagent", ...schema }, ours, 2) + "\n";
}

function converted(schema: v.GenericSchema): ReturnType<typeof toJsonSchema> {
  return toJsonSchema(schema, {
    typeMode: "input",
    errorMode: "throw",
    overrideSchema: ({ valibotSchema, jsonSchema }) => {
      // A pool's sub-account may be left out, which the converter does not see.
      if (valibotSchema.type === "strict_tuple") return { ...jsonSchema, minItems: 2 };
      if (valibotSchema.type !== "lazy") return undefined;
      // Nor does it see that a pool has two forms.
      const { getter } = valibotSchema as v.LazySchema<v.GenericSchema>;
      return {
        anyOf: [getter([]), getter({})].map((form) => {
          const { $schema: _, ...rest } = converted(form);
          return rest;
        }),
      };
    },
  });
}

/** The table of the page: a row for each key, with what it accepts, its default and its purpose. */
export function configTable(): string {
  const rows = [...tableRows(CONFIG_OUTLINE, "")];
  return ["| key | value | default | meaning |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function* tableRows({ keys }: Outline, prefix: string): Generator<string> {
  for (const [name, outline] of keys ?? []) {
    const key = prefix + name;
    // An object without a default is accepted and ignored: nobody needs its keys.
    if (outline.keys !== undefined && outline.fallback !== undefined) {
      yield* tableRows(outline, `${key}.`);
      continue;
    }
    const fallback = outline.fallback === undefined
      ? outline.isOptional ? "" : "*required*"
      : code(JSON.stringify(outline.fallback));
    yield `| ${code(key)} | ${cell(outline.wanted)} | ${fallback} | ${cell(outline.about)} |`;
  }
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|");
}

/** `page` with the table between the markers. @throws Error if it does not have both, in order */
export function withConfigTable(page: string): string {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`Cannot write the table: no ${BEGIN} and ${END}`);
  // The formatter would pad the columns to the longest cell.
  const table =
    `<!-- deno-fmt-ignore-start -->\n\n${configTable()}\n\n<!-- deno-fmt-ignore-end -->`;
  return `${page.slice(0, begin + BEGIN.length)}\n${table}\n${page.slice(end)}`;
}

if (import.meta.main) {
  const schemaFile = new URL("../conf/agent.schema.json", import.meta.url);
  const pageFile = new URL("../conf/docs/configuration.md", import.meta.url);
  Deno.writeTextFileSync(schemaFile, configJsonSchema());
  Deno.writeTextFileSync(pageFile, withConfigTable(Deno.readTextFileSync(pageFile)));
}
