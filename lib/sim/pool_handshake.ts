/**
 * What the simulated pool answers to lines, and what they make of the connection (agent.md
 * "Handshake"). No sockets, no timers: authorizing is left to the connection, which may take its
 * time.
 */

import { formatHex32, parseHex32 } from "../base/hex.ts";
import type { RequestId } from "../protocol/request_id.ts";
import { formatRequestId } from "../protocol/request_id.ts";
import { STATUS } from "../protocol/status.ts";
import {
  formatErrorReply,
  formatNotification,
  formatReply,
  type Request,
} from "../protocol/stratum_message.ts";
import { filterName } from "../protocol/worker_name.ts";
import type { PoolFaults } from "./pool_faults.ts";

const UNKNOWN = 2147483647;
const AGENT_PREFIX = "btccom-agent/";
const CLIENT_AGENT_BYTES = 30;

/** What to do about a request. */
export interface Answer {
  /** Lines to send, in order. */
  readonly lines: readonly string[];
  /** Whether the connection asked a question a real pool's process would not have survived. */
  readonly isFatal?: boolean;
  /** The sub-account to authorize, if that is what was asked. */
  readonly authorize?: { readonly id: RequestId; readonly account: string };
}

const NO_ANSWER: Answer = { lines: [] };

/** The line side of one connection. */
export class PoolHandshake {
  readonly #extranonce1: number;
  readonly #versionMask: number;
  readonly #faults: () => PoolFaults;
  #phase: "connected" | "subscribed" | "authorized" = "connected";
  #isAgent = false;
  #wantsVerdicts = false;

  /** `extranonce1` is the connection's own; the faults are asked for at each request. */
  constructor(extranonce1: number, versionMask: number, faults: () => PoolFaults) {
    this.#extranonce1 = extranonce1;
    this.#versionMask = versionMask;
    this.#faults = faults;
  }

  /** Whether jobs may be sent and frames taken. */
  get isAuthorized(): boolean {
    return this.#phase === "authorized";
  }

  /** Whether it subscribed with an agent's name; frames of others are ignored. */
  get isAgent(): boolean {
    return this.#isAgent;
  }

  /** Whether it gets verdicts: it asked after it was authorized. */
  get wantsVerdicts(): boolean {
    return this.#wantsVerdicts;
  }

  /** The mask shares are checked against. */
  get versionMask(): number {
    return this.#faults().versionMask ?? this.#versionMask;
  }

  /** Takes one request. */
  answer(request: Request): Answer {
    const id = poolId(request.id);
    switch (request.method) {
      case "agent.get_capabilities":
        return this.#capabilities(id, request.params);
      case "mining.configure":
        return { lines: this.#configure(id, request.params) };
      case "mining.subscribe":
        return { lines: [this.#subscribe(id, request.params)] };
      case "mining.authorize":
        return this.#authorize(id, request.params);
      case "mining.submit":
        return this.isAuthorized ? NO_ANSWER : {
          lines: [
            formatErrorReply(id, STATUS.unauthorized),
            formatNotification("client.reconnect", "[]"),
          ],
        };
      default:
        return this.isAuthorized
          ? NO_ANSWER
          : { lines: [formatErrorReply(id, STATUS.illegalMethod)] };
    }
  }

  /** The answer to JSON that is no request. */
  refuse(id: RequestId): Answer {
    return { lines: [formatErrorReply(poolId(id), STATUS.illegalParams)] };
  }

  /** Authorize succeeded. */
  authorized(): void {
    this.#phase = "authorized";
  }

  #capabilities(id: RequestId, params: readonly unknown[]): Answer {
    const { hasNoVerrol, hasNoSubres } = this.#faults();
    const [asked] = params;
    const own = [...hasNoVerrol ? [] : ["verrol"], ...hasNoSubres ? [] : ["subres"]];
    if (
      this.isAuthorized && this.#isAgent && !hasNoSubres && Array.isArray(asked) &&
      asked.includes("subres")
    ) this.#wantsVerdicts = true;
    return {
      lines: [
        `{"id":${formatRequestId(id)},"result":{"capabilities":${JSON.stringify(own)}}}`,
      ],
      isFatal: params.length === 0,
    };
  }

  #configure(id: RequestId, [extensions, options]: readonly unknown[]): string[] {
    if (!Array.isArray(extensions)) return [formatErrorReply(id, STATUS.illegalParams)];
    const result: Record<string, unknown> = {};
    let asked = 0;
    for (const extension of extensions.map(String).sort()) {
      result[extension] = extension === "version-rolling";
      if (extension !== "version-rolling") continue;
      const text = (options as Record<string, unknown> | undefined)?.["version-rolling.mask"];
      asked = typeof text === "string" ? parseHex32(text) ?? 0 : 0;
      result["version-rolling.mask"] = formatHex32(asked & this.versionMask);
    }
    const lines = [formatReply(id, JSON.stringify(result))];
    if (asked !== 0) {
      const mask = formatHex32(asked & this.versionMask);
      lines.push(formatNotification("mining.set_version_mask", `["${mask}"]`));
    }
    return lines;
  }

  #subscribe(id: RequestId, [clientAgent]: readonly unknown[]): string {
    if (this.#phase !== "connected") return formatErrorReply(id, UNKNOWN);
    this.#phase = "subscribed";
    this.#isAgent = typeof clientAgent === "string" &&
      filterName(clientAgent.slice(0, CLIENT_AGENT_BYTES)).startsWith(AGENT_PREFIX);
    const own = formatHex32(this.#extranonce1);
    const subscriptions = [["mining.set_difficulty", own], ["mining.notify", own]];
    return formatReply(
      id,
      JSON.stringify([subscriptions, own, this.#faults().extranonce2Size]),
    );
  }

  #authorize(id: RequestId, [user]: readonly unknown[]): Answer {
    if (this.#phase !== "subscribed") {
      return { lines: [formatErrorReply(id, STATUS.notSubscribed)] };
    }
    const [account] = filterName(typeof user === "string" ? user : "").toLowerCase().split(".");
    return { lines: [], authorize: { id, account: account! } };
  }
}

/** Ids as the pool gives them back: whole numbers and texts as they came, all else as null. */
function poolId(id: RequestId): RequestId {
  return typeof id !== "string" || id.startsWith('"') || /^-?\d+$/.test(id) ? id : null;
}
