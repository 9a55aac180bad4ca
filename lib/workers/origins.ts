/**
 * What miners have in common, software, network and sub-account together, as a small number each
 * (an origin), so that a share is counted for all of it at once.
 *
 * There are at most {@linkcode MAX_ORIGINS}, and of one network at most {@linkcode MAX_OF_SUBNET}:
 * a miner that calls itself something else with each connection takes none away from others. What
 * finds no number of its own is origin 0, "others". A number is another's only when its miners are
 * gone, their shares settled, and nothing of the day is counted under it any more.
 */

import { printable } from "../base/printable.ts";

/** Most origins at a time, that of all others included. */
export const MAX_ORIGINS = 1_024;

/** Most of one network. */
export const MAX_OF_SUBNET = 128;

/** What cannot be told apart. */
export const OTHERS = "others";

/** Names are cut here. */
const MAX_NAME = 64;

/** What miners have in common. */
export interface Origin {
  /** What they call themselves; may be empty. */
  readonly software: string;
  /** See base/subnet.ts. */
  readonly subnet: string;
  /** The sub-account; empty in single-user mode, and before one has logged in. */
  readonly account: string;
}

/** Gives out numbers for what miners have in common. */
export class Origins {
  readonly #numbers = new Map<string, number>();
  /** By number: its origin in one text, to keep it small. */
  readonly #texts: (string | undefined)[] = [textOf({
    software: OTHERS,
    subnet: OTHERS,
    account: OTHERS,
  })];
  readonly #free: number[] = [];
  readonly #ofSubnet = new Map<string, number>();
  /** By number: miners that are connected; what is counted under it; the step the last left in. */
  readonly #miners = new Uint32Array(MAX_ORIGINS);
  readonly #holds = new Uint32Array(MAX_ORIGINS);
  readonly #leftIn = new Uint32Array(MAX_ORIGINS);
  #step = 0;

  /** The number for one more miner; 0 if there is none to give. */
  enter(origin: Origin): number {
    const text = textOf(origin);
    const number = this.#numbers.get(text) ?? this.#add(text, origin.subnet);
    if (number > 0) this.#miners[number]!++;
    return number;
  }

  /** One miner fewer. */
  leave(number: number): void {
    if (number === 0) return;
    this.#miners[number]!--;
    this.#leftIn[number] = this.#step;
  }

  /** Something is counted under a number from now on. */
  hold(number: number): void {
    this.#holds[number]!++;
  }

  /** It is not any more. */
  release(number: number): void {
    this.#holds[number]!--;
  }

  /** What a number stands for. */
  of(number: number): Origin {
    const [subnet, account, software] = this.#texts[number]!.split("\n");
    return { subnet: subnet!, account: account!, software: software! };
  }

  /** The same of its network alone; `undefined` if it stands for nothing any more. */
  subnetOf(number: number): string | undefined {
    const text = this.#texts[number];
    return text?.slice(0, text.indexOf("\n"));
  }

  /** A step of time ends: numbers that nobody needs are free. A share is settled within a step. */
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
