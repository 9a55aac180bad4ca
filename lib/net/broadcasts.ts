/**
 * The messages an engine has on their way to many, and which of them is next: one that drops all
 * earlier ones goes before those that do not, since every moment a miner works on for nothing.
 *
 * What it overtook goes on afterwards to those who were not given anything newer.
 */

import type { Replaceable } from "./engine.ts";

/** One replaceable message on its way to many, inside an engine. */
export interface Broadcast {
  /** To whom. */
  readonly handles: readonly number[];
  /** What. */
  readonly message: Replaceable;
  /** Its number: whoever was given a later one is passed over. */
  readonly sequence: number;
  /** When it was given to the engine, in milliseconds, monotonic. */
  readonly givenAt: number;
  /** The place in `handles` that is next. */
  next: number;
}

/** See the head of this file. */
export class Broadcasts {
  readonly #waiting: Broadcast[] = [];

  /** The one to go on with; `undefined` for none. */
  get next(): Broadcast | undefined {
    return this.#waiting[0];
  }

  /** Takes one in. @returns whether it is the only one. */
  add(broadcast: Broadcast): boolean {
    const place = isClean(broadcast) ? this.#waiting.findIndex((other) => !isClean(other)) : -1;
    this.#waiting.splice(place < 0 ? this.#waiting.length : place, 0, broadcast);
    return this.#waiting.length === 1;
  }

  /** It has been handed to all. */
  done(broadcast: Broadcast): void {
    const place = this.#waiting.indexOf(broadcast);
    if (place >= 0) this.#waiting.splice(place, 1);
  }

  /** Leaves undone what is not done. */
  clear(): void {
    this.#waiting.length = 0;
  }
}

function isClean({ message }: Broadcast): boolean {
  return message.line === message.cleanLine;
}
