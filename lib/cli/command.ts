/** What a command line can ask for. */

import type { GivenPools } from "../config/given_pools.ts";

/** What the command line asks for. */
export type Command =
  | {
    readonly kind: "run";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
    /** Pools in place of a configuration; `undefined`: there is one. */
    readonly pools: GivenPools | undefined;
    /** `undefined`: log to the terminal only. */
    readonly logDir: string | undefined;
    /** What was accepted without effect, one sentence for each. */
    readonly notices: readonly string[];
  }
  | {
    readonly kind: "demo";
    /** How long it runs; `undefined`: until it is stopped. */
    readonly seconds: number | undefined;
    /** How many simulated miners, 1..65535. */
    readonly miners: number;
    /** What the simulated pools speak. */
    readonly pools: DemoPools;
    /** The faults of the first miners. */
    readonly faults: readonly FaultyMiners[];
  }
  | { readonly kind: "simulate"; readonly what: "pool"; readonly options: SimulatedPoolOptions }
  | { readonly kind: "simulate"; readonly what: "miners"; readonly options: SimulatedMinersOptions }
  | {
    readonly kind: "check";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
    /** The folder of the log, in which a file is tried; `undefined` for no log files. */
    readonly logDir: string | undefined;
    /** The sub-account to log in as, for a configuration without one. */
    readonly account: string | undefined;
    /** Whether the answer is JSON. */
    readonly asJson: boolean;
  }
  | {
    readonly kind: "reload";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
  }
  | StatusCommand
  | TopCommand
  | {
    readonly kind: "config";
    /** Which of them is printed. */
    readonly what: "example" | "schema" | "effective";
    /** For `effective`; `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
  }
  | {
    readonly kind: "notify";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
  }
  | HistoryCommand
  | { readonly kind: "completions"; readonly shell: Shell }
  | { readonly kind: "help"; readonly topic: HelpTopic | undefined }
  | { readonly kind: "version" }
  | {
    readonly kind: "misuse";
    /** What is wrong and what to do; sentence case, no full stop. */
    readonly message: string;
  };

/** Where a running btcagent is that is watched. */
export interface WatchOptions {
  /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`, unless there is an address. */
  readonly configPath: string | undefined;
  /** The address of its status server, in place of a configuration. */
  readonly url: string | undefined;
  /** The file with its token; `undefined` for that of the configuration. */
  readonly tokenFile: string | undefined;
}

/** The command that asks a running btcagent how its farm is. */
export interface StatusCommand extends WatchOptions {
  /** Tells it from other commands. */
  readonly kind: "status";
  /** Whether the answer is JSON. */
  readonly asJson: boolean;
}

/** The command that watches a running btcagent. */
export interface TopCommand extends WatchOptions {
  /** Tells it from other commands. */
  readonly kind: "top";
  /** How often it asks, in seconds. */
  readonly intervalSeconds: number;
}

/** What can be exported of a history. */
export const HISTORY_TABLES = ["workers", "farm", "causes"] as const;

/** The command that shows or changes a history. */
export type HistoryCommand =
  & {
    readonly kind: "history";
    /** `undefined`: look for one of `DEFAULT_CONFIG_PATHS`. */
    readonly configPath: string | undefined;
  }
  & (
    | { readonly what: "show" | "vacuum" }
    | {
      readonly what: "purge";
      /** The name of a worker, or `account.worker`. */
      readonly worker: string;
    }
    | {
      readonly what: "export";
      /** What is written. */
      readonly table: typeof HISTORY_TABLES[number];
      /** Of how many days up to now; `undefined` for all that is kept. */
      readonly days: number | undefined;
    }
  );

/** The protocols of the demo's pools: one for all, or a different one for each. */
export const DEMO_POOLS = ["agent", "stratum", "sv2", "mixed"] as const;

/** One of them. */
export type DemoPools = typeof DEMO_POOLS[number];

/** The Stratum servers that can be simulated. */
export const SIMULATED_SERVERS = ["ckpool", "nomp", "public", "datum", "narrow6"] as const;

/** One of them. */
export type SimulatedServer = typeof SIMULATED_SERVERS[number];

/** The Stratum V2 pools that can be simulated. */
export const SIMULATED_SV2_POOLS = ["sri", "blitzpool", "braiins"] as const;

/** What a simulated pool speaks. */
export const SIMULATED_KINDS = ["agent", "stratum", "sv2"] as const;

/** What simulated pools of the open protocols have, and one of the agent protocol has not. */
export interface SimulatedOrdinaryOptions {
  /** Whether a connection keeps its first difficulty. */
  readonly hasFixedDifficulty: boolean;
  /** Seconds between blocks; above 0, may be a fraction; `undefined` for none. */
  readonly blockIntervalSeconds: number | undefined;
}

/** What only a simulated Stratum pool has. */
export interface SimulatedStratumOptions extends SimulatedOrdinaryOptions {
  /** Tells the kinds apart. */
  readonly kind: "stratum";
  /** Which server it behaves like. */
  readonly like: SimulatedServer;
}

/** What only a simulated Stratum V2 pool has. */
export interface SimulatedSv2Options extends SimulatedOrdinaryOptions {
  /** Tells the kinds apart. */
  readonly kind: "sv2";
  /** Which pool it behaves like. */
  readonly like: typeof SIMULATED_SV2_POOLS[number];
}

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
  /** Whether shares are hashed; if not, shares of miners that do not really hash are accepted. */
  readonly proofOfWork: boolean;
  /** The sub-accounts it knows; `undefined` for every name. */
  readonly accounts: readonly string[] | undefined;
  /** Whether names that differ only in case are two sub-accounts. */
  readonly isCaseSensitive: boolean;
  /** The difficulty that it demands of all miners without saying so; `undefined` for none. */
  readonly hiddenDifficulty: number | undefined;
  /** What it speaks, and how. */
  readonly speaks: { readonly kind: "agent" } | SimulatedStratumOptions | SimulatedSv2Options;
}

/** The faults that simulated miners can have; lib/sim says what each does. */
export const MINER_FAULTS = ["dead", "flapping", "refused", "weak", "silent", "gaps"] as const;

/** Miners with the same fault. */
export interface FaultyMiners {
  /** Their fault. */
  readonly trouble: typeof MINER_FAULTS[number];
  /** How many miners have it, from 1. */
  readonly count: number;
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
  /** The faults of the first miners, in this order. */
  readonly faults: readonly FaultyMiners[];
}

/** The shells that completions are made for. */
export const SHELLS = ["bash", "zsh", "fish"] as const;

/** One of them. */
export type Shell = typeof SHELLS[number];

/** The topics of the help, in its order: commands, and groups of two commands. */
export const HELP_TOPICS = [
  "run",
  "check",
  "status",
  "top",
  "reload",
  "config",
  "notify",
  "history",
  "demo",
  "simulate",
  "simulate pool",
  "simulate miners",
  "completions",
] as const;

/** One of them. */
export type HelpTopic = typeof HELP_TOPICS[number];

/** The command that runs the proxy. */
export type RunCommand = Extract<Command, { kind: "run" }>;

/** The command that shows the proxy with simulated miners and pool. */
export type DemoCommand = Extract<Command, { kind: "demo" }>;

/** The commands that run one simulated side alone. */
export type SimulateCommand = Extract<Command, { kind: "simulate" }>;

/** The command that examines a configuration and everything it needs. */
export type CheckCommand = Extract<Command, { kind: "check" }>;
