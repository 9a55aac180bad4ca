/** Which process may be asked to reload; what the command does is in loopback/program_test.ts. */

import assert from "node:assert/strict";
import { isAgent } from "../../lib/app/reload_command.ts";

for (
  const [command, expected] of [
    ["deno run --unstable-net --allow-write=log main.ts -c conf/agent.jsonc -l log\n", true],
    ["/opt/my farm/deno run --no-prompt /opt/my farm/btcagent/main.ts\n", true],
    [
      "/usr/lib/btcagent/deno run --no-lock /usr/lib/btcagent/program/main.js -c agent.jsonc\n",
      true,
    ],
    ["/usr/local/bin/btcagent -c agent.jsonc\n", true],
    ["./btcagent-x86_64-unknown-linux-gnu\n", true],
    ["tail -f /var/log/btcagent/btcagent.log\n", false],
    ["vi /etc/btcagent/agent.jsonc\n", false],
    ["journalctl -u btcagent -f\n", false],
    ["less /usr/lib/btcagent/main.ts\n", false],
    ["/usr/lib/btcagent/another --program\n", false],
    ["deno lsp\n", false],
    ["\n", false],
  ] as const
) {
  Deno.test(`SIGHUP is ${expected ? "" : "not "}for ${JSON.stringify(command.trim())}`, () => {
    assert.equal(isAgent(command), expected);
  });
}
