/**
 * What is measured: this agent in release form, another agent, or nothing at all (the floor).
 */

import { ENTRY } from "../ship/program.ts";
import { PROGRAM_FLAGS, START_FLAGS } from "../ship/start_flags.ts";
import type { Case } from "./cases.ts";
import { ACCOUNT } from "./marks.ts";
import { AUTHORITY_KEY } from "./sv2_authority.ts";

/**
 * Protocols of pools: the agents' protocol, ordinary Stratum (stratum_pool.ts), or Stratum V2
 * (sv2_pool.ts).
 */
export const POOL_KINDS = ["agent", "stratum", "sv2"] as const;

/** One of them. */
export type PoolKind = typeof POOL_KINDS[number];

/** The history of a subject that keeps one. */
export const HISTORY_FILE = "history.sqlite";

/** One column of the result. */
export interface Subject {
  /** Its name in the result. */
  readonly name: string;
  /** What its pool speaks. */
  readonly pool: PoolKind;
  /** Whether there is an agent at all. */
  readonly isFloor: boolean;
  /** Whether it is our program, bundled. */
  readonly isBundled: boolean;
  /** Whether it keeps a history on disk, in {@linkcode HISTORY_FILE} of its folder. */
  readonly hasHistory: boolean;
  /** Whether it fills caches at its first start, which then takes more memory than later starts. */
  readonly isColdAtFirst: boolean;
  /**
   * The command that starts it, in a folder of its own, with this configuration file; `release` is
   * the folder of our bundled program.
   */
  readonly command: (conf: string, release: string) => readonly string[];
  /** How its configuration lists the pool at this port. */
  readonly poolEntry: (port: number) => unknown;
  /** Its own settings in a case. */
  readonly settings: (
    what: Pick<Case, "load" | "attack">,
    ports: Ports,
  ) => Readonly<Record<string, unknown>>;
}

/** The ports of a run. */
export interface Ports {
  /** The agent listens here. */
  readonly agent: number;
  /** The pool listens here. */
  readonly pool: number;
  /** The agent's books are served here, if it is ours. */
  readonly status: number;
}

/** Variations of this agent. */
export interface Variation {
  /** What runs: the program, bundled as in packages, or its sources, as with `deno task start`. */
  readonly form: "program" | "sources";
  /** What the pool speaks. */
  readonly pool: PoolKind;
  /** `advanced.io_engine`. */
  readonly engine: string;
  /** `advanced.share_batch_window_ms`; `undefined` for its default. */
  readonly windowMs: number | undefined;
  /** Whether it keeps a history on disk, in the folder of its run. */
  readonly history: boolean;
  /**
   * How much longer each fsync takes, in milliseconds, as on a slow disk: strace(1) holds it up.
   * `undefined`: not at all.
   */
  readonly diskDelayMs: number | undefined;
  /** Flags beside those of `deno task start`, such as `--cpu-prof`. */
  readonly denoFlags: readonly string[];
  /** Flags beside its `--v8-flags`. */
  readonly v8Flags: readonly string[];
}

/** The address of a pool at this port. */
const URLS: Readonly<Record<PoolKind, (port: number) => string>> = {
  agent: (port) => `btcagent+tcp://127.0.0.1:${port}`,
  stratum: (port) => `stratum+tcp://127.0.0.1:${port}`,
  sv2: (port) => `stratum2+tcp://127.0.0.1:${port}/${AUTHORITY_KEY}`,
};

/** At this difficulty all hashes but one in 65,536 are shares. */
const ANY_HASH = 2 ** -32;

const V8_FLAGS = "--v8-flags=";

/** Returns this agent as a package or `deno task start` runs it, with the variation. */
export function ourAgent(variation: Variation): Subject {
  const { form, engine, pool, windowMs, history, diskDelayMs, denoFlags, v8Flags } = variation;
  const isBundled = form === "program";
  const fileOf = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
  const own = isBundled ? PROGRAM_FLAGS : ["--config", fileOf("deno.json"), ...START_FLAGS];
  const flags = own
    .map((flag) => flag.startsWith(V8_FLAGS) ? [flag, ...v8Flags].join(",") : flag);
  const window = windowMs === undefined ? [] : [`window ${windowMs} ms`];
  return {
    name: [
      ...[engine, ...pool === "agent" ? [] : [pool], ...isBundled ? [] : [form]],
      ...[...window, ...history ? [historyName(diskDelayMs)] : [], ...denoFlags, ...v8Flags],
    ].join(", "),
    pool,
    isFloor: false,
    isBundled,
    hasHistory: history,
    isColdAtFirst: isBundled,
    command: (conf, release) => [
      ...["env", "DENO_NO_UPDATE_CHECK=1", "MALLOC_ARENA_MAX=1"],
      ...isBundled ? [`DENO_DIR=${release}/cache`] : [],
      ...diskDelayMs === undefined ? [] : slowDisk(diskDelayMs),
      ...[Deno.execPath(), "run", ...denoFlags, ...flags],
      ...[isBundled ? `${release}/${ENTRY}` : fileOf("main.ts"), "-c", conf, "-l", "log"],
    ],
    poolEntry: (port) => ({ url: URLS[pool](port), user: ACCOUNT }),
    settings: ({ load, attack }, { status }) => ({
      status: { listen: `127.0.0.1:${status}` },
      ...history ? { history: { path: HISTORY_FILE } } : {},
      // No share that is sent is assumed accepted, so that every answer is the pool's own.
      ...pool === "agent"
        ? {}
        : { submit_response_from_server: true, vardiff: { fixed: ANY_HASH } },
      advanced: {
        io_engine: engine,
        ...windowMs === undefined ? {} : { share_batch_window_ms: windowMs },
      },
      // This limit is against miners that send whenever they can, as these do.
      ...load.some((command) => command.do === "depth")
        ? { limits: { max_requests_per_second: 0 } }
        : {},
      // Attackers come from the miners' address: a ban would slow them down.
      ...attack === undefined ? {} : { limits: { ban_after_violations: 0 } },
    }),
  };
}

function historyName(diskDelayMs: number | undefined): string {
  return diskDelayMs === undefined ? "history" : `history, fsync + ${diskDelayMs} ms`;
}

/** Holds up every fsync of the command that follows; other calls are not stopped. */
function slowDisk(ms: number): string[] {
  const inject = `inject=fsync,fdatasync:delay_enter=${ms * 1000}`;
  // -D: the process that is measured stays the agent.
  return ["strace", "-D", "-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"]
    .concat("-e", "trace=fsync,fdatasync", "-e", inject);
}

/** Another agent, started by `command`, in which `{conf}` stands for its configuration file. */
export function otherAgent(command: string): Subject {
  const words = command.split(/\s+/).filter((word) => word !== "");
  return {
    name: words[0]!.split("/").at(-1)!,
    pool: "agent",
    isFloor: false,
    isBundled: false,
    hasHistory: false,
    isColdAtFirst: true,
    command: (conf) => words.map((word) => word.replaceAll("{conf}", conf)),
    poolEntry: oldEntry,
    settings: () => ({}),
  };
}

/**
 * The form that every agent reads; ours would first ask for the pool's protocol on a separate
 * connection.
 */
function oldEntry(port: number): unknown {
  return ["127.0.0.1", port, ACCOUNT];
}

/**
 * Returns the other agents, each with a name that is not in `taken`: its program's name, or else
 * its whole command.
 */
export function otherAgents(commands: readonly string[], taken: readonly string[]): Subject[] {
  const names = new Set(taken);
  return commands.map((command) => {
    const agent = otherAgent(command);
    let name = names.has(agent.name) ? command : agent.name;
    for (let n = 2; names.has(name); n++) name = `${command} (${n})`;
    names.add(name);
    return { ...agent, name };
  });
}

/** No agent: the speed of the two ends by themselves. */
export const FLOOR: Subject = {
  name: "floor",
  pool: "agent",
  isFloor: true,
  isBundled: false,
  hasHistory: false,
  isColdAtFirst: false,
  command: () => [],
  poolEntry: oldEntry,
  settings: () => ({}),
};

/** Returns an `agent_conf.json` for the subject. */
export function agentConf(
  subject: Subject,
  ports: Ports,
  what: Pick<Case, "load" | "attack" | "givesVerdicts">,
): string {
  const pool = subject.poolEntry(ports.pool);
  return JSON.stringify(
    {
      multi_user_mode: false,
      agent_type: "btc",
      always_keep_downconn: false,
      disconnect_when_lost_asicboost: true,
      use_ip_as_worker_name: false,
      submit_response_from_server: what.givesVerdicts,
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: ports.agent,
      pool_use_tls: false,
      pools: [pool, pool],
      ...subject.settings(what, ports),
    },
    null,
    2,
  );
}
