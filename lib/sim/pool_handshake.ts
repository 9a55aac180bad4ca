/**
 * How the simulated pool answers lines, and how they change the connection's state (agent.md
 * "Handshake"). No sockets, no timers: the connection does the authorizing, which may take time.
 */

import { formatHex32 } from "../base/hex.ts";
import { formatRequestId, type RequestId } from "../protocol/stratum/request_id.ts";
import { ERROR_CODE } from "../protocol/stratum/error_code.ts";
import {
  formatErrorReply,
  formatNotification,
  formatReply,
  type Request,
} from "../protocol/stratum/message.ts";
import { filterName } from "../protocol/stratum/worker_name.ts";
import type { PoolFaults } from "./pool_faults.ts";

const UNKNOWN = 2147483647;
const AGENT_PREFIX = "btccom-agent/";
const CLIENT_AGENT_BYTES = 30;

/** How to react to a request. */
export interface Answer {
  /** Lines to send, in order. */
  readonly lines: readonly string[];
  /** Whether this request would have crashed a real pool's process. */
  readonly isFatal?: boolean;
  /** The sub-account to authorize, as it was written, if the request asks for that. */
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
  /** The mask asked for last; 0 for none yet. */
  #askedMask = 0;

  /** `extranonce1` is the connection's own; the faults are read again at each request. */
  constructor(extranonce1: number, versionMask: number, faults: () => PoolFaults) {
    this.#extranonce1 = extranonce1;
    this.#versionMask = versionMask;
    this.#faults = faults;
  }

  /** Whether jobs may be sent and frames handled. */
  get isAuthorized(): boolean {
    return this.#phase === "authorized";
  }

  /** Whether it subscribed with an agent's name; frames of other clients are ignored. */
  get isAgent(): boolean {
    return this.#isAgent;
  }

  /** Whether it gets verdicts: it must have asked for them after it was authorized. */
  get wantsVerdicts(): boolean {
    return this.#wantsVerdicts;
  }

  /** The mask shares are checked against. */
  get versionMask(): number {
    return this.#faults().versionMask ?? this.#versionMask;
  }

  /** Answers one request. Methods that are not an agent's never get an answer. */
  answer({ id, method, params }: Request): Answer {
    switch (method) {
      case "agent.get_capabilities":
        return this.#capabilities(id, params);
      case "mining.configure":
        return { lines: this.#configure(id, params) };
      case "mining.subscribe":
        return { lines: [this.#subscribe(id, params)] };
      case "mining.authorize":
        return this.#authorize(id, params);
      case "mining.suggest_target":
        return { lines: [this.#suggestTarget(id, params)] };
      default:
        return NO_ANSWER;
    }
  }

  /** Makes the answer to JSON that is not a request. */
  refuse(id: RequestId): Answer {
    return { lines: [formatErrorReply(id, ERROR_CODE.illegalParams)] };
  }

  /** Notes that authorize succeeded. */
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
    if (!Array.isArray(extensions) || !isObject(options)) {
      return [formatErrorReply(id, ERROR_CODE.illegalParams)];
    }
    const result: Record<string, unknown> = {};
    const names = extensions.filter((name): name is string => typeof name === "string");
    for (const name of names.toSorted()) {
      switch (name) {
        case "version-rolling": {
          const text = options["version-rolling.mask"];
          result[name] = typeof text === "string";
          if (typeof text !== "string") break;
          this.#askedMask = lenientHex32(text);
          result["version-rolling.mask"] = formatHex32(this.#askedMask & this.versionMask);
          break;
        }
        case "minimum-difficulty":
          result[name] = Number.isInteger(options["minimum-difficulty.value"]);
          break;
        default:
          result[name] = false;
      }
    }
    const lines = [formatReply(id, JSON.stringify(result))];
    // Whatever the request was: once a mask was asked for, it follows each answer.
    if (this.#askedMask !== 0) {
      const mask = formatHex32(this.#askedMask & this.versionMask);
      lines.push(formatNotification("mining.set_version_mask", `["${mask}"]`));
    }
    return lines;
  }

  #suggestTarget(id: RequestId, { length }: readonly unknown[]): string {
    if (this.#phase !== "connected") return formatErrorReply(id, ERROR_CODE.illegalMethod);
    return length === 0 ? formatErrorReply(id, ERROR_CODE.illegalParams) : formatReply(id, "true");
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
      return { lines: [formatErrorReply(id, ERROR_CODE.notSubscribed)] };
    }
    const [account] = filterName(typeof user === "string" ? user : "").split(".");
    return { lines: [], authorize: { id, account: account! } };
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads hex as the pool does: with or without `0x`, the low 32 bits of any length, 0 if there is
 * none.
 */
function lenientHex32(text: string): number {
  const [, digits = ""] = /^\s*(?:0x)?([0-9a-f]+)/i.exec(text) ?? [];
  return Number(BigInt.asUintN(32, BigInt(`0x0${digits}`)));
}
