/** The benchmark's command line and what it starts; its runs are in tests/farm. */

import assert from "node:assert/strict";
import settings from "../../deno.json" with { type: "json" };
import { configuredPools } from "../../lib/config/pools.ts";
import { readConfig } from "../../lib/config/read.ts";
import { scenarios } from "../../scripts/bench/cases.ts";
import { helpText, Misuse, obstacle, parsePlan } from "../../scripts/bench/plan.ts";
import { agentConf, otherAgent, ourAgent } from "../../scripts/bench/subject.ts";

Deno.test("--help names every scenario", () => {
  for (const { name } of scenarios({ miners: undefined, seconds: undefined, minutes: 1 })) {
    assert.match(helpText(), new RegExp(`^  ${name} `, "m"));
  }
  assert.equal(parsePlan(["--help"]), undefined);
  assert.equal(parsePlan([]), undefined);
});

Deno.test("an unknown scenario, engine, option or number is misuse", () => {
  for (
    const argv of [
      ["nonsense"],
      ["idle", "--engine", "x"],
      ["idle", "--form", "x"],
      ["idle", "--pool", "x"],
      ["idle", "-x"],
      ["idle", "--runs=x"],
      ["idle", "--runs=0"],
      ["idle", "--miners=0"],
      ["idle", "--miners=60001"],
      ["idle", "--seconds=0"],
      ["idle", "--minutes=0"],
      ["idle", "--compare="],
      ["idle", "--compare={conf}"],
      ["idle", "--compare=/opt/agent"],
      ["idle", "--engine=none"],
    ]
  ) {
    assert.throws(() => parsePlan(argv), Misuse, argv.join(" "));
  }
});

Deno.test("agents that are compared have columns of their own, whatever they are called", () => {
  const names = (...argv: string[]) => parsePlan(argv)!.subjects.map(({ name }) => name);
  const [first, second] = ["deno run a.js {conf}", "deno run b.js {conf}"] as const;
  const both = ["--compare", first, "--compare", second];
  assert.deepEqual(names("idle", "--engine", "none", ...both), ["deno", second]);
  assert.deepEqual(names("idle", "--engine", "deno", ...both), ["deno", first, second]);
  const twice = ["--compare", first, "--compare", first, "--compare", first];
  assert.deepEqual(
    names("idle", "--engine", "none", ...twice, "--floor"),
    ["deno", first, `${first} (2)`, "floor"],
  );
});

Deno.test("more miners than files may be open are refused before anything starts", () => {
  const plan = parsePlan(["idle", "attack"])!;
  assert.equal(obstacle(plan, undefined), undefined);
  assert.equal(obstacle(plan, 10_140), undefined);
  assert.match(obstacle(plan, 10_139)!, /^Cannot open 10140 files at a time, only 10139: /);
  assert.match(obstacle(parsePlan(["attack"])!, 1024)!, /^Cannot open 6040 files/);
});

Deno.test("the agent runs with every flag and variable of the start task and those added", () => {
  const pool = "agent";
  const flagged = { denoFlags: ["--cpu-prof"], v8Flags: ["--x"] };
  const variation = {
    engine: "libc",
    pool,
    windowMs: 0,
    history: false,
    diskDelayMs: undefined,
    ...flagged,
  } as const;
  const commandOf = (form: "program" | "sources") =>
    ourAgent({ ...variation, form, pool: "agent" }).command("conf.json", "/release").join(" ");
  const flags = /--v8-flags=\S*--optimize-for-size\S*,--x .*--allow-net /;
  const sources = commandOf("sources");
  assert.match(
    sources,
    /^env DENO_NO_UPDATE_CHECK=1 MALLOC_ARENA_MAX=1 \S*deno run --cpu-prof --config /,
  );
  assert.match(sources, flags);
  assert.match(sources, / \S*\/main\.ts -c conf\.json -l log$/);
  const program = commandOf("program");
  assert.match(
    program,
    /^env DENO_NO_UPDATE_CHECK=1 MALLOC_ARENA_MAX=1 DENO_DIR=\S+ \S*deno run --cpu-prof .*--no-npm/,
  );
  assert.match(program, flags);
  assert.match(program, / \/release\/main\.js -c conf\.json -l log$/);
  assert.ok(
    settings.tasks.start.command.startsWith("DENO_NO_UPDATE_CHECK=1 MALLOC_ARENA_MAX=1 deno run "),
  );
});

Deno.test("the configuration it writes is one the agent takes; other agents get no key of ours", () => {
  const ports = { agent: 1, pool: 2, status: 3 };
  const variation = {
    form: "program",
    engine: "deno",
    pool: "agent",
    windowMs: 0,
    history: false,
    diskDelayMs: undefined,
    denoFlags: [],
    v8Flags: [],
  } as const;
  const what = { load: [{ do: "depth", depth: 4 }], givesVerdicts: false } as const;
  const result = readConfig(agentConf(ourAgent(variation), ports, what));
  assert.ok(result.ok);
  assert.equal(result.config.advanced.io_engine, "deno");
  assert.equal(result.config.submit_response_from_server, false);
  assert.deepEqual(configuredPools(result.config).map(({ kind }) => kind), ["agent", "agent"]);
  assert.equal(result.config.limits.max_requests_per_second, 0);
  const ordinary = ourAgent({ ...variation, pool: "stratum" });
  assert.equal(ordinary.name, "deno, stratum, window 0 ms");
  const stratum = readConfig(agentConf(ordinary, ports, what));
  assert.ok(stratum.ok);
  assert.deepEqual(configuredPools(stratum.config).map(({ kind }) => kind), ["stratum", "stratum"]);
  assert.equal(stratum.config.submit_response_from_server, true);
  const keeping = ourAgent({ ...variation, history: true });
  assert.equal(keeping.name, "deno, window 0 ms, history");
  const kept = readConfig(agentConf(keeping, ports, what));
  assert.ok(kept.ok && result.config.history.path === "");
  assert.equal(kept.config.history.path, "history.sqlite");
  const slow = ourAgent({ ...variation, history: true, diskDelayMs: 500 });
  assert.equal(slow.name, "deno, window 0 ms, history, fsync + 500 ms");
  const held = / strace -D .* inject=fsync,fdatasync:delay_enter=500000 \S+deno run /;
  assert.match(slow.command("x.json", "/release").join(" "), held);
  const other = otherAgent("/opt/agent -c {conf}");
  const theirs = JSON.parse(agentConf(other, ports, what));
  assert.deepEqual(theirs.pools[0], ["127.0.0.1", 2, "bench"]);
  assert.equal(theirs.advanced, undefined);
  assert.equal(theirs.limits, undefined);
  assert.deepEqual(other.command("x.json", ""), ["/opt/agent", "-c", "x.json"]);
});
