/**
 * What is measured: this agent in release form, another agent, or nothing at all (the floor).
 */

import denoJson from "../../deno.json" with { type: "json" };
import { ACCOUNT } from "./ends.ts";

/** One column of the result. */
export interface Subject {
  /** How the result names it. */
  readonly name: string;
  /** Whether there is an agent at all. */
  readonly isFloor: boolean;
  /** How to start it with the configuration file given. */
  readonly command: (conf: string, logDir: string) => readonly string[];
  /** Settings of its own. */
  readonly advanced: Readonly<Record<string, unknown>>;
}

/** Where miners and agent meet, and agent and pool. */
export interface Ports {
  /** The agent listens here. */
  readonly agent: number;
  /** The pool listens here. */
  readonly pool: number;
}

/** This agent, exactly as `deno task start` runs it. */
export function ourAgent(
  engine: string,
  windowMs: number | undefined,
  denoFlags: readonly string[] = [],
): Subject {
  const [, run, ...flags] = denoJson.tasks.start.command.split(" ");
  const main = new URL("../../main.ts", import.meta.url).pathname;
  const options = flags.filter((flag) => flag !== "main.ts");
  const window = windowMs === undefined ? "" : `, window ${windowMs} ms`;
  const extra = denoFlags.length === 0 ? "" : `, ${denoFlags.join(" ")}`;
  return {
    name: `${engine}${window}${extra}`,
    isFloor: false,
    command: (conf, logDir) => [
      Deno.execPath(),
      run!,
      ...denoFlags,
      ...options,
      main,
      "-c",
      conf,
      "-l",
      logDir,
    ],
    advanced: {
      io_engine: engine,
      ...windowMs === undefined ? {} : { share_batch_window_ms: windowMs },
    },
  };
}

/** Another agent, started by `command`, in which `{conf}` stands for its configuration file. */
export function otherAgent(command: string): Subject {
  const words = command.split(/\s+/).filter((word) => word !== "");
  return {
    name: words[0]!.split("/").at(-1)!,
    isFloor: false,
    command: (conf) => words.map((word) => word.replaceAll("{conf}", conf)),
    advanced: {},
  };
}

/** No agent: what the two ends can do by themselves. */
export const FLOOR: Subject = {
  name: "floor",
  isFloor: true,
  command: () => [],
  advanced: {},
};

/** An `agent_conf.json` that any agent takes. */
export function agentConf(subject: Subject, ports: Ports, givesVerdicts: boolean): string {
  const pool = ["127.0.0.1", ports.pool, ACCOUNT];
  return JSON.stringify(
    {
      multi_user_mode: false,
      agent_type: "btc",
      always_keep_downconn: false,
      disconnect_when_lost_asicboost: true,
      use_ip_as_worker_name: false,
      submit_response_from_server: givesVerdicts,
      agent_listen_ip: "127.0.0.1",
      agent_listen_port: ports.agent,
      pool_use_tls: false,
      pools: [pool, pool],
      advanced: subject.advanced,
    },
    null,
    2,
  );
}
