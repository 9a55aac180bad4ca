/**
 * One request to a channel. No text that comes out of here contains an address or a token.
 */

import { AttendedTimeout } from "../../base/attended_timeout.ts";
import type { Time } from "../../base/clock.ts";
import type { ChannelRequest } from "./channel.ts";
import { shown } from "./words.ts";

/** What became of a request. */
export type Outcome =
  | { readonly ok: true; readonly answer: string }
  | {
    readonly ok: false;
    /** Why, in words. */
    readonly answer: string;
    /** Whether the receiver said so itself. */
    readonly isAnswered: boolean;
    /** Whether the same may work later. */
    readonly mayRetry: boolean;
    /** How long the receiver wants to be left alone, in milliseconds; 0 if it does not say. */
    readonly retryAfterMs: number;
  };

/** How long a request may take, in milliseconds. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** How much of an answer is read. */
const MAX_ANSWER_BYTES = 4_096;

/** How much of it is shown. */
const MAX_SHOWN = 150;

/** A receiver that asks for more is asked again after this, in milliseconds. */
const MAX_RETRY_AFTER_MS = 3_600_000;

/** What Deno's errors say, and what is said of it. The errors themselves contain the address. */
const TROUBLES: readonly (readonly [RegExp, string])[] = [
  [/proxy auth|auth failure|acceptable auth/i, "the proxy does not accept user and password"],
  [/proxy server unreachable/i, "the proxy is not reachable"],
  [/unsuccessful tunnel/i, "the proxy cannot connect to it"],
  [/dns error|lookup|name or service/i, "its name is not found"],
  [/connection refused|os error 111/i, "the connection is refused"],
  [/certificate|UnknownIssuer|NotValidForName/i, "its certificate is not accepted"],
  [/unreachable|os error 10[01]|os error 113/i, "the network is not reachable"],
  [/reset|broken pipe|closed|os error 104/i, "the connection broke off"],
  [/tls|handshake|corrupt message/i, "TLS fails"],
  [/timed out|os error 110/i, "the connection timed out"],
  [/NotCapable|requires net access/i, "Deno was given no permission for it (--allow-net)"],
  [/proxy|tunnel|socks/i, "the proxy fails"],
];

/** Sends it once. Never rejects. `signal` gives it up. */
export async function post(
  { url, headers, body }: ChannelRequest,
  { client, secrets, time, signal }: {
    readonly client: Deno.HttpClient | undefined;
    /** What no answer may show. */
    readonly secrets: readonly string[];
    readonly time: Time;
    readonly signal: AbortSignal;
  },
): Promise<Outcome> {
  const tooLong = new AbortController();
  const timeout = new AttendedTimeout(time, REQUEST_TIMEOUT_MS, () => tooLong.abort());
  try {
    const response = await fetch(url, {
      method: "POST",
      headers,
      body,
      // A redirected POST comes without its body, or where nobody meant it to.
      redirect: "manual",
      signal: AbortSignal.any([signal, tooLong.signal]),
      ...client === undefined ? {} : { client },
    });
    const text = await beginningOf(response);
    return outcomeOf(response, text, secrets, time.wallNow());
  } catch (error) {
    const answer = tooLong.signal.aborted
      ? `no answer within ${REQUEST_TIMEOUT_MS / 1000} s`
      : troubleOf(error);
    return { ok: false, answer, isAnswered: false, mayRetry: true, retryAfterMs: 0 };
  } finally {
    timeout.cancel();
  }
}

function troubleOf(error: unknown): string {
  const texts: string[] = [];
  for (let at: unknown = error; at instanceof Error && texts.length < 5; at = at.cause) {
    texts.push(`${at.name} ${at.message.replace(/ for url \([^)]*\)/, "")}`);
  }
  const text = texts.join(" ");
  return TROUBLES.find(([pattern]) => pattern.test(text))?.[1] ?? "the request fails";
}

function outcomeOf(
  response: Response,
  text: string,
  secrets: readonly string[],
  wallTime: number,
): Outcome {
  const { status } = response;
  let words = text;
  for (const secret of secrets) words = words.replaceAll(secret, "***");
  const said = shown(words.trim().replace(/\s+/g, " "), MAX_SHOWN);
  const isRedirect = status >= 300 && status < 400;
  const more = isRedirect ? "it leads elsewhere: give the address that it leads to" : said;
  const answer = `HTTP ${status}${more === "" ? "" : `: ${more}`}`;
  if (status >= 200 && status < 300) return { ok: true, answer };
  const mayRetry = status >= 500 || status === 408 || status === 425 || status === 429;
  const retryAfterMs = mayRetry ? retryAfter(response, text, wallTime) : 0;
  return { ok: false, answer, isAnswered: true, mayRetry, retryAfterMs };
}

/** When it may be tried again: by the header, in seconds or as a date, or as Telegram says it. */
function retryAfter({ headers }: Response, text: string, wallTime: number): number {
  const header = headers.get("retry-after") ?? "";
  const inBody = /"retry_after"\s*:\s*(\d{1,9}(?:\.\d{1,6})?)/.exec(text)?.[1];
  const seconds = /^\d{1,9}$/.test(header) ? Number(header) : Number(inBody ?? NaN);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - wallTime : seconds * 1000;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(0, ms), MAX_RETRY_AFTER_MS);
}

/**
 * The beginning of an answer; the rest is not read. What it is worth is known already: one that
 * breaks off or never ends must not be taken for none, or the message would be sent again.
 */
async function beginningOf({ body }: Response): Promise<string> {
  if (body === null) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  try {
    while (length < MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      text += decoder.decode(value.subarray(0, MAX_ANSWER_BYTES), { stream: true });
    }
  } catch {
    // It broke off, or took too long.
  } finally {
    await reader.cancel().catch(() => undefined);
  }
  return text.slice(0, MAX_ANSWER_BYTES);
}
