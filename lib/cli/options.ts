/**
 * The options of every command, as tables: the parser and the help are made from them.
 */

import { DEFAULT_CONFIG_PATHS } from "../config/default_paths.ts";

/** An option of the command line. */
export interface Option {
  /** The first is the one shown and stored; one letter is a short form. */
  readonly names: readonly string[];
  /** What the value is called; none for a switch. */
  readonly value?: string;
  /** What it does, and in brackets its default; lower case, no full stop. */
  readonly about: string;
}

const CONFIG_FILE: Option = {
  names: ["config", "c"],
  value: "FILE",
  about: `configuration (${DEFAULT_CONFIG_PATHS.join(", ")})`,
};

const LOG_DIR_NAMES = ["log-dir", "l", "log_dir"];

/** Options of `btcagent run`, the command that need not be said. */
export const RUN_OPTIONS: readonly Option[] = [
  CONFIG_FILE,
  { names: LOG_DIR_NAMES, value: "DIR", about: "write the log to files in this folder, too" },
  { names: ["pool"], value: "URL", about: "mine with this pool, without a file; may be repeated" },
  { names: ["user"], value: "NAME", about: "who to mine as there: an address or account" },
  { names: ["password"], value: "TEXT", about: "its password (x); others here can see it" },
  { names: ["password-file"], value: "FILE", about: "a file with the password: others cannot" },
];

/** Options of `btcagent reload`. */
export const RELOAD_OPTIONS: readonly Option[] = [CONFIG_FILE];

/** Options of `btcagent check`. */
export const CHECK_OPTIONS: readonly Option[] = [
  CONFIG_FILE,
  { names: LOG_DIR_NAMES, value: "DIR", about: "whether the log can be written to this folder" },
  { names: ["account"], value: "NAME", about: "log in as this sub-account in multi-user mode" },
  { names: ["json"], about: "print JSON, for programs" },
];

/** Which running btcagent is watched. */
const WATCHED: readonly Option[] = [
  CONFIG_FILE,
  { names: ["url"], value: "URL", about: "its status server, in place of a configuration" },
  { names: ["token-file"], value: "FILE", about: "a file with the token, if it requires one" },
];

/** Options of `btcagent top`. */
export const TOP_OPTIONS: readonly Option[] = [
  ...WATCHED,
  { names: ["interval"], value: "N", about: "ask every N seconds, 1 to 600 (2)" },
];

/** Options of `btcagent status`. */
export const STATUS_OPTIONS: readonly Option[] = [
  ...WATCHED,
  { names: ["json"], about: "print JSON, for programs" },
];

/** Options of `btcagent config`; the first three say what is printed. */
export const CONFIG_OPTIONS: readonly Option[] = [
  { names: ["example"], about: "a configuration to begin with, each setting explained" },
  { names: ["schema"], about: "the JSON Schema of configurations, for editors" },
  { names: ["effective"], about: "a configuration as it is read, with every default" },
  CONFIG_FILE,
];

/** Options of `btcagent notify`. */
export const NOTIFY_OPTIONS: readonly Option[] = [
  { names: ["test"], about: "send a test message to each channel and show what came back" },
  CONFIG_FILE,
];

/** Options of `btcagent history`. */
export const HISTORY_OPTIONS: readonly Option[] = [
  CONFIG_FILE,
  { names: ["days"], value: "N", about: "export: only the last N days (all)" },
];

/** Options of `btcagent demo`. */
export const DEMO_OPTIONS: readonly Option[] = [
  { names: ["seconds"], value: "N", about: "stop after N seconds (runs until Ctrl+C)" },
  { names: ["miners"], value: "N", about: "how many simulated miners (50)" },
  {
    names: ["kind"],
    value: "KIND",
    about: "what its pool speaks: agent, stratum, sv2, mixed (agent)",
  },
  { names: ["faults"], value: "LIST", about: "faulty miners, as dead=2,weak=3, or none (some)" },
];

/** Options of `btcagent simulate pool`. */
export const POOL_OPTIONS: readonly Option[] = [
  { names: ["host"], value: "ADDRESS", about: "the address to listen on (127.0.0.1)" },
  { names: ["port"], value: "PORT", about: "the port to listen on (8888)" },
  { names: ["difficulty"], value: "D", about: "the difficulty of a share (0.00001)" },
  { names: ["job-interval-seconds"], value: "N", about: "time between jobs (30)" },
  { names: ["no-proof-of-work"], about: "accept shares unhashed, as --rate sends them" },
  { names: ["accounts"], value: "LIST", about: "sub-accounts, as alice,bob (any)" },
  { names: ["case-sensitive"], about: "Alice is not alice" },
  { names: ["nicehash-forced"], value: "D", about: "a difficulty it asks for and never tells" },
  { names: ["kind"], value: "KIND", about: "what it speaks: agent, stratum or sv2 (agent)" },
  { names: ["like"], value: "SERVER", about: "which server it is like (ckpool; with sv2 sri)" },
  {
    names: ["block-interval-seconds"],
    value: "N",
    about: "not agent: time between blocks (never)",
  },
  { names: ["fixed-difficulty"], about: "not agent: do not follow a connection's speed" },
];

/** Options of `btcagent simulate miners`. */
export const MINERS_OPTIONS: readonly Option[] = [
  { names: ["connect"], value: "HOST:PORT", about: "where to mine (127.0.0.1:3333)" },
  { names: ["count"], value: "N", about: "how many miners (50)" },
  { names: ["rate"], value: "R", about: "made-up shares per second of each (really hash)" },
  { names: ["user"], value: "NAME", about: "the user name before the dot (demo)" },
  { names: ["faults"], value: "LIST", about: "faulty ones, as dead=12,weak=10 (none)" },
];

/** Options that every command has. */
export const COMMON_OPTIONS: readonly Option[] = [
  { names: ["help", "h"], about: "show this help" },
  { names: ["version", "V"], about: "show the version" },
];

/** Flags of the Go agent's logger; without effect here. */
export const GLOG_OPTIONS: readonly Option[] = [
  { names: ["alsologtostderr"], about: "" },
  { names: ["logtostderr"], about: "" },
  { names: ["stderrthreshold"], value: "LEVEL", about: "" },
  { names: ["v"], value: "N", about: "" },
  { names: ["vmodule"], value: "LIST", about: "" },
  { names: ["log_backtrace_at"], value: "PLACE", about: "" },
];
