/**
 * Reads the command line of the benchmark; pure.
 */

import { parseArgs } from "node:util";
import { type Case, scenarios } from "./cases.ts";
import {
  FLOOR,
  otherAgents,
  ourAgent,
  POOL_KINDS,
  type PoolKind,
  type Subject,
} from "./subject.ts";

/** The measurements without pool or miners; see hashing.ts and history/measure.ts. */
export const HASHING = "hashing";
/** The other one. */
export const HISTORY = "history";

const DEFAULT_MINUTES = 30;
/** The most miners: each takes a file of the ends, whose tables have 2¹⁶ places. */
const MAX_MINERS = 60_000;
/** Files of an end or an agent besides those of miners. */
const OWN_FILES = 140;

const OPTIONS = {
  engine: { type: "string", multiple: true },
  form: { type: "string", multiple: true },
  pool: { type: "string", multiple: true },
  window: { type: "string" },
  "deno-flag": { type: "string", multiple: true },
  "v8-flag": { type: "string", multiple: true },
  compare: { type: "string", multiple: true },
  history: { type: "boolean" },
  "disk-delay": { type: "string" },
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
  /** The subjects in order; each round measures all of them. */
  readonly subjects: readonly Subject[];
  /** The number of rounds. */
  readonly runs: number;
  /** The file for JSON; `undefined` for none. */
  readonly jsonFile: string | undefined;
  /** The file for the table, which is also shown on the terminal. */
  readonly markdownFile: string | undefined;
}

/** A wrong command line; the message says why. */
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
  deno task bench ${HASHING}   time per share of hashing, beside other ways to do it
  deno task bench ${HISTORY} [DAYS [WORKERS]]
                          size and times of a month of history (30, 10000)

Scenarios (all: every one but soak)
${lines.join("\n")}

Options
  --engine NAME    libc or deno; may be given twice (both); none for no run of ours
  --form NAME      program, bundled as in packages, or sources, as "deno task start" runs
                   them; may be given twice (program)
  --pool KIND      agent, stratum or sv2: what the pool speaks; may be repeated, to compare
                   them (agent)
  --window MS      share_batch_window_ms (the agent's default)
  --history        each run of ours a second time with a history on disk, to compare them
  --disk-delay MS  with --history, a third time with each fsync this much longer (strace)
  --deno-flag=FLAG one more flag for "deno run", such as --cpu-prof; may be repeated
  --v8-flag=FLAG   one more flag for V8; may be repeated
  --compare CMD    another agent beside ours, such as '/opt/agent -c {conf}'; words are split at
                   blanks, paths must be whole; may be repeated
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

/** Reads `argv`; returns `undefined` for the help. @throws Misuse */
export function parsePlan(argv: readonly string[]): Plan | undefined {
  const { values, positionals } = parse(argv);
  if (values.help || positionals.length === 0) return undefined;
  const all = scenarios({
    miners: whole("miners", values.miners, 1, MAX_MINERS),
    seconds: whole("seconds", values.seconds, 1),
    minutes: whole("minutes", values.minutes, 1) ?? DEFAULT_MINUTES,
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
    windowMs: whole("window", values.window, 0),
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
  const pools = (values.pool ?? ["agent"]).map(poolKind);
  const compare = values.compare ?? [];
  const nowhere = compare.find((command) => !/\S.*\{conf\}/.test(command));
  if (nowhere !== undefined) {
    throw new Misuse(
      `Option --compare is '${nowhere}', must be a command with {conf} where its ` +
        "configuration file goes, such as '/opt/agent -c {conf}'",
    );
  }
  const diskDelayMs = whole("disk-delay", values["disk-delay"], 1);
  if (diskDelayMs !== undefined && !values.history) {
    throw new Misuse("Option --disk-delay is for --history only");
  }
  const histories = [
    { history: false, diskDelayMs: undefined },
    ...values.history ? [{ history: true, diskDelayMs: undefined }] : [],
    ...diskDelayMs === undefined ? [] : [{ history: true, diskDelayMs }],
  ];
  const ours = engines.filter((engine) => engine !== "none").flatMap((engine) =>
    forms.flatMap((form) =>
      pools.flatMap((pool) =>
        histories.map((each) => ourAgent({ ...variation, engine, form, pool, ...each }))
      )
    )
  );
  const floor = values.floor ? [FLOOR] : [];
  const others = otherAgents(compare, [...ours, ...floor].map(({ name }) => name));
  const subjects = [...ours, ...others, ...floor];
  if (subjects.length === 0) {
    throw new Misuse("Nothing to measure: with --engine none give --compare or --floor");
  }
  return {
    cases,
    subjects,
    runs: whole("runs", values.runs, 1) ?? 1,
    jsonFile: values.json,
    markdownFile: values.markdown,
  };
}

function poolKind(name: string): PoolKind {
  const kind = POOL_KINDS.find((one) => one === name);
  if (kind !== undefined) return kind;
  throw new Misuse(`Unknown pool ${name}; there are ${POOL_KINDS.join(", ")}`);
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Misuse(error instanceof Error ? error.message : String(error));
  }
}

function whole(
  name: string,
  text: string | undefined,
  least: number,
  most = 999_999,
): number | undefined {
  if (text === undefined) return undefined;
  if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new Misuse(`Option --${name} is ${text}, must be a whole number from ${least} to ${most}`);
}

/** Returns why `plan` cannot be done with `openFiles` files per process; `undefined` if it can. */
export function obstacle(plan: Plan, openFiles: number | undefined): string | undefined {
  const wanted = OWN_FILES +
    Math.max(
      ...plan.cases.map(({ miners, attack }) =>
        miners + (attack === undefined ? 0 : attack.silent + attack.drippers + attack.senders)
      ),
    );
  if (openFiles === undefined || wanted <= openFiles) return undefined;
  return `Cannot open ${wanted} files at a time, only ${openFiles}: raise ulimit -n, ` +
    "or give fewer --miners";
}
