/**
 * What an engine reported, and a way to wait for it.
 */

import type { EngineEvents, PeerFault } from "../../lib/net/miners/engine.ts";
import type { PeerAddress } from "../../lib/base/peer_address.ts";
import { PATIENCE_MS } from "./patience.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Records the events of an engine. */
export class EngineRecord implements EngineEvents {
  /** Handles in the order they opened. */
  readonly opens: number[] = [];
  /** The address of each. */
  readonly from: Map<number, PeerAddress> = new Map();
  /** The bytes that each handle has received. */
  readonly text: Map<number, string> = new Map();
  /** `[handle, reason]` of each that closed by itself. */
  readonly closes: (readonly [number, string])[] = [];
  /**
   * Handles of those that had bytes waiting when they were closed from here, once they are gone.
   */
  readonly ends: number[] = [];
  /** The faults of those that were closed for one. */
  readonly faults: PeerFault[] = [];
  /** What kept connections from being accepted. */
  readonly acceptFailures: unknown[] = [];
  /** The news for each handle, which it is given once. */
  readonly fresh: Map<number, string> = new Map();
  /** How long each round took. */
  readonly rounds: number[] = [];
  /** Whether connections are accepted. */
  letsIn = true;
  /** Called with all bytes that arrive. */
  onText: (handle: number, text: string) => void = () => {};
  #waiters: (() => void)[] = [];

  opened(handle: number, from: PeerAddress): boolean {
    this.opens.push(handle);
    this.from.set(handle, from);
    this.text.set(handle, "");
    this.#changed();
    return this.letsIn;
  }

  received(handle: number, bytes: Uint8Array): void {
    const text = decoder.decode(bytes);
    this.text.set(handle, this.text.get(handle)! + text);
    this.onText(handle, text);
    this.#changed();
  }

  closed(handle: number, reason: string, fault?: PeerFault): void {
    this.closes.push([handle, reason]);
    if (fault !== undefined) this.faults.push(fault);
    this.#changed();
  }

  ended(handle: number): void {
    this.ends.push(handle);
    this.#changed();
  }

  acceptFailed(error: unknown): void {
    this.acceptFailures.push(error);
    this.#changed();
  }

  news(handle: number): Uint8Array | undefined {
    const text = this.fresh.get(handle);
    this.fresh.delete(handle);
    return text === undefined ? undefined : encoder.encode(text);
  }

  roundEnded(ms: number): void {
    this.rounds.push(ms);
  }

  /**
   * Resolves when `condition` is true, which is checked after every report. Rejects if that takes
   * too long.
   */
  async when(condition: () => boolean): Promise<void> {
    if (condition()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (condition()) resolve();
      else this.#waiters.push(look);
    };
    this.#waiters.push(look);
    const deadline = setTimeout(
      () => reject(new Error(`Waited in vain: ${condition}`)),
      PATIENCE_MS,
    );
    await promise.finally(() => clearTimeout(deadline));
  }

  #changed(): void {
    for (const look of this.#waiters.splice(0)) look();
  }
}
