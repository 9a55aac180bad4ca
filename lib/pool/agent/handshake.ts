/**
 * The handshake with a pool (agent.md "Handshake"): capabilities, configure, subscribe, authorize,
 * then capabilities again so that verdicts are switched on; pure.
 *
 * The last step waits for the authorize answer: sent earlier, the pool acknowledges it, but it has
 * no effect.
 */

import { AGENT_EXTRANONCE2_BYTES, ASKED_CAPABILITIES } from "../../base/agent_pool.ts";
import { parseHex32 } from "../../base/hex.ts";
import { isDifficulty } from "../../protocol/stratum/difficulty.ts";
import { type Job, parseNotify } from "../../protocol/stratum/job.ts";
import { formatRequest, quote, type StratumMessage } from "../../protocol/stratum/message.ts";
import { PoolFault } from "../../base/violation.ts";
import { AUTHORIZE_REFUSED } from "../end_reason.ts";
import { jobForMiners } from "./pool_job.ts";

/** First parameter of subscribe for this `version` of btcagent. */
export function clientAgentName(version: string): string {
  return `btccom-agent/${version}-deno`;
}

/** The steps, in order, each with its name for the operator while its answer is missing. */
const STEPS = {
  caps: "its capabilities",
  conf: "the version mask",
  sub: "the subscribe answer",
  auth: "the authorize answer",
  verdicts: "the switch to verdicts",
} as const;

type Step = keyof typeof STEPS;

/** What a handshake can still lack. */
export type Missing = "caps" | "conf" | "sub" | "auth" | "verdicts" | "difficulty" | "job";

/** How an agent introduces itself. */
export interface Introduction {
  /** First parameter of subscribe; must begin with `btccom-agent/`. */
  readonly clientAgent: string;
  /** The sub-account. */
  readonly account: string;
  /** Whether to ask for the pool's verdicts, if it offers them. */
  readonly wantsVerdicts: boolean;
}

/** What both sides know once the handshake is done. */
export interface Agreement {
  /** The pool's id of this connection, which goes into every coinbase. */
  readonly poolExtranonce1: number;
  /** The version bits that can be submitted; 0 without the capability `verrol`. */
  readonly versionMask: number;
  /** Whether each share gets a verdict. */
  readonly givesVerdicts: boolean;
  /** The difficulty every miner starts at. */
  readonly difficulty: number;
  /** The newest job; coinbase part 1 already ends with `poolExtranonce1`. */
  readonly job: Job;
}

/** One handshake under way. */
export class PoolHandshake {
  readonly #introduction: Introduction;
  readonly #answered = new Set<Step>();
  #askedForVerdicts = false;
  #capabilities: ReadonlySet<unknown> = new Set();
  #versionMask = 0;
  #poolExtranonce1 = 0;
  #difficulty: number | undefined;
  #job: Job | undefined;

  /** Nothing has been sent yet. */
  constructor(introduction: Introduction) {
    this.#introduction = introduction;
  }

  /** The lines to begin with. */
  begin(): readonly string[] {
    const { clientAgent, account } = this.#introduction;
    const mask = {
      "version-rolling.mask": "ffffffff",
      "version-rolling.min-bit-count": 0,
    };
    return [
      formatRequest("caps", "agent.get_capabilities", ASKED_CAPABILITIES),
      formatRequest("conf", "mining.configure", [["version-rolling"], mask]),
      formatRequest("sub", "mining.subscribe", [clientAgent]),
      formatRequest("auth", "mining.authorize", [account, ""]),
    ];
  }

  /** What both agreed on, once everything is there. @throws PoolFault `bad-job`, `job-too-long`. */
  get agreement(): Agreement | undefined {
    if (this.waitingFor !== undefined) return undefined;
    return {
      poolExtranonce1: this.#poolExtranonce1,
      versionMask: this.#capabilities.has("verrol") ? this.#versionMask : 0,
      givesVerdicts: this.#answered.has("verdicts"),
      difficulty: this.#difficulty!,
      job: jobForMiners(this.#job!, this.#poolExtranonce1),
    };
  }

  /** The first thing still missing; `undefined` when done. */
  get missing(): Missing | undefined {
    const step = this.#steps().find((step) => !this.#answered.has(step));
    if (step !== undefined) return step;
    if (this.#difficulty === undefined) return "difficulty";
    return this.#job === undefined ? "job" : undefined;
  }

  /** The same in words. */
  get waitingFor(): string | undefined {
    const { missing } = this;
    if (missing === undefined) return undefined;
    return missing === "difficulty" || missing === "job" ? `a ${missing}` : STEPS[missing];
  }

  /** What the pool says it can do, once it has. */
  get capabilities(): ReadonlySet<unknown> {
    return this.#capabilities;
  }

  /**
   * Takes one message of the pool and returns the lines it calls for.
   *
   * @throws PoolFault when the pool does not speak the agent protocol, or refuses us.
   */
  receive(message: StratumMessage): readonly string[] {
    if (message.kind === "request") this.#notified(message.method, message.params);
    if (message.kind !== "reply") return [];
    switch (message.id) {
      case '"caps"':
        this.#capabilitiesAnswered(message.result);
        return this.#askForVerdicts();
      case '"conf"':
        this.#configureAnswered(message.result);
        return [];
      case '"sub"':
        this.#subscribeAnswered(message.result, message.error);
        return [];
      case '"auth"':
        this.#authorizeAnswered(message.result, message.error);
        return this.#askForVerdicts();
      case '"verdicts"':
        this.#answered.add("verdicts");
        return [];
      default:
        return [];
    }
  }

  #steps(): Step[] {
    const steps: Step[] = ["caps", "conf", "sub", "auth"];
    return this.#offersVerdicts() ? [...steps, "verdicts"] : steps;
  }

  /** Asks once, when both the capabilities and the authorize answer have come, in any order. */
  #askForVerdicts(): readonly string[] {
    if (this.#askedForVerdicts || !this.#answered.has("auth") || !this.#offersVerdicts()) return [];
    this.#askedForVerdicts = true;
    return [formatRequest("verdicts", "agent.get_capabilities", ASKED_CAPABILITIES)];
  }

  #offersVerdicts(): boolean {
    return this.#introduction.wantsVerdicts && this.#capabilities.has("subres");
  }

  #notified(method: string, params: readonly unknown[]): void {
    switch (method) {
      case "mining.set_difficulty":
        // Only the first one is for every miner; later ones are for the connection itself, which is
        // idle.
        this.#difficulty ??= parseDifficulty(params);
        break;
      case "mining.notify":
        this.#job = parseNotify(params);
        break;
      case "mining.set_version_mask":
        this.#versionMask = parseVersionMask(params);
        break;
    }
  }

  #capabilitiesAnswered(result: unknown): void {
    const capabilities = field(result, "capabilities");
    if (!Array.isArray(capabilities)) {
      refuse("it does not answer agent.get_capabilities with its capabilities");
    }
    this.#capabilities = new Set(capabilities);
    this.#answered.add("caps");
  }

  #configureAnswered(result: unknown): void {
    const mask = field(result, "version-rolling.mask");
    const isRolling = field(result, "version-rolling") === true;
    this.#versionMask = (isRolling && typeof mask === "string" ? parseHex32(mask) : 0) ?? 0;
    this.#answered.add("conf");
  }

  #subscribeAnswered(result: unknown, error: unknown): void {
    if (!Array.isArray(result)) refuse(`it answers subscribe with ${describe(error)}`);
    const [, extranonce1, extranonce2Bytes] = result;
    if (extranonce2Bytes !== AGENT_EXTRANONCE2_BYTES) {
      refuse(
        `its extranonce2 has ${
          describe(extranonce2Bytes)
        } bytes, wanted ${AGENT_EXTRANONCE2_BYTES}`,
      );
    }
    if (typeof extranonce1 !== "string" || !/^[0-9a-fA-F]{8}$/.test(extranonce1)) {
      refuse(`its extranonce1 is ${describe(extranonce1)}, wanted 8 hex digits`);
    }
    this.#poolExtranonce1 = parseInt(extranonce1, 16);
    this.#answered.add("sub");
  }

  #authorizeAnswered(result: unknown, error: unknown): void {
    if (result !== true) {
      throw new PoolFault(
        AUTHORIZE_REFUSED,
        `Cannot authorize as sub-account ${quote(this.#introduction.account)}: the pool answers ` +
          `${describe(error)}; check the sub-account's name at the pool`,
      );
    }
    this.#answered.add("auth");
  }
}

/** Reads `mining.set_difficulty`. @throws PoolFault `bad-difficulty`. */
function parseDifficulty(params: readonly unknown[]): number {
  const [difficulty] = params;
  if (isDifficulty(difficulty)) return difficulty;
  throw new PoolFault(
    "bad-difficulty",
    `Cannot use a difficulty of the pool: found ${describe(difficulty)}, wanted a number above ` +
      `0, up to 2^63`,
  );
}

/** Reads `mining.set_version_mask`. @throws PoolFault `bad-version-mask`. */
export function parseVersionMask(params: readonly unknown[]): number {
  const mask = typeof params[0] === "string" ? parseHex32(params[0]) : undefined;
  if (mask !== undefined) return mask;
  throw new PoolFault(
    "bad-version-mask",
    `Cannot use a version mask of the pool: found ${describe(params[0])}, wanted 1 to 8 hex digits`,
  );
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

/** A pool's error is usually [code, text, null]. */
function describe(value: unknown): string {
  return Array.isArray(value)
    ? `[${value.slice(0, 2).map(describeItem).join(", ")}]`
    : describeItem(value);
}

/** Objects are not looked into: a hostile one cannot even be printed. */
function describeItem(value: unknown): string {
  if (typeof value === "string") return quote(value);
  return typeof value === "object" && value !== null ? "an object" : String(value);
}

function refuse(why: string): never {
  throw new PoolFault(
    "not-an-agent-pool",
    `This pool does not speak the agent protocol: ${why}; ` +
      "use the address that your pool gives for BTCAgent",
  );
}
