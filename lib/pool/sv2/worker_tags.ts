/**
 * The names of workers as shares carry them, where the pool wants to see each worker.
 */

import type { RequestExtensionsSuccess } from "../../protocol/sv2/extension.ts";
import { WORKER_NAMES_EXTENSION, workerNameBytes } from "../../protocol/sv2/worker_name.ts";

/** Stands for a miner that is not known any more: every share needs a name. */
const UNKNOWN: Uint8Array = workerNameBytes("unknown");

/** A miner's name, and how often the miner works here: 0 while its last shares are judged. */
interface Tag {
  bytes: Uint8Array;
  stays: number;
}

/** The names of one connection's miners. */
export class WorkerTags {
  readonly #tags = new Map<number, Tag>();

  /** A miner works here. */
  enter(sessionId: number, name: string): void {
    const bytes = workerNameBytes(name);
    const tag = this.#tags.get(sessionId);
    if (tag === undefined) return void this.#tags.set(sessionId, { bytes, stays: 1 });
    tag.bytes = bytes;
    tag.stays++;
  }

  /** A miner stops working here; its last shares still carry its name. */
  leave(sessionId: number): void {
    const tag = this.#tags.get(sessionId);
    if (tag !== undefined) tag.stays--;
  }

  /** No share of a miner that left waits any more. */
  settled(sessionId: number): void {
    if ((this.#tags.get(sessionId)?.stays ?? 1) <= 0) this.#tags.delete(sessionId);
  }

  /** The name of a miner, 1 to 32 bytes. */
  of(sessionId: number): Uint8Array {
    const bytes = this.#tags.get(sessionId)?.bytes;
    return bytes === undefined || bytes.length === 0 ? UNKNOWN : bytes;
  }

  /** Whether an answer of the pool allows names. */
  isGranted({ extensions }: Pick<RequestExtensionsSuccess, "extensions">): boolean {
    return extensions.includes(WORKER_NAMES_EXTENSION);
  }
}
