/**
 * The result of a benchmark: medians over the runs, as a Markdown table and as JSON.
 */

import { FIGURE_KINDS, median, type Run } from "./figures.ts";

/** The machine of a measurement. */
export interface Machine {
  /** The processor's name. */
  readonly processor: string;
  /** Number of cores. */
  readonly cores: number;
  /** Memory in GB. */
  readonly memoryGb: number;
  /** The kernel's release. */
  readonly kernel: string;
  /** Deno's version. */
  readonly deno: string;
  /** Load average of the minute before. */
  readonly load: number;
}

/** The machine this runs on. */
export function thisMachine(): Machine {
  const cpuinfo = Deno.readTextFileSync("/proc/cpuinfo");
  const meminfo = Deno.readTextFileSync("/proc/meminfo");
  return {
    processor: /^model name\s*:\s*(.+)$/m.exec(cpuinfo)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(Number(/^MemTotal:\s+(\d+)/m.exec(meminfo)?.[1]) / 2 ** 20),
    kernel: Deno.readTextFileSync("/proc/sys/kernel/osrelease").trim(),
    deno: Deno.version.deno,
    load: Deno.loadavg()[0]!,
  };
}

/**
 * Makes a table for each case: a row for each figure, a column for each subject; `command` is shown
 * above.
 */
export function markdownOf(command: string, machine: Machine, runs: readonly Run[]): string {
  const { processor, cores, memoryGb, kernel, deno, load } = machine;
  const head = `\`${command}\`: ` +
    `${cores} × ${processor}, ${memoryGb} GB, Linux ${kernel}, Deno ${deno}; load average ` +
    `${load.toFixed(1)} before; loopback; generator and pool on the same machine; medians.`;
  return [head, ...distinct(runs.map((run) => run.case)).map((name) => caseTable(name, runs))]
    .join("\n\n") + "\n";
}

function caseTable(name: string, all: readonly Run[]): string {
  const runs = all.filter((run) => run.case === name);
  const subjects = distinct(runs.map((run) => run.subject));
  const [first, ...others] = subjects;
  const columns = [first!, ...others.flatMap((other) => [other, `${other} / ${first}`])];
  const lines = [
    `### ${name}`,
    "",
    `| figure | ${columns.join(" | ")} |`,
    `|---|${"---:|".repeat(columns.length)}`,
  ];
  for (const { key, about, digits } of FIGURE_KINDS) {
    const values = subjects.map((subject) => {
      const found = runs.filter((run) => run.subject === subject && run.problems.length === 0)
        .flatMap((run) => run.figures[key] ?? []);
      return found.length === 0 ? undefined : median(found);
    });
    if (values.every((value) => value === undefined)) continue;
    const [reference, ...rest] = values;
    const cells = [
      text(reference, digits),
      ...rest.flatMap((value) => [
        text(value, digits),
        value === undefined || !reference ? "" : (value / reference).toFixed(2),
      ]),
    ];
    lines.push(`| ${about} | ${cells.join(" | ")} |`);
  }
  for (const { subject, problems, notes } of runs) {
    for (const problem of problems) {
      lines.push("", `**Not to be believed**, ${subject}: ${problem}`);
    }
    for (const note of notes) lines.push("", `${subject}: ${note}`);
  }
  const counts = subjects.map((subject) => {
    const own = runs.filter((run) => run.subject === subject);
    const good = own.filter((run) => run.problems.length === 0);
    return `${subject} ${good.length} of ${own.length}`;
  });
  lines.push("", `Runs with every share accounted for: ${counts.join(", ")}`);
  return lines.join("\n");
}

function text(value: number | undefined, digits: number): string {
  return value === undefined ? "" : value.toFixed(digits);
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
