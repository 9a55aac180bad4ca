/**
 * Turns each read of a pool's stream into messages, in order; pure.
 *
 * Only what follows in the same read shows whether a new difficulty came with a job, so a whole
 * read is decoded before its messages are handled. If a read ends inside the line of a job, we wait
 * for the rest.
 */

import { PoolFault } from "../../base/violation.ts";
import { LineDecoder } from "../../protocol/stratum/lines.ts";
import {
  decodePoolMessage,
  MAX_POOL_LINE_BYTES,
  type PoolMessage,
} from "../../protocol/stratum/pool_message.ts";

/** How many reads we wait for the rest of a job that started after a difficulty. */
const MAX_HELD_READS = 4;

/** What has to be handled after a read. */
export interface Batch {
  /** In the order in which they came. */
  readonly messages: readonly PoolMessage[];
  /** How many came with this read; some may still wait. */
  readonly came: number;
  /** The error that broke the stream after them, to be thrown once they are handled. */
  readonly fault: { readonly error: unknown } | undefined;
}

/**
 * Whether the difficulty at a place in the messages came with a job. After a stall, a lot comes at
 * once: an answer between the two shows that the pool sent the difficulty alone.
 */
export function comesWithJob(messages: readonly PoolMessage[], at: number): boolean {
  const next = messages.slice(at + 1).find(({ kind }) => kind === "job" || kind === "answer");
  return next?.kind === "job";
}

/** The incoming side of one connection. */
export class Incoming {
  readonly #decoder = new LineDecoder(MAX_POOL_LINE_BYTES, PoolFault);
  /**
   * Messages that wait, from a difficulty on, until it is clear whether a job comes with it; and
   * for how many reads.
   */
  #held: readonly PoolMessage[] = [];
  #heldReads = 0;

  /**
   * Takes the bytes of one read.
   *
   * @param line is called for each line, including blank ones; an error that it throws ends the
   * batch there.
   */
  read(bytes: Uint8Array, line: () => void): Batch {
    const messages = [...this.#held];
    const held = messages.length;
    let fault: Batch["fault"];
    try {
      this.#decoder.push(bytes);
      for (let text = this.#decoder.next(); text; text = this.#decoder.next()) {
        line();
        if (text.length > 0) messages.push(decodePoolMessage(text));
      }
    } catch (error) {
      // Messages before the fault still count.
      fault = { error };
    }
    const came = messages.length - held;
    const lastJob = messages.findLastIndex(({ kind }) => kind === "job");
    const end = fault === undefined ? this.#holdFrom(messages, lastJob) : messages.length;
    return { messages: messages.slice(0, end), came, fault };
  }

  /** The place from which messages wait for the rest of a line. */
  #holdFrom(messages: readonly PoolMessage[], lastJob: number): number {
    const at = messages.findIndex(({ kind }, i) => kind === "difficulty" && i > lastJob);
    if (at < 0 || !this.#decoder.isInsideLine || this.#heldReads >= MAX_HELD_READS) {
      this.#held = [];
      this.#heldReads = 0;
      return messages.length;
    }
    this.#held = messages.slice(at);
    this.#heldReads++;
    return at;
  }
}
