/**
 * The command line: which options there are, what a given one means, and the
 * texts of help and version. Pure: it reads no files and prints nothing.
 *
 * Options are a table, from which both the parser and the help text are made. As
 * for the Go agent, whose start scripts keep working, `-c FILE`, `-c=FILE`,
 * `--c FILE` and `--config FILE` are all the same, and of an option given twice
 * the last one counts.
 */

import manifest from "../deno.json" with { type: "json" };
import { nearestWord } from "./config/nearest_word.ts";
import { quote } from "./config/problem.ts";

/** The version of this program. */
export const VERSION: string = manifest.version;

/** What the command line asks for. */
export type Command =
  | {
    readonly kind: "run";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
    /** `undefined`: log to the terminal only. */
    readonly logDir: string | undefined;
    /** What was accepted without effect, a sentence each. */
    readonly notices: readonly string[];
  }
  | {
    readonly kind: "demo";
    /** `undefined`: until it is stopped. */
    readonly seconds: number | undefined;
    /** How many simulated miners, 1..65535. */
    readonly miners: number;
  }
  | { readonly kind: "simulate"; readonly what: "pool"; readonly options: SimulatedPoolOptions }
  | { readonly kind: "simulate"; readonly what: "miners"; readonly options: SimulatedMinersOptions }
  | { readonly kind: "help"; readonly topic: HelpTopic | undefined }
  | { readonly kind: "version" }
  | {
    readonly kind: "misuse";
    /** What is wrong and what to do; sentence case, no full stop. */
    readonly message: string;
  };

/** Options of `btcagent simulate pool`. */
export interface SimulatedPoolOptions {
  /** The address to listen on. */
  readonly host: string;
  /** The port to listen on, 1..65535. */
  readonly port: number;
  /** The difficulty told to miners; above 0, may be a fraction. */
  readonly difficulty: number;
  /** Seconds between jobs; above 0, may be a fraction. */
  readonly jobIntervalSeconds: number;
}

/** Options of `btcagent simulate miners`. */
export interface SimulatedMinersOptions {
  /** Where to connect to; IPv6 without brackets. */
  readonly host: string;
  /** The port to connect to, 1..65535. */
  readonly port: number;
  /** How many miners, 1..65535. */
  readonly count: number;
  /** Shares per second of each miner; `undefined`: really hash. */
  readonly rate: number | undefined;
  /** The user name, to which each miner adds its worker name. */
  readonly user: string;
}

/** What there is help on. */
export type HelpTopic = "run" | "demo" | "simulate";

/** Where a configuration is looked for if none is named, in this order. */
export const DEFAULT_CONFIG_PATHS: readonly string[] = ["conf/agent.jsonc", "agent_conf.json"];

interface Option {
  /** The first is the one shown and stored; one letter is a short form. */
  readonly names: readonly string[];
  /** What the value is called; none for a switch. */
  readonly value?: string;
  readonly about: string;
}

const RUN_OPTIONS: readonly Option[] = [
  {
    names: ["config", "c"],
    value: "FILE",
    about: `the configuration (${DEFAULT_CONFIG_PATHS.join(", ")})`,
  },
  {
    names: ["log-dir", "l", "log_dir"],
    value: "DIR",
    about: "write the log to files in this folder, too",
  },
];

const DEMO_OPTIONS: readonly Option[] = [
  { names: ["seconds"], value: "N", about: "stop after so long (on and on until Ctrl+C)" },
  { names: ["miners"], value: "N", about: "how many simulated miners (50)" },
];

const POOL_OPTIONS: readonly Option[] = [
  { names: ["host"], value: "ADDRESS", about: "the address to listen on (127.0.0.1)" },
  { names: ["port"], value: "PORT", about: "the port to listen on (8888)" },
  { names: ["difficulty"], value: "D", about: "the difficulty of a share (0.00001)" },
  { names: ["job-interval-seconds"], value: "N", about: "time between jobs (30)" },
];

const MINERS_OPTIONS: readonly Option[] = [
  { names: ["connect"], value: "HOST:PORT", about: "where to mine (127.0.0.1:3333)" },
  { names: ["count"], value: "N", about: "how many miners (50)" },
  { names: ["rate"], value: "R", about: "shares per second of each (really hash)" },
  { names: ["user"], value: "NAME", about: "the user name before the dot (demo)" },
];

const COMMON_OPTIONS: readonly Option[] = [
  { names: ["help", "h"], about: "show this help" },
  { names: ["version", "V"], about: "show the version" },
];

/** Flags of the Go agent's logger; without effect here. */
const GLOG_OPTIONS: readonly Option[] = [
  { names: ["alsologtostderr"], about: "" },
  { names: ["logtostderr"], about: "" },
  { names: ["stderrthreshold"], value: "LEVEL", about: "" },
  { names: ["v"], value: "N", about: "" },
  { names: ["vmodule"], value: "LIST", about: "" },
  { names: ["log_backtrace_at"], value: "PLACE", about: "" },
];

/** The command that runs the proxy. */
export type RunCommand = Extract<Command, { kind: "run" }>;

/** The command that shows the proxy with simulated miners and pool. */
export type DemoCommand = Extract<Command, { kind: "demo" }>;

/** The commands that run one simulated side alone. */
export type SimulateCommand = Extract<Command, { kind: "simulate" }>;

/** A command line that means nothing; its message says why. */
class Misuse extends Error {
  override readonly name = "Misuse";
}

/** What `argv`, the arguments after the program's name, asks for. Never throws. */
export function parseArguments(argv: readonly string[]): Command {
  try {
    const [first, ...rest] = argv;
    if (first === undefined || first.startsWith("-")) return parseRun(argv);
    switch (first) {
      case "run":
        return parseRun(rest);
      case "demo":
        return parseDemo(rest);
      case "simulate":
        return parseSimulate(rest);
      case "help":
        return { kind: "help", topic: topicNamed(rest[0]) };
      case "version":
        return { kind: "version" };
    }
    const known = ["run", "demo", "simulate", "help", "version"];
    throw new Misuse(
      `Unknown command ${quote(first)}${didYouMean(nearestWord(first, known))}` +
        (/^[\w/-]*\.[\w./-]+$/.test(first) ? `; a configuration is named with -c ${first}` : ""),
    );
  } catch (error) {
    if (error instanceof Misuse) return { kind: "misuse", message: error.message };
    throw error;
  }
}

function parseRun(argv: readonly string[]): Command {
  const given = parseOptions(argv, [...RUN_OPTIONS, ...GLOG_OPTIONS]);
  const asked = askedInstead(given, argv.length === 1 ? undefined : "run");
  if (asked) return asked;
  return {
    kind: "run",
    configPath: textOf(given, "config"),
    logDir: textOf(given, "log-dir"),
    notices: GLOG_OPTIONS.map(({ names }) => names[0]!)
      .filter((name) => given.has(name))
      .map((name) => `Option -${name} is ignored: the log goes to the terminal anyway`),
  };
}

function parseDemo(argv: readonly string[]): Command {
  const given = parseOptions(argv, DEMO_OPTIONS);
  return askedInstead(given, "demo") ?? {
    kind: "demo",
    seconds: numberOf(given, "seconds", 1, 31_536_000),
    miners: wholeOf(given, "miners", 65_535) ?? 50,
  };
}

function parseSimulate(argv: readonly string[]): Command {
  const [what, ...rest] = argv;
  if (what === "pool") {
    const given = parseOptions(rest, POOL_OPTIONS);
    return askedInstead(given, "simulate") ?? {
      kind: "simulate",
      what,
      options: {
        host: textOf(given, "host") ?? "127.0.0.1",
        port: wholeOf(given, "port", 65_535) ?? 8888,
        difficulty: numberOf(given, "difficulty", 1e-12, 1e15) ?? 0.00001,
        jobIntervalSeconds: numberOf(given, "job-interval-seconds", 0.01, 86_400) ?? 30,
      },
    };
  }
  if (what === "miners") {
    const given = parseOptions(rest, MINERS_OPTIONS);
    return askedInstead(given, "simulate") ?? {
      kind: "simulate",
      what,
      options: {
        ...addressOf(given, "connect", "127.0.0.1:3333"),
        count: wholeOf(given, "count", 65_535) ?? 50,
        rate: numberOf(given, "rate", 1e-6, 1000),
        user: textOf(given, "user") ?? "demo",
      },
    };
  }
  if (what === undefined || what.startsWith("-")) {
    const asked = askedInstead(new Map([[findOption(what, [])?.names[0] ?? "", ""]]), "simulate");
    if (asked) return asked;
    throw new Misuse("Nothing to simulate; say pool or miners first");
  }
  const meant = didYouMean(nearestWord(what, ["pool", "miners"]));
  throw new Misuse(`Cannot simulate ${quote(what)}, only pool or miners${meant}`);
}

/** The options in `argv` under their first names; a switch has the value "". */
function parseOptions(argv: readonly string[], known: readonly Option[]): Map<string, string> {
  const given = new Map<string, string>();
  for (let i = 0; i < argv.length; i++) {
    const argument = argv[i]!;
    const option = findOption(argument, known);
    if (!option) throw unknownOption(argument, known);
    const equals = argument.indexOf("=");
    const inline = equals < 0 ? undefined : argument.slice(equals + 1);
    given.set(option.names[0]!, option.value ? inline ?? valueAfter(argv, i++, option) : "");
  }
  return given;
}

/** The option that `argument` names, with one dash or two, with or without a value. */
function findOption(argument: string | undefined, known: readonly Option[]): Option | undefined {
  const name = nameIn(argument);
  return [...known, ...COMMON_OPTIONS].find(({ names }) => names.includes(name));
}

function nameIn(argument = ""): string {
  return /^--?([^-=][^=]*)/.exec(argument)?.[1] ?? "";
}

function unknownOption(argument: string, known: readonly Option[]): Misuse {
  const name = nameIn(argument);
  if (name === "") {
    return new Misuse(`Unexpected argument ${quote(argument)}; options begin with -`);
  }
  const names = [...known, ...COMMON_OPTIONS].flatMap((option) => option.names);
  const meant = nearestWord(name, names.filter((known) => known.length > 1));
  return new Misuse(`Unknown option ${quote(argument)}${didYouMean(meant && dashed(meant))}`);
}

/** The argument after the option at `i`. */
function valueAfter(argv: readonly string[], i: number, { value, names }: Option): string {
  const next = argv[i + 1];
  if (next !== undefined && !/^-\D/.test(next)) return next;
  const isVerbosity = names[0] === "v";
  throw new Misuse(
    `Option ${quote(argv[i]!)} needs a value: ${argv[i]} ${value}` +
      (isVerbosity ? "; for the version, use -V" : ""),
  );
}

/** Help and version win over everything else that is asked for. */
function askedInstead(
  given: ReadonlyMap<string, string>,
  topic: HelpTopic | undefined,
): Command | undefined {
  if (given.has("help")) return { kind: "help", topic };
  return given.has("version") ? { kind: "version" } : undefined;
}

function topicNamed(name: string | undefined): HelpTopic | undefined {
  if (name === undefined || name === "help" || name === "version") return undefined;
  if (name === "run" || name === "demo" || name === "simulate") return name;
  const meant = didYouMean(nearestWord(name, ["run", "demo", "simulate"]));
  throw new Misuse(`There is no help on ${quote(name)}, only on run, demo and simulate${meant}`);
}

function textOf(given: ReadonlyMap<string, string>, name: string): string | undefined {
  const text = given.get(name);
  if (text === "") throw new Misuse(`Option --${name} needs a value, found none`);
  return text;
}

function numberOf(
  given: ReadonlyMap<string, string>,
  name: string,
  min: number,
  max: number,
): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const number = /^(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text) ? Number(text) : NaN;
  if (number >= min && number <= max) return number;
  throw new Misuse(`Option --${name} is ${quote(text)}, must be a number ${min}..${max}`);
}

function wholeOf(
  given: ReadonlyMap<string, string>,
  name: string,
  max: number,
): number | undefined {
  const text = textOf(given, name);
  if (text === undefined) return undefined;
  const number = /^\d+$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= max) return number;
  throw new Misuse(`Option --${name} is ${quote(text)}, must be a whole number 1..${max}`);
}

function addressOf(
  given: ReadonlyMap<string, string>,
  name: string,
  fallback: string,
): { host: string; port: number } {
  const text = textOf(given, name) ?? fallback;
  const [, bracketed, plain, digits] = /^(?:\[([^\]]+)\]|([^:/\s]+)):(\d+)$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host !== undefined && port >= 1 && port <= 65_535) return { host, port };
  throw new Misuse(`Option --${name} is ${quote(text)}, must be HOST:PORT, as in ${fallback}`);
}

function didYouMean(word: string | undefined): string {
  return word ? `; did you mean ${word}?` : "";
}

function dashed(name: string): string {
  return name.length === 1 ? `-${name}` : `--${name}`;
}

const HELP: Readonly<Record<HelpTopic, () => string>> = {
  run: () =>
    `Joins miners to a pool: listens for miners, and carries their work over very
few connections to a pool that speaks btcpool's agent protocol.

Usage
  btcagent [run] [options]

Options
${optionLines([...RUN_OPTIONS, ...COMMON_OPTIONS])}

  The Go agent's other flags, such as -alsologtostderr or -v=2, are accepted
  and ignored.

Files
  conf/agent.example.jsonc   every setting explained; copy it to begin
${DEFAULT_CONFIG_PATHS[0]!.padEnd(25).padStart(27)}  read if no -c is given
${DEFAULT_CONFIG_PATHS[1]!.padEnd(25).padStart(27)}  read if that is not there either

Signals
  SIGTERM, SIGINT, SIGHUP    stop in order: shares on their way are still sent;
                             a second one stops at once

${EXIT_CODES}`,
  demo: () =>
    `A simulated pool, the proxy and simulated miners, all in one terminal. Needs no
configuration, and nothing leaves this machine.

Usage
  btcagent demo [options]

Options
${optionLines([...DEMO_OPTIONS, ...COMMON_OPTIONS])}

${EXIT_CODES}`,
  simulate: () =>
    `One side of the demo alone, to try the proxy or a configuration against.

Usage
  btcagent simulate pool [options]
  btcagent simulate miners [options]

Options of simulate pool
${optionLines(POOL_OPTIONS)}

Options of simulate miners
${optionLines(MINERS_OPTIONS)}

Example: each in a terminal of its own, with ["127.0.0.1", 8888, "demo"] in the
configuration's pools
  btcagent simulate pool
  btcagent -c my.jsonc
  btcagent simulate miners --count 200 --rate 0.1

${EXIT_CODES}`,
};

const EXIT_CODES = `Exit codes
  0  stopped as asked
  1  failed, as when the port is taken
  2  wrong use, or something wrong in the configuration`;

/** The help on `topic`, or on the program as a whole; plain text, at most 80 columns. */
export function helpText(topic: HelpTopic | undefined): string {
  if (topic !== undefined) return HELP[topic]();
  return `btcagent ${VERSION}: many miners, very few connections to the pool

Usage
  btcagent [options]                  join miners to a pool
  btcagent demo [options]             see it work with simulated miners
  btcagent simulate pool [options]    a simulated pool alone
  btcagent simulate miners [options]  simulated miners alone
  btcagent help [run|demo|simulate]   more on one of these

Options
${optionLines([...RUN_OPTIONS, ...COMMON_OPTIONS])}

Options of demo
${optionLines(DEMO_OPTIONS)}

Examples
  btcagent demo --seconds 30          half a minute of simulated mining
  btcagent -c conf/agent.jsonc        mine with your own configuration
  btcagent -c agent_conf.json -l log  start as the Go agent is started

To begin, copy conf/agent.example.jsonc to conf/agent.jsonc and put your
sub-account into it. Ctrl+C or SIGTERM stops in order.

${EXIT_CODES}`;
}

/** Two columns: an option with its short form, and what it is for. */
function optionLines(options: readonly Option[]): string {
  const rows = options.map(({ names: [long = "", short], value, about }) => {
    const left = `${short ? `-${short}, ` : "    "}--${long}${value ? ` ${value}` : ""}`;
    return [left, about] as const;
  });
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, about]) => `  ${left.padEnd(width)}  ${about}`).join("\n");
}

/** What runs the program, as `Deno.version` and `Deno.build` have it. */
export interface Runtime {
  /** As in `2.9.6`. */
  readonly deno: string;
  /** As in `14.0.365.5`. */
  readonly v8: string;
  /** As in `x86_64-unknown-linux-gnu`. */
  readonly target: string;
}

/** What `--version` shows: this program's version and what it runs on. */
export function versionText({ deno, v8, target }: Runtime): string {
  return `btcagent ${VERSION}\nDeno ${deno}, V8 ${v8}, ${target}`;
}
