/**
 * Delivers messages to one channel: in order, with retries, and a bounded number of them waiting.
 * A channel that fails costs a log line, and one more when it works again.
 */

import type { Time, Timer } from "../../base/clock.ts";
import { areaLog } from "../log.ts";
import type { Message } from "./message.ts";
import type { Outcome } from "./post.ts";

/** How a message is sent once. */
export type Send = (message: Message, signal: AbortSignal) => Promise<Outcome>;

/** What became of the messages of a channel. */
export interface DeliveryReport {
  /** The channel. */
  readonly channel: string;
  /** Messages that the channel took. */
  readonly sent: number;
  /** Messages that were given up. */
  readonly failed: number;
  /** Messages that were dropped because too many waited. */
  readonly dropped: number;
  /** Messages that wait, the one being sent included. */
  readonly waiting: number;
  /** Why the last attempt failed; empty if it did not. */
  readonly trouble: string;
}

/** The most messages that wait; then the oldest is dropped. */
export const MAX_WAITING = 100;

/** How often a message is tried again. */
export const MAX_RETRIES = 5;

/** The first wait, in milliseconds; each further one is three times as long, up to 405 s. */
const FIRST_RETRY_MS = 5_000;

const log = areaLog("agent");

/** Messages on their way to one channel. */
export class Delivery {
  readonly #channel: string;
  readonly #send: Send;
  readonly #time: Time;
  readonly #stopping = new AbortController();
  #waiting: Message[] = [];
  #isBusy = false;
  #attempts = 0;
  #retry: Timer | undefined;
  #sent = 0;
  #failed = 0;
  #dropped = 0;
  #trouble = "";
  /** What was lost since the log said that the channel fails. */
  #lost = 0;

  /** Sends nothing yet. `channel` names it in the log. */
  constructor(channel: string, send: Send, time: Time) {
    this.#channel = channel;
    this.#send = send;
    this.#time = time;
  }

  /** What became of the messages so far. */
  get report(): DeliveryReport {
    return {
      channel: this.#channel,
      sent: this.#sent,
      failed: this.#failed,
      dropped: this.#dropped,
      waiting: this.#waiting.length,
      trouble: this.#trouble,
    };
  }

  /** Sends a message as soon as those before it are sent or given up. */
  add(message: Message): void {
    if (this.#stopping.signal.aborted) return;
    this.#waiting.push(message);
    if (this.#waiting.length > MAX_WAITING) {
      // The first is on its way, or was.
      const isFirst = !this.#isBusy;
      this.#waiting.splice(isFirst ? 0 : 1, 1);
      if (isFirst) this.#attempts = 0;
      this.#dropped++;
      this.#lost++;
    }
    if (!this.#isBusy && this.#retry === undefined) void this.#sendFirst();
  }

  /** Gives up all that waits. */
  stop(): void {
    this.#stopping.abort();
    this.#time.clear(this.#retry);
    this.#retry = undefined;
    this.#waiting = [];
  }

  async #sendFirst(): Promise<void> {
    this.#retry = undefined;
    const [message] = this.#waiting;
    if (message === undefined) return;
    this.#isBusy = true;
    const outcome = await this.#send(message, this.#stopping.signal);
    this.#isBusy = false;
    if (this.#stopping.signal.aborted) return;
    const waitMs = outcome.ok ? this.#delivered() : this.#refused(outcome);
    this.#retry = this.#waiting.length === 0
      ? undefined
      : this.#time.after(waitMs, () => void this.#sendFirst());
  }

  /** @returns how long to wait before the next one. */
  #delivered(): number {
    this.#sent++;
    this.#next();
    if (this.#trouble === "") return 0;
    const lost = this.#lost;
    this.#trouble = "";
    this.#lost = 0;
    log.info("Messages reach {channel} again; {lost} were lost", { channel: this.#channel, lost });
    return 0;
  }

  /** @returns how long to wait before the next attempt. */
  #refused({ answer, mayRetry, retryAfterMs }: Outcome & { readonly ok: false }): number {
    if (this.#trouble === "") {
      log.warn(
        "Cannot send a message to {channel}: {answer}. {next}; this is logged once until " +
          "messages arrive again. Try it with btcagent notify --test",
        {
          channel: this.#channel,
          answer,
          next: mayRetry ? `Trying again up to ${MAX_RETRIES} times` : "The message is lost",
        },
      );
    }
    this.#trouble = answer;
    const backoffMs = FIRST_RETRY_MS * 3 ** this.#attempts * (0.75 + this.#time.random() / 2);
    if (mayRetry && this.#attempts < MAX_RETRIES) {
      this.#attempts++;
      return Math.max(backoffMs, retryAfterMs);
    }
    this.#failed++;
    this.#lost++;
    this.#next();
    return Math.max(FIRST_RETRY_MS, retryAfterMs);
  }

  #next(): void {
    this.#waiting.shift();
    this.#attempts = 0;
  }
}
