/** What is written about the configuration is what the program reads. */

import assert from "node:assert/strict";
import { CONFIG_OUTLINE } from "../../lib/config/outline.ts";
import { configJsonSchema, configTable, withConfigTable } from "../../scripts/config_docs.ts";

/** As much of a JSON Schema as is looked at here. */
interface JsonSchema {
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
}

Deno.test("conf/agent.schema.json is up to date (if not: deno task docs)", () => {
  assert.equal(Deno.readTextFileSync("conf/agent.schema.json"), configJsonSchema());
});

Deno.test("the table of conf/docs/configuration.md is up to date (if not: deno task docs)", () => {
  const page = Deno.readTextFileSync("conf/docs/configuration.md");
  assert.equal(page, withConfigTable(page));
});

Deno.test("every key has a row in the table, but for those inside what is ignored", () => {
  const keys = [...configTable().matchAll(/^\| `([\w.$]+)` \|/gm)].map(([, key]) => key);
  assert.ok(keys.includes("agent_listen_port"));
  assert.ok(keys.includes("advanced.share_batch_window_ms"));
  assert.ok(keys.includes("advanced.message_queue_size"));
  const top = new Set(keys.map((key) => key!.split(".")[0]));
  assert.deepEqual([...top], [...CONFIG_OUTLINE.keys!.keys()]);
});

Deno.test("every row of the table has four cells, all but the default filled", () => {
  for (const row of configTable().split("\n").slice(2)) {
    const cells = row.split(/(?<!\\)\|/).map((cell) => cell.trim());
    assert.equal(cells.length, 6, row);
    assert.ok(cells[1] && cells[2] && cells[4], row);
  }
});

Deno.test("a row gives a key's accepted values, default and purpose", () => {
  const rows = configTable().split("\n");
  assert.ok(
    rows.includes(
      "| `agent_listen_port` | a port number 1..65535 | `3333` | The port miners connect to. |",
    ),
  );
  assert.ok(rows.some((row) => /^\| `pools` \|.*\| \*required\* \|/.test(row)));
});

Deno.test("every key explains itself in an editor", () => {
  const walk = (schema: JsonSchema, path: string) => {
    assert.ok(schema.description, `${path} has no description`);
    for (const [key, inner] of Object.entries(schema.properties ?? {})) {
      walk(inner, `${path}.${key}`);
    }
  };
  const schema = JSON.parse(configJsonSchema()) as JsonSchema;
  walk(schema, "");
  assert.deepEqual(schema.required, ["pools"]);
});

Deno.test("the table replaces what is between the markers, and only that", () => {
  const before = "# Us\n<!-- config:begin -->\nold\n<!-- config:end -->\nafter\n";
  const after = withConfigTable(before);
  const [start, middle, end] = after.split(configTable());
  assert.equal(start, "# Us\n<!-- config:begin -->\n<!-- deno-fmt-ignore-start -->\n\n");
  assert.equal(middle, "\n\n<!-- deno-fmt-ignore-end -->\n<!-- config:end -->\nafter\n");
  assert.equal(end, undefined);
  assert.equal(withConfigTable(after), after);
});

Deno.test("a page without both markers in order is an error, and not written", () => {
  const pages = ["# Us\n", "<!-- config:begin -->\n", "<!-- config:end --><!-- config:begin -->"];
  for (const page of pages) assert.throws(() => withConfigTable(page), /<!-- config:begin -->/);
});
