/**
 * Decides when a sub-account that a miner names may be opened, in multi-user mode: each costs
 * connections to its pools, and a miner can name any number of them.
 *
 * A limited number is opened each second for all addresses together, and each minute for one
 * address. The miners of other sub-accounts wait. Addresses take turns, so that one with a thousand
 * names keeps no other out. Within an address, the name that most miners wait for and the one that
 * has waited longest take turns: one device that makes up names does not keep out a farm at the
 * same address.
 */

import type { Now } from "../base/clock.ts";
import { Rate } from "../base/rate.ts";
import type { WaitingSeat } from "./waiting_seat.ts";

/** How many accounts are opened in a second in the long run, and at once after a pause. */
const PER_SECOND = 2;
const BURST = 10;

/** A sub-account that miners wait for. */
interface Wish {
  /** In order of arrival. */
  readonly seats: Set<WaitingSeat>;
  /** Their addresses: the one that has its turn first opens the account for all. */
  readonly addresses: Set<string>;
}

/** The state of one address. */
interface Address {
  /** As {@linkcode Rate} keeps it. */
  restedAt: number;
  /** The names that its miners wait for, in order of arrival. */
  readonly names: Set<string>;
  /** Whether it is the turn of the name that has waited longest. */
  isTurnOfLongest: boolean;
}

/** Limits how fast accounts are opened. Times are monotonic, in milliseconds. */
export class NewAccounts {
  readonly #now: Now;
  readonly #all = new Rate(PER_SECOND, BURST);
  #allRestedAt = 0;
  #perAddress: Rate | undefined;
  /** Addresses that wait or have opened accounts lately, the one whose turn is next first. */
  readonly #addresses = new Map<string, Address>();
  readonly #wishes = new Map<string, Wish>();
  /** All waiting seats, the one that came first in front. */
  readonly #seats = new Map<WaitingSeat, string>();
  /** Whether some wait only because of others: then new miners must wait, too. */
  #isContended = false;

  /**
   * An address may open `perMinute` accounts a minute; 0 for no limit except the one for all
   * addresses.
   */
  constructor(now: Now, perMinute: number) {
    this.#now = now;
    this.reconfigure(perMinute);
  }

  /** How many miners wait. */
  get waiting(): number {
    return this.#seats.size;
  }

  /** How many sub-accounts they wait for. */
  get wanted(): number {
    return this.#wishes.size;
  }

  /** An address may open `perMinute` accounts a minute from now on. */
  reconfigure(perMinute: number): void {
    this.#perAddress = perMinute === 0 ? undefined : new Rate(perMinute / 60, perMinute);
  }

  /** Whether a miner at `address` may open an account at once; it counts if it may. */
  mayOpen(address: string): boolean {
    const known = this.#addresses.get(address);
    return !this.#isContended && (known?.names.size ?? 0) === 0 && this.#take(address);
  }

  /** Lets a miner's seat wait for the account `name`. */
  wait(name: string, address: string, seat: WaitingSeat): void {
    const wish = this.#wishes.get(name) ?? { seats: new Set(), addresses: new Set() };
    wish.seats.add(seat);
    wish.addresses.add(address);
    this.#wishes.set(name, wish);
    this.#address(address).names.add(name);
    this.#seats.set(seat, name);
  }

  /** A miner no longer waits. */
  leave(seat: WaitingSeat): void {
    const name = this.#seats.get(seat);
    if (name === undefined) return;
    this.#seats.delete(seat);
    const wish = this.#wishes.get(name)!;
    wish.seats.delete(seat);
    if (wish.seats.size === 0) this.#forget(name, wish);
  }

  /** The account `name` is open: returns the seats that waited for it and ends their wait. */
  opened(name: string): readonly WaitingSeat[] {
    const wish = this.#wishes.get(name);
    if (wish === undefined) return [];
    const seats = [...wish.seats];
    for (const seat of seats) this.#seats.delete(seat);
    this.#forget(name, wish);
    return seats;
  }

  /**
   * The accounts that may be opened now. The caller must open each one, or end the wait of all its
   * seats.
   */
  *due(): Generator<string> {
    for (;;) {
      const address = this.#nextAddress();
      this.#isContended = address !== undefined;
      if (address === undefined || !this.#take(address)) return;
      const known = this.#addresses.get(address)!;
      // Its next turn comes after those of all others.
      this.#addresses.delete(address);
      this.#addresses.set(address, known);
      const [longest] = known.names;
      const name = known.isTurnOfLongest ? longest! : this.#mostWanted(known.names);
      known.isTurnOfLongest = !known.isTurnOfLongest;
      yield name;
    }
  }

  /** The seats that have waited for `ms` or longer. */
  *longerThan(ms: number): Generator<WaitingSeat> {
    const time = this.#now();
    for (const seat of this.#seats.keys()) {
      if (time - seat.since < ms) return;
      yield seat;
    }
  }

  /** Forgets addresses whose whole allowance is available again. */
  sweep(): void {
    const time = this.#now();
    for (const [key, { restedAt, names }] of this.#addresses) {
      if (restedAt <= time && names.size === 0) this.#addresses.delete(key);
    }
  }

  /** The waiting address whose turn it is and that has an allowance, if any. */
  #nextAddress(): string | undefined {
    if (this.#seats.size === 0) return undefined;
    const time = this.#now();
    for (const [key, { restedAt, names }] of this.#addresses) {
      if (names.size === 0) continue;
      const mayOpen = this.#perAddress === undefined ||
        this.#perAddress.take(restedAt, time) !== undefined;
      if (mayOpen) return key;
    }
    return undefined;
  }

  /** The name that most miners wait for; of equals the one that came first. */
  #mostWanted(names: Iterable<string>): string {
    let name = "";
    let most = 0;
    for (const other of names) {
      const { size } = this.#wishes.get(other)!.seats;
      if (size <= most) continue;
      name = other;
      most = size;
    }
    return name;
  }

  /** Takes one from both allowances, if neither is used up. */
  #take(key: string): boolean {
    const time = this.#now();
    const all = this.#all.take(this.#allRestedAt, time);
    if (all === undefined) return false;
    if (this.#perAddress !== undefined) {
      const restedAt = this.#addresses.get(key)?.restedAt ?? 0;
      const own = this.#perAddress.take(restedAt, time);
      if (own === undefined) return false;
      this.#address(key).restedAt = own;
    }
    this.#allRestedAt = all;
    return true;
  }

  #address(key: string): Address {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      address = { restedAt: 0, names: new Set(), isTurnOfLongest: false };
      this.#addresses.set(key, address);
    }
    return address;
  }

  #forget(name: string, { addresses }: Wish): void {
    this.#wishes.delete(name);
    for (const key of addresses) this.#addresses.get(key)!.names.delete(name);
  }
}
