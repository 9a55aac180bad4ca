/** The benchmark as it is run: a tiny farm in every scenario, and how it stops. */

import assert from "node:assert/strict";
import type { Run } from "../../scripts/bench/figures.ts";
import { parsePlan } from "../../scripts/bench/plan.ts";
import { until } from "../support/test_proxy.ts";

const MAIN = new URL("../../scripts/bench/main.ts", import.meta.url).pathname;

/** Runs the benchmark with these arguments, as `deno task bench` does. */
async function bench(...args: string[]): Promise<{ readonly runs: readonly Run[]; code: number }> {
  const file = Deno.makeTempFileSync();
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, ...args, "--json", file],
    stdout: "null",
  }).output();
  try {
    const text = Deno.readTextFileSync(file);
    assert.notEqual(text, "", new TextDecoder().decode(stderr));
    return { ...JSON.parse(text), code };
  } finally {
    Deno.removeSync(file);
  }
}

/**
 * Runs one scenario with few miners for a second, and gives its one run. On a machine that has
 * other things to do a run may be late, and says so: then another must do better.
 */
async function tinyRun(...args: string[]): Promise<Run> {
  const tiny = ["--miners", "40", "--seconds", "1", ...args];
  let { runs, code } = await bench(...tiny);
  for (let again = 0; again < 2 && code !== 0; again++) ({ runs, code } = await bench(...tiny));
  assert.deepEqual(runs.flatMap((run) => run.problems), []);
  assert.equal(code, 0);
  return runs.at(-1)!;
}

const NEEDS_LINUX = Deno.build.os !== "linux";

const TINY: readonly [scenario: string, engine: string, figures: readonly string[]][] = [
  ["idle", "libc", ["residentMedian", "residentPeak"]],
  ["rate", "deno", ["latencyP50", "verdictP999", "wireBits"]],
  ["saturate", "libc", ["sharesPerSecond", "latencyP99"]],
  ["storm", "libc", ["connectMs"]],
  ["churn", "libc", ["logins", "loginP50"]],
  ["move", "libc", ["moveMs"]],
  ["attack", "deno", ["attackers", "attackConnects", "latencyRatio", "attackedCpuPercent"]],
];

for (const [scenario, engine, figures] of TINY) {
  Deno.test({
    name: `${scenario} with 40 miners loses no share and gives ${figures.join(", ")}`,
    ignore: NEEDS_LINUX,
    fn: async () => {
      const run = await tinyRun(scenario, "--engine", engine, "--form", "sources");
      for (const figure of figures) assert.ok(run.figures[figure]! > 0, figure);
    },
  });
}

Deno.test({
  name: "at a pool that speaks Stratum every share is hashed, and pool, agent and miners agree",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const run = await tinyRun(
      ...["saturate", "--engine", "libc", "--form", "sources", "--pool", "stratum"],
    );
    assert.equal(run.subject, "libc, stratum, sources");
    assert.ok(run.figures["sharesPerSecond"]! > 100);
    assert.match(run.notes[0]!, /were kept and \d+ submitted/);
  },
});

Deno.test({
  name: "the bundled program is measured, interleaved with runs of its sources if asked",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const run = await tinyRun("rate", "--engine", "libc");
    assert.equal(run.subject, "libc");
    const plan = parsePlan(["rate", "--form", "sources", "--form", "program"])!;
    const names = plan.subjects.map(({ name, isBundled }) => [name, isBundled]);
    assert.deepEqual(names, [
      ...[["libc, sources", false], ["libc", true]],
      ...[["deno, sources", false], ["deno", true]],
    ]);
  },
});

Deno.test({
  name: "fanout sees every job reach all miners, and --floor needs no agent",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const farm = ["--miners", "40", "--seconds", "2"];
    const { runs, code } = await bench("fanout", "--engine", "none", "--floor", ...farm);
    assert.equal(code, 0);
    assert.ok(runs[0]!.figures["fanoutLastP50"]! > 0);
    assert.equal(runs[0]!.figures["residentPeak"], undefined);
  },
});

Deno.test({
  name: "an agent that cannot be started is a run not to be believed; exit 1",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const { runs, code } = await bench(
      ...["idle", "--engine", "none", "--compare", "/bin/false {conf}", "--miners", "1"],
    );
    assert.equal(code, 1);
    assert.match(runs[0]!.problems[0]!, /Cannot start false: it has ended/);
    const missing = ["--engine", "none", "--compare", "/no/agent {conf}", "--miners", "1"];
    const second = await bench("idle", ...missing);
    assert.match(second.runs[0]!.problems[0]!, /Cannot start agent: .*not found/);
  },
});

/** What is running in `folder` or below, by process id; of it, what has `word` on its command line. */
function processesIn(folder: string, word = ""): number[] {
  // Not read here: tests may not read /proc, other programs may.
  const linesOf = (script: string, ...args: string[]) => {
    const { stdout } = new Deno.Command("sh", { args: ["-c", script, "sh", ...args] }).outputSync();
    return new TextDecoder().decode(stdout).split("\n");
  };
  const pids = linesOf("ls -l /proc/[0-9]*/cwd 2>/dev/null").flatMap((line) => {
    const [, pid, place] = /\/proc\/(\d+)\/cwd -> (.*)$/.exec(line) ?? [];
    return place?.startsWith(folder + "/") ? [Number(pid)] : [];
  });
  if (word === "") return pids;
  const isOne = 'grep -q "$1" /proc/$2/cmdline && echo yes';
  return pids.filter((pid) => linesOf(isOne, word, `${pid}`)[0] === "yes");
}

/** A benchmark without load whose temporary files, and with them all it starts, are in `folder`. */
function startIn(folder: string, ...args: string[]): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--allow-all", MAIN, "idle", "--miners", "5", "--seconds", "600", ...args],
    env: { TMPDIR: folder },
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

/** Two ends and an agent. */
const PROCESSES = 3;
const OURS = ["--engine", "libc", "--form", "sources"];

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.test({
    name: `${signal} ends a benchmark and all its processes, and no file remains`,
    ignore: NEEDS_LINUX,
    fn: async () => {
      const folder = Deno.makeTempDirSync();
      const run = startIn(folder, ...OURS);
      const output = run.output();
      await until(() => processesIn(folder).length === PROCESSES, "all processes");
      run.kill(signal);
      assert.equal((await output).code, 130);
      assert.deepEqual(processesIn(folder), []);
      assert.deepEqual([...Deno.readDirSync(folder)], []);
      Deno.removeSync(folder);
    },
  });
}

Deno.test({
  name: "an agent that ends in the middle of a run ends the run; exit 1",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const folder = Deno.makeTempDirSync();
    const output = startIn(folder, ...OURS).output();
    await until(() => processesIn(folder).length === PROCESSES, "all processes");
    const [agent] = processesIn(folder, "agent_conf.json");
    Deno.kill(agent!, "SIGKILL");
    const { code, stdout } = await output;
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stdout), /Not to be believed.*has ended/);
    assert.deepEqual([...Deno.readDirSync(folder)], []);
    Deno.removeSync(folder);
  },
});

Deno.test({
  name: "a command that only starts the agent is refused, and the agent does not outlive it",
  ignore: NEEDS_LINUX,
  fn: async () => {
    const folder = Deno.makeTempDirSync();
    const script = `${folder}/start.sh`;
    const main = new URL("../../main.ts", import.meta.url).pathname;
    Deno.writeTextFileSync(script, `${Deno.execPath()} run --allow-all ${main} -c "$1"\n:\n`);
    const compare = ["--engine", "none", "--compare", `sh ${script} {conf}`];
    const { code, stdout } = await startIn(folder, ...compare).output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stdout), /Cannot measure sh: .* started another one/);
    await until(() => processesIn(folder).length === 0, "the end of the agent");
    Deno.removeSync(folder, { recursive: true });
  },
});
