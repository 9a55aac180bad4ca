/**
 * `deno task bench history`: a month of a large farm, written and read through the real store on a
 * real file.
 *
 * The month is written with V8 as it is, which takes minutes; turns, memory and reading are measured
 * under the V8 flags of the product: two more days are written, and the month read.
 */

import { START_FLAGS } from "../../ship/start_flags.ts";
import type { Result, Work } from "./child.ts";

/** The first day: a midnight, by UTC. */
const START = Date.UTC(2027, 0, 1);

/** How much is measured. */
export interface HistoryBench {
  /** Days of the month, 2 or more. */
  readonly days: number;
  /** Workers of the farm. */
  readonly workers: number;
}

/** One line of the result. */
export interface Line {
  /** What was measured. */
  readonly name: string;
  /** The value. */
  readonly value: string;
  /** What is allowed for 10,000 workers and 30 days; empty for no limit. */
  readonly limit: string;
}

/** Measures. @throws {Error} if a part of it fails. */
export async function measureHistory({ days, workers }: HistoryBench): Promise<readonly Line[]> {
  const folder = Deno.makeTempDirSync({ prefix: "btcagent-bench-history-" });
  try {
    const path = `${folder}/month.sqlite`;
    const common = { start: START, workers };
    const month = await run({ kind: "write", path, days, ...common }, []);
    const flags = START_FLAGS.filter((flag) => flag.startsWith("--v8-flags="));
    const two = { kind: "write", path: `${folder}/days.sqlite`, days: 2, ...common } as const;
    const written = await run(two, flags);
    const idle = await run({ ...two, kind: "idle" }, flags);
    const read = await run({ kind: "read", path, days, ...common }, flags);
    return lines(Deno.statSync(path).size, month, written, idle, read);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function lines(bytes: number, month: Result, written: Result, idle: Result, read: Result): Line[] {
  const ms = (value: number) => `${value.toFixed(1)} ms`;
  const mb = (value: number) => `${(value / 1e6).toFixed(1)} MB`;
  return [
    { name: "size of the file", value: mb(bytes), limit: "200 MB" },
    { name: "written a day, counted by the store", value: mb(month.dayWritten), limit: "30 MB" },
    {
      name: "written a day, counted by the kernel",
      value: mb(month.dayKernelWritten),
      limit: "30 MB",
    },
    {
      name: "calls a day that may wait for the disk",
      value: month.diskCalls.toFixed(0),
      limit: "",
    },
    { name: "the longest of them took at most", value: ms(month.diskMs), limit: "" },
    { name: "longest turn of a step", value: ms(written.stepTurnMs), limit: "5 ms" },
    { name: "longest turn of packing and deleting", value: ms(written.packTurnMs), limit: "5 ms" },
    {
      name: "longest turn with collecting garbage",
      value: ms(written.turnWithPauseMs),
      limit: "",
    },
    {
      name: "pauses over 5 ms to collect garbage, a day: with a history, without",
      value: `${written.longPauses}, ${idle.longPauses}`,
      limit: "",
    },
    {
      name: "the longest of them: with a history, without",
      value: `${ms(written.pauseMs)}, ${ms(idle.pauseMs)}`,
      limit: "",
    },
    { name: "all turns of a step together", value: ms(written.stepMs), limit: "" },
    { name: "all turns of packing a day together", value: ms(written.packMs), limit: "" },
    {
      name: "memory more, of a process that does nothing else",
      value: mb(written.memory),
      limit: "",
    },
    { name: "one worker's month read", value: ms(read.workerMs), limit: "" },
    { name: "the farm's month read", value: ms(read.farmMs), limit: "" },
    { name: "all workers' month read", value: ms(read.workersMs), limit: "" },
    { name: "the causes of a month read", value: ms(read.causesMs), limit: "" },
    { name: "longest turn of reading", value: ms(read.readTurnMs), limit: "" },
  ];
}

async function run(work: Work, flags: readonly string[]): Promise<Result> {
  const child = new URL("child.ts", import.meta.url).pathname;
  const command = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      ...flags,
      "--no-code-cache",
      "--no-check",
      "--allow-all",
      child,
      JSON.stringify(work),
    ],
    // As the `start` task has it.
    env: { MALLOC_ARENA_MAX: "1" },
    stdout: "piped",
    stderr: "piped",
  });
  const { success, stdout, stderr } = await command.output();
  const complaint = new TextDecoder().decode(stderr).trim();
  if (!success || complaint !== "") throw new Error(`Cannot ${work.kind} a history: ${complaint}`);
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** The result as a table. */
export function historyTable({ days, workers }: HistoryBench, lines: readonly Line[]): string {
  return [
    `${workers} workers, ${days} days`,
    "",
    "| what | measured | limit |",
    "| --- | ---: | ---: |",
    ...lines.map(({ name, value, limit }) => `| ${name} | ${value} | ${limit} |`),
  ].join("\n");
}
