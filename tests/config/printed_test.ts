/** What `btcagent config` prints. */

import assert from "node:assert/strict";
import { printedConfig } from "../../lib/config/printed.ts";
import { readConfig } from "../../lib/config/read.ts";

Deno.test("the example and the schema are printed as they are in conf", async () => {
  for (const [what, file] of [["example", "example.jsonc"], ["schema", "schema.json"]] as const) {
    const printed = await printedConfig(what, undefined);
    assert.ok(printed.ok);
    assert.equal(printed.text + "\n", await Deno.readTextFile(`conf/agent.${file}`));
  }
});

Deno.test("the effective configuration has the defaults and can be read", async () => {
  const printed = await printedConfig("effective", "conf/agent.example.jsonc");
  assert.ok(printed.ok);
  assert.equal(JSON.parse(printed.text).outage.grace_seconds, 30);
  assert.ok(readConfig(printed.text).ok);
});

Deno.test("of a file with problems they are printed, and no configuration", async () => {
  const printed = await printedConfig("effective", "deno.json");
  assert.ok(!printed.ok);
  assert.match(printed.message, /deno\.json:\d+:\d+ .*unknown key/);
});
