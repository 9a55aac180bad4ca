/**
 * What each read of a pool's stream brings, as messages in order; pure.
 *
 * Whether a new difficulty came with a job is known only from what follows in the same read, so a
 * read is taken apart whole. A job whose line is cut by reads is waited for.
 */

import { PoolFault } from "../../base/violation.ts";
import { LineDecoder } from "../../protocol/stratum/lines.ts";
import {
  decodePoolMessage,
  MAX_POOL_LINE_BYTES,
  type PoolMessage,
} from "../../protocol/stratum/pool_message.ts";

/** A job that began after a difficulty is waited for in this many reads. */
const MAX_HELD_READS = 4;

/** What is to be dealt with after a read. */
export interface Batch {
  /** In the order in which they came. */
  readonly messages: readonly PoolMessage[];
  /** How many came with this read; some may wait. */
  readonly came: number;
  /** What broke the stream after them, to be thrown once they are dealt with. */
  readonly fault: { readonly error: unknown } | undefined;
}

/**
 * Whether the message at a place, a difficulty, came with a job. After a stall much comes at once: an
 * answer between the two says that the pool had told the difficulty alone.
 */
export function comesWithJob(messages: readonly PoolMessage[], at: number): boolean {
  const next = messages.slice(at + 1).find(({ kind }) => kind === "job" || kind === "answer");
  return next?.kind === "job";
}

/** The incoming side of one connection. */
export class Incoming {
  readonly #decoder = new LineDecoder(MAX_POOL_LINE_BYTES, PoolFault);
  /** From a difficulty on, while it is open whether a job comes with it; and for how many reads. */
  #held: readonly PoolMessage[] = [];
  #heldReads = 0;

  /**
   * Takes the bytes of one read.
   *
   * @param line is called for each line, blank ones too; what it throws ends the batch there.
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
      // What came before it counts.
      fault = { error };
    }
    const came = messages.length - held;
    const lastJob = messages.findLastIndex(({ kind }) => kind === "job");
    const end = fault === undefined ? this.#holdFrom(messages, lastJob) : messages.length;
    return { messages: messages.slice(0, end), came, fault };
  }

  /** Where the messages begin that wait for the rest of a line. */
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
