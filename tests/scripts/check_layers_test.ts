/** Which imports among our files are refused, and how that is said. */

import assert from "node:assert/strict";
import { importsOf, violations } from "../../scripts/check_layers.ts";

/** What is said of files given as `importer: targets`. */
function verdictOn(files: Record<string, string[]>): string[] {
  return violations(new Map(Object.entries(files)));
}

Deno.test("imports down the layers, within one, by the app and by scripts and tests are fine", () => {
  const files = {
    "main.ts": ["lib/cli/parse.ts", "lib/app/proxy.ts", "lib/base/system_time.ts", "deno.json"],
    "lib/app/proxy.ts": ["lib/miner/session.ts", "lib/mux/accounts.ts", "lib/config/schema.ts"],
    "lib/cli/parse.ts": ["lib/config/nearest_word.ts", "deno.json"],
    "lib/miner/session.ts": [
      "lib/mux/upstream.ts",
      "lib/net/miners/engine.ts",
      "lib/miner/handshake.ts",
    ],
    "lib/mux/upstream.ts": ["lib/protocol/stratum/job.ts"],
    "lib/sim/pool.ts": ["lib/net/miners/engine.ts", "lib/protocol/stratum/job.ts"],
    "lib/host/open_files.ts": ["lib/net/libc/library.ts", "lib/observe/log.ts"],
    "scripts/fuzz/main.ts": ["tests/support/fake_pool.ts", "lib/app/proxy.ts"],
    "tests/mux/accounts_test.ts": ["lib/base/system_time.ts", "lib/app/proxy.ts"],
  };
  assert.deepEqual(verdictOn(files), []);
});

const REFUSED: [file: string, target: string, reason: RegExp][] = [
  ["lib/base/clock.ts", "lib/observe/log.ts", /^lib\/base imports none of ours$/],
  ["lib/protocol/stratum/job.ts", "lib/net/miners/engine.ts", /stratum imports only lib\/base$/],
  ["lib/mux/accounts.ts", "lib/net/miners/engine.ts", /^lib\/mux imports only lib\/base, /],
  ["lib/miner/session.ts", "lib/pool/agent/session.ts", /^lib\/miner imports only /],
  ["lib/miner/session.ts", "lib/net/pools/dial.ts", /^lib\/miner imports only /],
  ["lib/pool/agent/session.ts", "lib/mux/accounts.ts", /^lib\/pool\/agent imports only /],
  ["lib/pool/agent/session.ts", "lib/net/miners/engine.ts", /^lib\/pool\/agent imports only /],
  ["lib/pool/roster.ts", "lib/pool/agent/handshake.ts", /^lib\/pool imports only /],
  [
    "lib/config/read.ts",
    "lib/protocol/stratum/job.ts",
    /^lib\/config imports only lib\/base, lib\/protocol\/sv2\/authority_key\.ts$/,
  ],
  ["lib/cli/parse.ts", "lib/observe/log.ts", /^lib\/cli imports only lib\/base, lib\/config$/],
  ["lib/mux/accounts.ts", "lib/config/schema.ts", /^lib\/mux imports only /],
  ["lib/mux/accounts.ts", "lib/protocol/agent/status.ts", /^lib\/mux imports only /],
  ["lib/pool/roster.ts", "lib/pool/kinds.ts", /^lib\/pool imports only /],
  ["lib/check/talk.ts", "lib/mux/terms.ts", /^lib\/check imports only /],
  ["lib/sim/pool.ts", "lib/observe/log.ts", /^lib\/sim imports only /],
  ["lib/sim/pool.ts", "lib/app/proxy.ts", /^lib\/sim imports only /],
  ["lib/base/clock.ts", "main.ts", /^lib\/base imports none of ours$/],
  ["lib/net/miners/engine.ts", "tests/support/fake_connection.ts", /^lib\/net imports only /],
  ["lib/app/proxy.ts", "scripts/bench/run.ts", /^lib\/app imports only lib$/],
  ["main.ts", "scripts/compile.ts", /^main\.ts imports only lib\/app, /],
  ["main.ts", "lib/mux/accounts.ts", /^main\.ts imports only lib\/app, /],
  ["scripts/bench/run.ts", "main.ts", /^scripts imports only lib, tests$/],
  [
    "lib/app/proxy.ts",
    "lib/base/system_time.ts",
    /^only main\.ts, lib\/sim, scripts and tests may$/,
  ],
  ["lib/base/rate.ts", "lib/base/system_time.ts", /^only main\.ts, lib\/sim, scripts and tests /],
  ["lib/extras/thing.ts", "lib/base/clock.ts", /^no layer in the table of .* holds lib\/extras/],
  ["lib/loose.ts", "lib/base/clock.ts", /^no layer in the table of .* holds lib\/loose\.ts$/],
];
for (const [file, target, reason] of REFUSED) {
  Deno.test(`${file} must not import ${target}`, () => {
    const lines = verdictOn({ [file]: [target], [target]: [] });
    const [line, ...more] = lines;
    const start = `${file} must not import ${target}: `;
    assert.deepEqual([line?.slice(0, start.length), more], [start, []]);
    assert.match(line!.slice(start.length), reason);
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
