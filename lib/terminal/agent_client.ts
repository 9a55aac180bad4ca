/**
 * Asks the status server of an agent. Every answer is bounded in length and time, and what comes is
 * held to the shapes that are read here.
 */

import type { Time } from "../base/clock.ts";
import type { Reads } from "./answers.ts";

/** The longest answer, in bytes: a page of workers takes 1 KB for each. */
const MAX_BYTES = 2 * 1024 * 1024;

/** An answer must come within this time, in milliseconds. */
const PATIENCE_MS = 8_000;

/** Where an agent is, and how it is asked. */
export interface AgentPlace {
  /** The address of the status server; ends with a slash. */
  readonly url: string;
  /** The same for people. */
  readonly place: string;
  /** The bearer token; empty for none. */
  readonly token: string;
}

/** An answer, or why there is none: in a sentence with what to do, without a full stop. */
export type Asked<T> =
  | { readonly ok: true; readonly value: T }
  | {
    readonly ok: false;
    /** Whether asking again later may help. */
    readonly mayPass: boolean;
    /** The HTTP status; 0 without an answer. */
    readonly status: number;
    /** May have foreign text. */
    readonly why: string;
  };

/** Asks one agent. */
export class AgentClient {
  readonly #place: AgentPlace;
  readonly #time: Time;

  /** Asks nothing yet. */
  constructor(place: AgentPlace, time: Time) {
    this.#place = place;
    this.#time = time;
  }

  /** The answer for a path below the server's own, as `reads` reads it. */
  async get<T>(path: string, reads: Reads<T>): Promise<Asked<T>> {
    const { url, place, token } = this.#place;
    const abort = new AbortController();
    const timer = this.#time.after(PATIENCE_MS, () => abort.abort());
    try {
      const response = await fetch(new URL(path, url), {
        headers: token === "" ? {} : { authorization: `Bearer ${token}` },
        signal: abort.signal,
        // The token is for this server alone.
        redirect: "error",
      });
      const text = await bounded(response);
      if (!response.ok) return refusal(response.status, text, place);
      const value = reads(JSON.parse(text));
      return value === undefined ? notOurs(place) : { ok: true, value };
    } catch (error) {
      if (error instanceof SyntaxError || error instanceof RangeError) return notOurs(place);
      const reason = abort.signal.aborted
        ? `no answer within ${PATIENCE_MS / 1000} s`
        : causeOf(error);
      return { ok: false, mayPass: true, status: 0, why: `${place} does not answer: ${reason}` };
    } finally {
      this.#time.clear(timer);
    }
  }
}

function refusal(status: number, text: string, place: string): Asked<never> {
  const title = titleIn(text);
  if (status === 401) {
    const why = `${place} requires a token, or another one: give a file that has it with ` +
      "--token-file, or the configuration that names it with -c";
    return { ok: false, mayPass: false, status, why };
  }
  const mayPass = status >= 500 || status === 404;
  return { ok: false, mayPass, status, why: `${place} answers ${status}: ${title}` };
}

function notOurs(place: string): Asked<never> {
  const why = `${place} answers what no btcagent of this version does: is it another program, or ` +
    "an older btcagent that has to be restarted";
  return { ok: false, mayPass: false, status: 200, why };
}

/** What an error of the server says. */
function titleIn(text: string): string {
  try {
    const { title } = JSON.parse(text);
    return typeof title === "string" ? title : "no reason given";
  } catch {
    return "no reason given";
  }
}

/** The text of an answer. @throws RangeError if it is too long. */
async function bounded(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let [text, bytes] = ["", 0];
  for await (const part of response.body) {
    bytes += part.length;
    if (bytes > MAX_BYTES) throw new RangeError("The answer is too long");
    text += decoder.decode(part, { stream: true });
  }
  return text + decoder.decode();
}

/** Why a connection failed, in few words. */
function causeOf(error: unknown): string {
  const texts: string[] = [];
  for (let each: unknown = error; each instanceof Error; each = each.cause) {
    texts.push(each.message);
  }
  const text = texts.join(": ");
  if (/refused/i.test(text)) {
    return "nothing listens there; btcagent is not running, or has another status.listen";
  }
  if (/dns|lookup|resolve/i.test(text)) return "there is no such host";
  return texts.at(-1)?.split("\n")[0]?.slice(0, 200) || "the connection failed";
}
