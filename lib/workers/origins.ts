/**
 * Gives a small number to each origin: a combination of software, network and sub-account. A share
 * is counted for all three at once by that number.
 *
 * There are at most {@linkcode MAX_ORIGINS} origins, and at most {@linkcode MAX_OF_SUBNET} in one
 * network: a miner that changes its software name with each connection takes no numbers from other
 * networks. When there is no free number, a miner gets number 0, "others". A number is given again
 * only after its miners are gone, their shares are judged, and the last day has no count under it.
 */

import { printable } from "../base/printable.ts";

/** The most origins at a time, "others" included. */
export const MAX_ORIGINS = 1_024;

/** The most origins in one network. */
export const MAX_OF_SUBNET = 128;

/** The software, network and sub-account of origin 0. */
export const OTHERS = "others";

/** Longer names are cut to this many characters. */
const MAX_NAME = 64;

/** The software, network and sub-account that a group of miners shares. */
export interface Origin {
  /** Their user agent; may be empty. */
  readonly software: string;
  /** Their network, as `base/subnet.ts` gives it. */
  readonly subnet: string;
  /** Their sub-account; empty in single-user mode, and before a miner has logged in. */
  readonly account: string;
}

/** The origins in use, and their numbers. */
export class Origins {
  readonly #numbers = new Map<string, number>();
  /** By number: the origin as one text, which is smaller than an object. */
  readonly #texts: (string | undefined)[] = [textOf({
    software: OTHERS,
    subnet: OTHERS,
    account: OTHERS,
  })];
  readonly #free: number[] = [];
  readonly #ofSubnet = new Map<string, number>();
  /**
   * By number: connected miners, rows that count under it, and the step in which a miner last left.
   */
  readonly #miners = new Uint32Array(MAX_ORIGINS);
  readonly #holds = new Uint32Array(MAX_ORIGINS);
  readonly #leftIn = new Uint32Array(MAX_ORIGINS);
  #step = 0;

  /** A miner connected. @returns the number of its origin; 0 if no number is free. */
  enter(origin: Origin): number {
    const text = textOf(origin);
    const number = this.#numbers.get(text) ?? this.#add(text, origin.subnet);
    if (number > 0) this.#miners[number]!++;
    return number;
  }

  /** A miner of this origin disconnected. */
  leave(number: number): void {
    if (number === 0) return;
    this.#miners[number]!--;
    this.#leftIn[number] = this.#step;
  }

  /** A row counts under this number from now on: it must not be given to another origin. */
  hold(number: number): void {
    this.#holds[number]!++;
  }

  /** A row no longer counts under this number. */
  release(number: number): void {
    this.#holds[number]!--;
  }

  /** The origin with this number. */
  of(number: number): Origin {
    const [subnet, account, software] = this.#texts[number]!.split("\n");
    return { subnet: subnet!, account: account!, software: software! };
  }

  /** The network of the origin with this number; `undefined` if the number is free. */
  subnetOf(number: number): string | undefined {
    const text = this.#texts[number];
    return text?.slice(0, text.indexOf("\n"));
  }

  /**
   * Ends a step of time, and frees numbers that are no longer used. It waits for one whole step
   * after the last miner left: by then its shares are judged.
   */
  endStep(): void {
    this.#step++;
    for (const [text, number] of this.#numbers) {
      if (this.#miners[number]! > 0 || this.#holds[number]! > 0) continue;
      if (this.#step - this.#leftIn[number]! < 2) continue;
      this.#count(this.subnetOf(number)!, -1);
      this.#numbers.delete(text);
      this.#texts[number] = undefined;
      this.#free.push(number);
    }
  }

  #add(text: string, subnet: string): number {
    const isFull = this.#free.length === 0 && this.#texts.length === MAX_ORIGINS;
    if (isFull || (this.#ofSubnet.get(subnet) ?? 0) >= MAX_OF_SUBNET) return 0;
    const number = this.#free.pop() ?? this.#texts.length;
    this.#texts[number] = text;
    this.#numbers.set(text, number);
    this.#count(subnet, 1);
    return number;
  }

  #count(subnet: string, more: 1 | -1): void {
    const count = (this.#ofSubnet.get(subnet) ?? 0) + more;
    if (count === 0) this.#ofSubnet.delete(subnet);
    else this.#ofSubnet.set(subnet, count);
  }
}

function textOf({ software, subnet, account }: Origin): string {
  return `${shortened(subnet)}\n${shortened(account)}\n${shortened(software)}`;
}

function shortened(name: string): string {
  return printable(name.slice(0, MAX_NAME));
}
