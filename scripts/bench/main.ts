/**
 * `deno task bench`: measures this agent, and others for comparison, under the load of a large
 * farm. See README.md in this folder.
 */

import { openFileLimit } from "../../lib/host/open_files.ts";
import { bundleProgram } from "../ship/program.ts";
import type { Case } from "./cases.ts";
import type { Run } from "./figures.ts";
import { historyTable, measureHistory } from "./history/measure.ts";
import { hashingTable, measureHashing } from "./hashing.ts";
import { HASHING, helpText, HISTORY, Misuse, obstacle, parsePlan, type Plan } from "./plan.ts";
import { markdownOf, thisMachine } from "./result.ts";
import { runCase, startOnce } from "./run.ts";
import type { Subject } from "./subject.ts";

/** The exit code of a benchmark that was stopped. */
const STOPPED = 130;

/** Does all runs, interleaved, until it is stopped; `tell` gets each of them. */
async function runPlan(
  plan: Plan,
  tell: (text: string) => void,
  stop: AbortSignal,
): Promise<Run[]> {
  const release = Deno.makeTempDirSync({ prefix: "btcagent-bench-" });
  try {
    const bundled = plan.subjects.find((subject) => subject.isBundled);
    if (bundled !== undefined) await bundleProgram(release);
    // If one does not start, its first run reports it.
    const cold = plan.subjects.filter(({ isColdAtFirst }) => isColdAtFirst);
    for (const subject of cold) {
      await startOnce(plan.cases[0]!, subject, release, stop).catch(() => {});
    }
    return await runAll(plan, release, tell, stop);
  } catch (error) {
    if (stop.aborted) return [];
    throw error;
  } finally {
    Deno.removeSync(release, { recursive: true });
  }
}

async function runAll(
  plan: Plan,
  release: string,
  tell: (text: string) => void,
  stop: AbortSignal,
): Promise<Run[]> {
  const runs: Run[] = [];
  for (const what of plan.cases) {
    for (let round = 1; round <= plan.runs; round++) {
      for (const subject of plan.subjects) {
        if (subject.isFloor && (what.losesPool || what.attack)) continue;
        tell(`${what.name}, ${subject.name}, run ${round} of ${plan.runs}`);
        const run = await attempt(what, subject, release, stop);
        if (stop.aborted) return runs;
        for (const problem of run.problems) tell(`  not to be believed: ${problem}`);
        runs.push(run);
      }
    }
  }
  return runs;
}

/** Does one run; a failure to do it is also a result. */
async function attempt(
  what: Case,
  subject: Subject,
  release: string,
  stop: AbortSignal,
): Promise<Run> {
  try {
    return await runCase(what, subject, release, stop);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { case: what.name, subject: subject.name, figures: {}, problems: [problem], notes: [] };
  }
}

async function main(): Promise<number> {
  if (Deno.args.length === 1 && Deno.args[0] === HASHING) {
    print(hashingTable(await measureHashing()), Deno.stdout);
    return 0;
  }
  if (Deno.args[0] === HISTORY) return await benchHistory(Deno.args.slice(1));
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
  const problem = obstacle(plan, await openFileLimit()) ?? unwritable(plan);
  if (problem !== undefined) {
    print(`bench: ${problem}`, Deno.stderr);
    return 2;
  }
  const command = ["deno", "task", "bench", ...Deno.args.map(quoted)].join(" ");
  const machine = thisMachine();
  const signal = stopSignal();
  const runs = await runPlan(plan, (text) => print(text, Deno.stderr), signal);
  const markdown = markdownOf(command, machine, runs);
  print(markdown, Deno.stdout);
  if (plan.markdownFile !== undefined) Deno.writeTextFileSync(plan.markdownFile, markdown);
  if (plan.jsonFile !== undefined) {
    const result = { command, machine, runs };
    Deno.writeTextFileSync(plan.jsonFile, JSON.stringify(result, null, 2) + "\n");
  }
  if (signal.aborted) {
    print(`bench: Stopped; runs done: ${runs.length}`, Deno.stderr);
    return STOPPED;
  }
  return runs.every((run) => run.problems.length === 0) ? 0 : 1;
}

/** Measures the history and prints a table. */
async function benchHistory(args: readonly string[]): Promise<number> {
  const [days = 30, workers = 10_000] = args.map(Number);
  const isWhole = (value: number, least: number, most: number) =>
    Number.isInteger(value) && value >= least && value <= most;
  if (args.length > 2 || !isWhole(days, 2, 365) || !isWhole(workers, 10, 65_535)) {
    print("bench: Say how many days, 2..365, and how many workers, 10..65535", Deno.stderr);
    return 2;
  }
  const bench = { days, workers };
  print(historyTable(bench, await measureHistory(bench)), Deno.stdout);
  return 0;
}

/**
 * Returns which result file cannot be written: better known before an hour of measuring than after
 * it.
 */
function unwritable({ jsonFile, markdownFile }: Plan): string | undefined {
  for (const file of [jsonFile, markdownFile]) {
    if (file === undefined) continue;
    try {
      Deno.openSync(file, { write: true, create: true }).close();
    } catch (error) {
      return `Cannot write ${file}: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return undefined;
}

function quoted(word: string): string {
  return /^[\w./=,:-]+$/.test(word) ? word : `'${word}'`;
}

/**
 * Returns a signal that the first SIGINT or SIGTERM aborts; a second one ends this process as
 * usual.
 */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const signals: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];
  const onSignal = () => {
    for (const signal of signals) Deno.removeSignalListener(signal, onSignal);
    stop.abort();
  };
  for (const signal of signals) Deno.addSignalListener(signal, onSignal);
  return stop.signal;
}

function print(text: string, stream: { writeSync(bytes: Uint8Array): number }): void {
  let bytes = new TextEncoder().encode(text + "\n");
  while (bytes.length > 0) bytes = bytes.subarray(stream.writeSync(bytes));
}

if (import.meta.main) Deno.exit(await main());
