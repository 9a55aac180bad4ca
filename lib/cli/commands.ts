/**
 * The commands: how each is typed, what it is for, and which options it takes. The parser, the help
 * and the completions are made from this table.
 */

import { HELP_TOPICS, SHELLS } from "./command.ts";
import {
  CHECK_OPTIONS,
  CONFIG_OPTIONS,
  DEMO_OPTIONS,
  HISTORY_OPTIONS,
  MINERS_OPTIONS,
  NOTIFY_OPTIONS,
  type Option,
  POOL_OPTIONS,
  RELOAD_OPTIONS,
  RUN_OPTIONS,
  STATUS_OPTIONS,
  TOP_OPTIONS,
} from "./options.ts";

/** A command. */
export interface CommandEntry {
  /** What is typed, a word or two. */
  readonly name: string;
  /** What it is for; lower case, no full stop. */
  readonly about: string;
  /** Its options beside those that every command has. */
  readonly options: readonly Option[];
  /** The words that may follow it. */
  readonly words?: readonly string[];
}

/** The first words of what there is help on. */
export const HELP_WORDS: readonly string[] = HELP_TOPICS.filter((topic) => !topic.includes(" "));

/** All commands, in the order of the help. */
export const COMMANDS: readonly CommandEntry[] = [
  { name: "run", about: "join miners to a pool", options: RUN_OPTIONS },
  { name: "check", about: "try out a configuration and its pools", options: CHECK_OPTIONS },
  { name: "status", about: "how the farm of a running btcagent is", options: STATUS_OPTIONS },
  { name: "top", about: "watch it live, in this terminal", options: TOP_OPTIONS },
  {
    name: "reload",
    about: "let a running btcagent reload its settings",
    options: RELOAD_OPTIONS,
  },
  { name: "config", about: "print a configuration", options: CONFIG_OPTIONS },
  { name: "notify", about: "try out the channels of alarms", options: NOTIFY_OPTIONS },
  {
    name: "history",
    about: "what is kept on disk",
    options: HISTORY_OPTIONS,
    words: ["vacuum", "purge", "export"],
  },
  { name: "demo", about: "see it work with simulated miners", options: DEMO_OPTIONS },
  { name: "simulate pool", about: "a simulated pool alone", options: POOL_OPTIONS },
  { name: "simulate miners", about: "simulated miners alone", options: MINERS_OPTIONS },
  { name: "completions", about: "a script that completes these", options: [], words: SHELLS },
  { name: "help", about: "more on one of these", options: [], words: HELP_WORDS },
  { name: "version", about: "show the version", options: [] },
];

/** The first word of each command, once. */
export const COMMAND_WORDS: readonly string[] = [
  ...new Set(COMMANDS.map(({ name }) => name.split(" ")[0]!)),
];
