/**
 * What `btcagent config` prints. The texts are part of the program, so that a compiled executable
 * has them too.
 */

import { escapedJson } from "../base/printable.ts";
import example from "../../conf/agent.example.jsonc" with { type: "text" };
import schema from "../../conf/agent.schema.json" with { type: "text" };
import { effectiveConfig } from "./effective.ts";
import { readConfigFile } from "./file.ts";

/** A text to print, or what is wrong. */
export type Printed =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly message: string };

/** The example, the JSON Schema, or the configuration of a file with every default. */
export async function printedConfig(
  what: "example" | "schema" | "effective",
  configPath: string | undefined,
): Promise<Printed> {
  switch (what) {
    case "example":
      return { ok: true, text: example.trimEnd() };
    case "schema":
      return { ok: true, text: schema.trimEnd() };
    case "effective": {
      const file = await readConfigFile(configPath, { mayLackVariables: true });
      if (!file.ok) return file;
      const json = JSON.stringify(effectiveConfig(file.config), undefined, 2);
      return { ok: true, text: escapedJson(json) };
    }
  }
}
