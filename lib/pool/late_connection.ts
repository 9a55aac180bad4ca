/**
 * A connection of a kind whose files are loaded when the first one is opened, so that a proxy
 * without such a pool saves their memory.
 */

import type {
  EndCause,
  PoolConnection,
  PoolConnectionOptions,
  PoolConnectionOwner,
  ReadyUpstream,
} from "./connection.ts";
import { endReason } from "./end_reason.ts";

/** Stands for the connection that is opened once its files are there. */
export class LateConnection implements PoolConnection, PoolConnectionOwner {
  readonly name: string;
  readonly #owner: PoolConnectionOwner;
  /** The one it stands for; `undefined` before. */
  #inner: PoolConnection | undefined;
  #isOver = false;

  /**
   * Opens a connection with `options`, except their owner, once `opening` has loaded the opener.
   */
  constructor(
    options: PoolConnectionOptions,
    opening: Promise<(options: PoolConnectionOptions) => PoolConnection>,
  ) {
    this.name = options.name;
    this.#owner = options.owner;
    opening.then(
      (open) => {
        if (!this.#isOver) this.#inner = open({ ...options, owner: this });
      },
      (error) => this.#fail(error),
    );
  }

  get bytesRead(): number {
    return this.#inner?.bytesRead ?? 0;
  }

  get bytesWritten(): number {
    return this.#inner?.bytesWritten ?? 0;
  }

  get waitingBytes(): number {
    return this.#inner?.waitingBytes ?? 0;
  }

  get messagesRead(): number {
    return this.#inner?.messagesRead ?? 0;
  }

  get messagesWritten(): number {
    return this.#inner?.messagesWritten ?? 0;
  }

  get messagesIgnored(): number {
    return this.#inner?.messagesIgnored ?? 0;
  }

  tick(): void {
    this.#inner?.tick();
  }

  flush(): void {
    this.#inner?.flush();
  }

  close(): void {
    this.#isOver = true;
    this.#inner?.close();
  }

  ready(_inner: PoolConnection, upstream: ReadyUpstream): void {
    this.#owner.ready(this, upstream);
  }

  replace(): boolean {
    return this.#owner.replace?.(this) ?? false;
  }

  ended(_inner: PoolConnection, reason: string, cause: EndCause): void {
    this.#isOver = true;
    this.#owner.ended(this, reason, cause);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const reason = `btcagent cannot load its own files for this kind of pool: ${endReason(error)}`;
    this.#owner.ended(this, reason, "connection");
  }
}
