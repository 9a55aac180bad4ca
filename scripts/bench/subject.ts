/**
 * What is measured: this agent in release form, another agent, or nothing at all (the floor).
 */

import denoJson from "../../deno.json" with { type: "json" };
import type { Case } from "./cases.ts";
import { ACCOUNT } from "./ends.ts";

/** One column of the result. */
export interface Subject {
  /** How the result names it. */
  readonly name: string;
  /** Whether there is an agent at all. */
  readonly isFloor: boolean;
  /** How to start it, in a folder of its own, with the configuration file given. */
  readonly command: (conf: string) => readonly string[];
  /** Settings of its own in a case. */
  readonly settings: (what: Pick<Case, "load">) => Readonly<Record<string, unknown>>;
}

/** Where miners and agent meet, and agent and pool. */
export interface Ports {
  /** The agent listens here. */
  readonly agent: number;
  /** The pool listens here. */
  readonly pool: number;
}

/** What can be varied about this agent. */
export interface Variation {
  /** `advanced.io_engine`. */
  readonly engine: string;
  /** `advanced.share_batch_window_ms`; `undefined` for its default. */
  readonly windowMs: number | undefined;
  /** Flags beside those of `deno task start`, such as `--cpu-prof`. */
  readonly denoFlags: readonly string[];
  /** Flags beside its `--v8-flags`. */
  readonly v8Flags: readonly string[];
}

const V8_FLAGS = "--v8-flags=";

/** This agent as `deno task start` runs it, but for the variation. */
export function ourAgent({ engine, windowMs, denoFlags, v8Flags }: Variation): Subject {
  const fileOf = (name: string) => new URL(`../../${name}`, import.meta.url).pathname;
  const words = denoJson.tasks.start.command.split(" ");
  const environment = words.slice(0, words.indexOf("deno"));
  const flags = words
    .filter((word) => word.startsWith("--"))
    .map((flag) => flag.startsWith(V8_FLAGS) ? [flag, ...v8Flags].join(",") : flag);
  const window = windowMs === undefined ? [] : [`window ${windowMs} ms`];
  return {
    name: [engine, ...window, ...denoFlags, ...v8Flags].join(", "),
    isFloor: false,
    command: (conf) => [
      ...["env", ...environment],
      ...[Deno.execPath(), "run", "--config", fileOf("deno.json"), ...denoFlags, ...flags],
      ...[fileOf("main.ts"), "-c", conf, "-l", "log"],
    ],
    settings: ({ load }) => ({
      advanced: {
        io_engine: engine,
        ...windowMs === undefined ? {} : { share_batch_window_ms: windowMs },
      },
      // A miner that sends whenever it can is what the limit is against.
      ...load.some((command) => command.do === "depth")
        ? { limits: { max_requests_per_second: 0 } }
        : {},
    }),
  };
}

/** Another agent, started by `command`, in which `{conf}` stands for its configuration file. */
export function otherAgent(command: string): Subject {
  const words = command.split(/\s+/).filter((word) => word !== "");
  return {
    name: words[0]!.split("/").at(-1)!,
    isFloor: false,
    command: (conf) => words.map((word) => word.replaceAll("{conf}", conf)),
    settings: () => ({}),
  };
}

/** No agent: what the two ends can do by themselves. */
export const FLOOR: Subject = {
  name: "floor",
  isFloor: true,
  command: () => [],
  settings: () => ({}),
};

/** An `agent_conf.json` that any agent takes. */
export function agentConf(
  subject: Subject,
  ports: Ports,
  what: Pick<Case, "load" | "givesVerdicts">,
): string {
  const pool = ["127.0.0.1", ports.pool, ACCOUNT];
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
      ...subject.settings(what),
    },
    null,
    2,
  );
}
