/** What `--version` says. */

import assert from "node:assert/strict";
import { versionText } from "../../lib/cli/version.ts";

Deno.test("the version names this program, what runs it, and where", () => {
  const { version } = JSON.parse(Deno.readTextFileSync("deno.json")) as { version: string };
  assert.equal(
    versionText({ deno: "2.9.6", v8: "14.0", target: "x86_64-unknown-linux-gnu" }),
    `btcagent ${version}\nDeno 2.9.6, V8 14.0, x86_64-unknown-linux-gnu`,
  );
});
