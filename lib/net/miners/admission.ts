/**
 * Limits and lists of the miners that may connect, and the addresses that broke the protocol too
 * often; pure.
 *
 * State is kept only of addresses that a limit is about, only as long as it matters, and of a
 * bounded number of them. An IPv6 host usually has a whole /64 to choose addresses from, so all of
 * one /64 count as one address.
 */

import {
  addressBytes,
  isInNetwork,
  isMappedIpv4,
  type Network,
  parseNetwork,
} from "../../base/cidr.ts";
import type { Now } from "../../base/clock.ts";
import { Rate } from "../../base/rate.ts";

/** Addresses remembered that have no connection now; the one seen longest ago goes first. */
export const MAX_REMEMBERED = 16_384;

const IPV6_HOST_BYTES = 8;

/** Who may connect. 0 is "no limit", except for `maxConnections`. */
export interface AdmissionLimits {
  /** Most connections at a time. */
  readonly maxConnections: number;
  /** Most connections of one address at a time. */
  readonly maxConnectionsPerIp: number;
  /** New connections of one address in a second. */
  readonly newConnectionsPerSecondPerIp: number;
  /** An address is marked when it reaches this number of violations within `banMs`. */
  readonly banAfterViolations: number;
  /** How long a mark lasts, in milliseconds, and how long a violation counts. */
  readonly banMs: number;
  /** Networks in CIDR notation that alone may connect; empty for all. */
  readonly allow: readonly string[];
  /** Networks that may not, even if they are allowed. */
  readonly deny: readonly string[];
}

/** Why a connection is not let in; keys of `limits` in the configuration. */
export type Refusal =
  | "max_miners"
  | "max_connections_per_ip"
  | "new_connections_per_second_per_ip"
  | "ban_after_violations"
  | "allow"
  | "deny";

/** What is known of one address. Times are in milliseconds. */
interface Visitor {
  connections: number;
  /** When its allowance of new connections is whole again. */
  restedAt: number;
  violations: number;
  lastViolationAt: number;
  markedUntil: number;
}

/** See the head of this file. */
export class Admission {
  #limits!: AdmissionLimits;
  readonly #now: Now;
  readonly #awayMs: () => number;
  #allow!: readonly Network[];
  #deny!: readonly Network[];
  #rate: Rate | undefined;
  #countsPerIp = false;
  /** With connections, and the others, those first that were seen longest ago. */
  readonly #present = new Map<string, Visitor>();
  readonly #remembered = new Map<string, Visitor>();
  #connections = 0;
  /** Nobody is marked for longer. */
  #lastMarkUntil = 0;

  /**
   * Nobody is connected yet. `now` is real time; `awayMs` says how long nobody was here to accept
   * those that come now.
   *
   * @throws RangeError for a list with something in it that is no network.
   */
  constructor(limits: AdmissionLimits, now: Now, awayMs: () => number = () => 0) {
    this.#now = now;
    this.#awayMs = awayMs;
    this.#take(limits);
  }

  /**
   * Takes other limits. `addresses` are those of all connections, which stay whatever the limits
   * are now.
   *
   * @throws RangeError as the constructor.
   */
  reconfigure(limits: AdmissionLimits, addresses: Iterable<string>): void {
    this.#take(limits);
    const before = new Map(this.#present);
    for (const visitor of before.values()) visitor.connections = 0;
    this.#present.clear();
    for (const address of this.#countsPerIp ? addresses : []) {
      const key = addressKey(address);
      const visitor = before.get(key) ?? this.#find(key) ?? newVisitor();
      visitor.connections++;
      this.#remembered.delete(key);
      this.#present.set(key, visitor);
    }
    for (const [key, visitor] of before) {
      if (visitor.connections === 0 && this.#matters(visitor)) this.#remember(key, visitor);
    }
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#connections;
  }

  /** How many addresses something is known of. */
  get visitors(): number {
    return this.#present.size + this.#remembered.size;
  }

  /** Whether there is no place for another connection from anywhere. */
  get isFull(): boolean {
    return this.#connections >= this.#limits.maxConnections;
  }

  /**
   * Lets a connection in and counts it until {@linkcode Admission.leave}.
   *
   * @returns why it is not let in, or `undefined` if it is; `max_miners` only if a free place would
   * be all it needs.
   */
  enter(address: string): Refusal | undefined {
    const listed = this.#listed(address);
    if (listed !== undefined) return listed;
    const key = addressKey(address);
    const visitor = this.#find(key);
    const time = this.#now();
    const { connections = 0, restedAt = 0 } = visitor ?? {};
    const { maxConnectionsPerIp: most } = this.#limits;
    if (most > 0 && connections >= most) return "max_connections_per_ip";
    const nextRestedAt = this.#rate === undefined
      ? 0
      : this.#rate.take(restedAt, time, this.#awayMs());
    if (nextRestedAt === undefined) return "new_connections_per_second_per_ip";
    // Last, for it may be that somebody then has to make room.
    if (this.isFull) return "max_miners";
    if (this.#countsPerIp) {
      const known = visitor ?? newVisitor();
      known.restedAt = nextRestedAt;
      known.connections++;
      this.#remembered.delete(key);
      this.#present.set(key, known);
    }
    this.#connections++;
    return undefined;
  }

  /** A connection that was let in is gone. */
  leave(address: string): void {
    this.#connections--;
    if (!this.#countsPerIp) return;
    const key = addressKey(address);
    const visitor = this.#present.get(key);
    if (visitor === undefined || --visitor.connections > 0) return;
    this.#present.delete(key);
    if (this.#matters(visitor)) this.#remember(key, visitor);
  }

  /** Whether the address broke the protocol too often, and not long ago. */
  isMarked(address: string): boolean {
    const time = this.#now();
    if (this.#lastMarkUntil <= time) return false;
    return (this.#find(addressKey(address))?.markedUntil ?? 0) > time;
  }

  /**
   * Counts what a connection from `address` did wrong. One that goes on stays marked.
   *
   * @returns whether the address is marked with this, and was not before.
   */
  violated(address: string): boolean {
    const { banAfterViolations, banMs } = this.#limits;
    if (banAfterViolations === 0) return false;
    const key = addressKey(address);
    const visitor = this.#find(key) ?? newVisitor();
    const time = this.#now();
    if (time - visitor.lastViolationAt >= banMs) visitor.violations = 0;
    visitor.violations++;
    visitor.lastViolationAt = time;
    const wasMarked = visitor.markedUntil > time;
    const isOver = visitor.violations >= banAfterViolations;
    if (isOver) {
      visitor.violations = 0;
      visitor.markedUntil = this.#lastMarkUntil = time + banMs;
    }
    if (visitor.connections === 0) this.#remember(key, visitor);
    return isOver && !wasMarked;
  }

  /** Forgets addresses nothing of which matters any more. To be called about once a second. */
  sweep(): void {
    for (const [key, visitor] of this.#remembered) {
      if (!this.#matters(visitor)) this.#remembered.delete(key);
    }
  }

  #take(limits: AdmissionLimits): void {
    this.#allow = limits.allow.map(networkOf);
    this.#deny = limits.deny.map(networkOf);
    this.#limits = limits;
    const { newConnectionsPerSecondPerIp: perSecond } = limits;
    this.#rate = perSecond > 0 ? new Rate(perSecond, perSecond) : undefined;
    // Counting who has how many connections costs memory, so it is done only where it decides.
    this.#countsPerIp = perSecond > 0 || limits.maxConnectionsPerIp > 0;
  }

  #listed(address: string): "allow" | "deny" | undefined {
    if (this.#allow.length === 0 && this.#deny.length === 0) return undefined;
    const bytes = addressBytes(address);
    const isOf = (networks: readonly Network[]) =>
      bytes !== undefined && networks.some((network) => isInNetwork(bytes, network));
    if (isOf(this.#deny)) return "deny";
    return this.#allow.length > 0 && !isOf(this.#allow) ? "allow" : undefined;
  }

  #find(key: string): Visitor | undefined {
    return this.#present.get(key) ?? this.#remembered.get(key);
  }

  #remember(key: string, visitor: Visitor): void {
    this.#remembered.delete(key);
    this.#remembered.set(key, visitor);
    if (this.#remembered.size <= MAX_REMEMBERED) return;
    const [longestAgo] = this.#remembered.keys();
    this.#remembered.delete(longestAgo!);
  }

  #matters({ restedAt, violations, lastViolationAt, markedUntil }: Visitor): boolean {
    const time = this.#now();
    return markedUntil > time || restedAt > time ||
      (violations > 0 && time - lastViolationAt < this.#limits.banMs);
  }
}

/** What counts as one address: an IPv4 address, or the /64 of an IPv6 address. */
export function addressKey(address: string): string {
  if (!address.includes(":")) return address;
  const bytes = addressBytes(address);
  if (bytes === undefined) return address;
  return isMappedIpv4(bytes)
    ? bytes.subarray(12).join(".")
    : bytes.subarray(0, IPV6_HOST_BYTES).toHex();
}

function newVisitor(): Visitor {
  return { connections: 0, restedAt: 0, violations: 0, lastViolationAt: 0, markedUntil: 0 };
}

function networkOf(text: string): Network {
  const network = parseNetwork(text);
  if (network === undefined) {
    throw new RangeError(`Cannot read the network "${text}", wanted one such as 10.0.0.0/8`);
  }
  return network;
}
