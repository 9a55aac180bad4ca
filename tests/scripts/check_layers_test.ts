/** Which imports among our files are refused, and how that is said. */

import assert from "node:assert/strict";
import { importsOf, violations } from "../../scripts/check_layers.ts";

/** What is said of files given as `importer: targets`. */
function verdictOn(files: Record<string, string[]>): string[] {
  return violations(new Map(Object.entries(files)));
}

Deno.test("imports down the layers, within one, and by what joins the parts are fine", () => {
  const files = {
    "main.ts": ["lib/cli/parse.ts", "lib/proxy.ts", "deno.json"],
    "lib/proxy.ts": ["lib/miner/session.ts", "lib/mux/accounts.ts", "lib/config/schema.ts"],
    "lib/cli/parse.ts": ["lib/config/nearest_word.ts", "deno.json"],
    "lib/miner/session.ts": ["lib/mux/peers.ts", "lib/net/engine.ts", "lib/miner/handshake.ts"],
    "lib/mux/peers.ts": ["lib/protocol/job.ts"],
    "lib/sim/pool.ts": ["lib/net/engine.ts", "lib/protocol/job.ts"],
    "tests/mux/accounts_test.ts": ["tests/support/fake_pool.ts", "lib/proxy.ts"],
  };
  assert.deepEqual(verdictOn(files), []);
});

const REFUSED: [file: string, target: string, reason: string][] = [
  ["lib/base/clock.ts", "lib/observe/log.ts", "base imports none of ours"],
  ["lib/protocol/job.ts", "lib/net/engine.ts", "protocol imports only base"],
  ["lib/mux/accounts.ts", "lib/net/engine.ts", "mux imports only base, observe, protocol"],
  [
    "lib/miner/session.ts",
    "lib/pool/session.ts",
    "miner imports only base, observe, protocol, net, lib/mux/peers.ts",
  ],
  [
    "lib/pool/session.ts",
    "lib/mux/accounts.ts",
    "pool imports only base, observe, protocol, net, lib/mux/peers.ts",
  ],
  ["lib/config/read.ts", "lib/protocol/job.ts", "config imports only base"],
  ["lib/cli/parse.ts", "lib/observe/log.ts", "cli imports only base, config"],
  ["lib/mux/accounts.ts", "lib/config/schema.ts", "mux imports only base, observe, protocol"],
  ["lib/sim/pool.ts", "lib/observe/log.ts", "sim imports only base, protocol, net"],
  ["lib/sim/pool.ts", "lib/proxy.ts", "only what joins the parts imports another that does"],
  ["lib/base/clock.ts", "main.ts", "lib imports only lib"],
  ["lib/net/engine.ts", "tests/support/fake_connection.ts", "lib imports only lib"],
  ["main.ts", "scripts/compile.ts", "main.ts imports only lib"],
  [
    "lib/extras/thing.ts",
    "lib/base/clock.ts",
    'the layer "extras" is not in the table of scripts/check_layers.ts',
  ],
];
for (const [file, target, reason] of REFUSED) {
  Deno.test(`${file} must not import ${target}`, () => {
    const line = `${file} must not import ${target}: ${reason}`;
    assert.deepEqual(verdictOn({ [file]: [target], [target]: [] }), [line]);
  });
}

Deno.test("a cycle is said once, from its first file around to it again", () => {
  const files = {
    "lib/mux/c.ts": ["lib/mux/a.ts"],
    "lib/mux/b.ts": ["lib/mux/c.ts"],
    "lib/mux/a.ts": ["lib/mux/b.ts"],
    "lib/mux/d.ts": ["lib/mux/b.ts"],
  };
  assert.deepEqual(verdictOn(files), [
    "Cycle of imports: lib/mux/a.ts -> lib/mux/b.ts -> lib/mux/c.ts -> lib/mux/a.ts",
  ]);
});

Deno.test("a file that imports itself is a cycle", () => {
  assert.deepEqual(verdictOn({ "lib/mux/a.ts": ["lib/mux/a.ts"] }), [
    "Cycle of imports: lib/mux/a.ts -> lib/mux/a.ts",
  ]);
});

Deno.test("type-only and dynamic imports count, packages do not", () => {
  const graph = {
    modules: [
      { specifier: "data:application/typescript,", dependencies: [] },
      {
        specifier: "file:///here/lib/a.ts",
        dependencies: [
          { specifier: "./b.ts", type: { specifier: "file:///here/lib/b.ts" } },
          { specifier: "./c.ts", code: { specifier: "file:///here/lib/c.ts" }, isDynamic: true },
          { specifier: "valibot", code: { specifier: "npm:valibot@1.5.0" } },
        ],
      },
    ],
  };
  assert.deepEqual(
    [...importsOf(graph, "file:///here/")],
    [["lib/a.ts", ["lib/b.ts", "lib/c.ts"]]],
  );
});

Deno.test("a module that cannot be read is an error, not an empty file", () => {
  const graph = { modules: [{ specifier: "file:///here/main.ts", error: "Module not found" }] };
  assert.throws(
    () => importsOf(graph, "file:///here/"),
    /Cannot read .*main\.ts: Module not found/,
  );
});
