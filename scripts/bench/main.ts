/**
 * `deno task bench`: measures this agent, and others beside it, under the load of a large farm.
 * See README.md in this folder.
 */

import { parseArgs } from "node:util";
import { bundleProgram } from "../ship/program.ts";
import { type Case, scenarios } from "./cases.ts";
import type { Run } from "./figures.ts";
import { markdownOf, thisMachine } from "./result.ts";
import { runCase } from "./run.ts";
import { FLOOR, otherAgent, ourAgent, type Subject } from "./subject.ts";

const DEFAULT_MINUTES = 30;

const OPTIONS = {
  engine: { type: "string", multiple: true },
  form: { type: "string", multiple: true },
  window: { type: "string" },
  "deno-flag": { type: "string", multiple: true },
  "v8-flag": { type: "string", multiple: true },
  compare: { type: "string", multiple: true },
  floor: { type: "boolean" },
  runs: { type: "string" },
  miners: { type: "string" },
  seconds: { type: "string" },
  minutes: { type: "string" },
  json: { type: "string" },
  markdown: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** What the command line asks for. */
export interface Plan {
  /** What is measured, in order. */
  readonly cases: readonly Case[];
  /** Who, in order; each run goes through all of them. */
  readonly subjects: readonly Subject[];
  /** How often. */
  readonly runs: number;
  /** Where JSON goes; `undefined` for nowhere. */
  readonly jsonFile: string | undefined;
  /** Where the table goes besides the terminal. */
  readonly markdownFile: string | undefined;
}

/** A command line that means nothing; its message says why. */
export class Misuse extends Error {
  /** Tells it from other errors. */
  override readonly name = "Misuse";
}

/** The text of `--help`. */
export function helpText(): string {
  const width = 10;
  const lines = scenarios({ miners: undefined, seconds: undefined, minutes: DEFAULT_MINUTES })
    .map(({ name, about }) => `  ${name.padEnd(width)}${about}`);
  return `Measures btcagent between a simulated pool and simulated miners: memory, processor
time, latency, and bytes on the wire as the kernel counts them.

Usage
  deno task bench SCENARIO... [options]

Scenarios (all: every one but soak)
${lines.join("\n")}

Options
  --engine NAME    libc or deno; may be given twice (both)
  --form NAME      program, bundled as in packages, or sources, as "deno task start" runs
                   them; may be given twice (program)
  --window MS      share_batch_window_ms (the agent's default)
  --deno-flag=FLAG one more flag for "deno run", such as --cpu-prof; may be repeated
  --v8-flag=FLAG   one more flag for V8; may be repeated
  --compare CMD    another agent beside ours: 'CMD -c {conf}'; may be repeated
  --floor          the two ends without any agent, too
  --runs N         runs of each, interleaved; medians are shown (1)
  --miners N       another number of miners
  --seconds N      another time of measurement
  --minutes N      how long soak takes (${DEFAULT_MINUTES})
  --json FILE      write all runs here
  --markdown FILE  write the table here, too

Linux only. Needs two free cores, and ulimit -n above the number of miners.
`;
}

/** What `argv` asks for; `undefined` for the help. @throws Misuse */
export function parsePlan(argv: readonly string[]): Plan | undefined {
  const { values, positionals } = parse(argv);
  if (values.help || positionals.length === 0) return undefined;
  const all = scenarios({
    miners: whole("miners", values.miners),
    seconds: whole("seconds", values.seconds),
    minutes: whole("minutes", values.minutes) ?? DEFAULT_MINUTES,
  });
  const names = positionals.flatMap((name) =>
    name === "all" ? all.map((one) => one.name).filter((one) => one !== "soak") : [name]
  );
  const cases = names.flatMap((name) => {
    const found = all.find((one) => one.name === name);
    if (found === undefined) {
      throw new Misuse(
        `Unknown scenario ${name}; there are ${all.map((one) => one.name).join(", ")}`,
      );
    }
    return found.cases;
  });
  const variation = {
    windowMs: whole("window", values.window),
    denoFlags: values["deno-flag"] ?? [],
    v8Flags: values["v8-flag"] ?? [],
  };
  const engines = values.engine ?? ["libc", "deno"];
  for (const engine of engines) {
    if (engine !== "libc" && engine !== "deno" && engine !== "none") {
      throw new Misuse(
        `Unknown engine ${engine}; there are libc and deno, and none for no run of ours`,
      );
    }
  }
  const forms = (values.form ?? ["program"]).map((form) => {
    if (form === "program" || form === "sources") return form;
    throw new Misuse(`Unknown form ${form}; there are program and sources`);
  });
  return {
    cases,
    subjects: [
      ...engines.filter((engine) => engine !== "none").flatMap((engine) =>
        forms.map((form) => ourAgent({ ...variation, engine, form }))
      ),
      ...(values.compare ?? []).map(otherAgent),
      ...values.floor ? [FLOOR] : [],
    ],
    runs: whole("runs", values.runs) ?? 1,
    jsonFile: values.json,
    markdownFile: values.markdown,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new Misuse(`Option --${name} is ${text}, must be a whole number`);
}

/** Does all runs, interleaved; `tell` hears of each. */
export async function runPlan(plan: Plan, tell: (text: string) => void): Promise<Run[]> {
  const release = Deno.makeTempDirSync({ prefix: "btcagent-bench-" });
  try {
    if (plan.subjects.some((subject) => subject.isBundled)) await bundleProgram(release);
    return await runAll(plan, release, tell);
  } finally {
    Deno.removeSync(release, { recursive: true });
  }
}

async function runAll(
  plan: Plan,
  release: string,
  tell: (text: string) => void,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const what of plan.cases) {
    for (let round = 1; round <= plan.runs; round++) {
      for (const subject of plan.subjects) {
        if (subject.isFloor && (what.losesPool || what.attack)) continue;
        tell(`${what.name}, ${subject.name}, run ${round} of ${plan.runs}`);
        const run = await attempt(what, subject, release);
        for (const problem of run.problems) tell(`  not to be believed: ${problem}`);
        runs.push(run);
      }
    }
  }
  return runs;
}

/** One run; that it could not be done is a result as well. */
async function attempt(what: Case, subject: Subject, release: string): Promise<Run> {
  try {
    return await runCase(what, subject, release);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { case: what.name, subject: subject.name, figures: {}, problems: [problem], notes: [] };
  }
}

async function main(): Promise<number> {
  let plan: Plan | undefined;
  try {
    plan = parsePlan(Deno.args);
  } catch (error) {
    if (!(error instanceof Misuse)) throw error;
    print(`bench: ${error.message}`, Deno.stderr);
    return 2;
  }
  if (plan === undefined) {
    print(helpText(), Deno.stdout);
    return 0;
  }
  const machine = thisMachine();
  const runs = await runPlan(plan, (text) => print(text, Deno.stderr));
  const markdown = markdownOf(machine, runs);
  print(markdown, Deno.stdout);
  if (plan.markdownFile !== undefined) Deno.writeTextFileSync(plan.markdownFile, markdown);
  if (plan.jsonFile !== undefined) {
    Deno.writeTextFileSync(plan.jsonFile, JSON.stringify({ machine, runs }, null, 2) + "\n");
  }
  return runs.every((run) => run.problems.length === 0) ? 0 : 1;
}

function print(text: string, stream: { writeSync(bytes: Uint8Array): number }): void {
  let bytes = new TextEncoder().encode(text + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) Deno.exit(await main());
