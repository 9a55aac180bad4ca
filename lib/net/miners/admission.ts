/**
 * Decides which miners may connect, by limits and lists, and marks addresses that broke the
 * protocol too often; pure.
 *
 * State is kept only for addresses that a limit needs, only while it matters, and for a bounded
 * number of them. An IPv6 host usually can choose any address of a /64, so a whole /64 counts as
 * one address.
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

/**
 * The most addresses without a connection that are remembered; the one seen longest ago is
 * forgotten first.
 */
export const MAX_REMEMBERED = 16_384;

const IPV6_HOST_BYTES = 8;

/** The limits and lists. 0 means "no limit", except for `maxConnections`. */
export interface AdmissionLimits {
  /** The most connections at a time. */
  readonly maxConnections: number;
  /** The most connections of one address at a time. */
  readonly maxConnectionsPerIp: number;
  /** New connections of one address in a second. */
  readonly newConnectionsPerSecondPerIp: number;
  /** An address is marked when it reaches this number of violations within `banMs`. */
  readonly banAfterViolations: number;
  /** How long a mark lasts, in milliseconds, and how long a violation counts. */
  readonly banMs: number;
  /** The only networks that may connect, in CIDR notation; empty for all. */
  readonly allow: readonly string[];
  /** Networks that may not connect, even if they are in `allow`. */
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

/** The state of one address. Times are in milliseconds. */
interface Visitor {
  connections: number;
  /** When its whole allowance of new connections is available again. */
  restedAt: number;
  violations: number;
  lastViolationAt: number;
  markedUntil: number;
}

/** Admits connections within the limits. */
export class Admission {
  #limits!: AdmissionLimits;
  readonly #now: Now;
  readonly #awayMs: () => number;
  #allow!: readonly Network[];
  #deny!: readonly Network[];
  #rate: Rate | undefined;
  #countsPerIp = false;
  /** Addresses with connections, then those without, the one seen longest ago first. */
  readonly #present = new Map<string, Visitor>();
  readonly #remembered = new Map<string, Visitor>();
  #connections = 0;
  /** No mark lasts longer than this. */
  #lastMarkUntil = 0;

  /**
   * No connection yet. `now` is real time; `awayMs` says how long this process was away while the
   * connections that come now were waiting.
   *
   * @throws RangeError if a list contains something that is not a network.
   */
  constructor(limits: AdmissionLimits, now: Now, awayMs: () => number = () => 0) {
    this.#now = now;
    this.#awayMs = awayMs;
    this.#take(limits);
  }

  /**
   * Changes the limits. `addresses` are those of all connections, which stay connected whatever the
   * new limits are.
   *
   * @throws RangeError like the constructor.
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

  /** How many addresses have state. */
  get visitors(): number {
    return this.#present.size + this.#remembered.size;
  }

  /** Whether the most connections are reached. */
  get isFull(): boolean {
    return this.#connections >= this.#limits.maxConnections;
  }

  /**
   * Lets a connection in and counts it until {@linkcode Admission.leave}. Here and below, one
   * without an address of its own is `undefined`: only the number of all connections limits it.
   *
   * @returns the reason for refusing it, or `undefined` if it is let in; `max_miners` only if there
   * is no other reason.
   */
  enter(address: string | undefined): Refusal | undefined {
    if (address === undefined) {
      if (this.isFull) return "max_miners";
      this.#connections++;
      return undefined;
    }
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
    // Checked last, because the caller may then close another connection to make room.
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

  /** A connection that was let in has ended. */
  leave(address: string | undefined): void {
    this.#connections--;
    if (!this.#countsPerIp || address === undefined) return;
    const key = addressKey(address);
    const visitor = this.#present.get(key);
    if (visitor === undefined || --visitor.connections > 0) return;
    this.#present.delete(key);
    if (this.#matters(visitor)) this.#remember(key, visitor);
  }

  /** Whether the address broke the protocol too often, and not long ago. */
  isMarked(address: string | undefined): boolean {
    const time = this.#now();
    if (this.#lastMarkUntil <= time || address === undefined) return false;
    return (this.#find(addressKey(address))?.markedUntil ?? 0) > time;
  }

  /**
   * Counts a violation by a connection from `address`. An address that goes on stays marked.
   *
   * @returns whether this violation newly marks the address.
   */
  violated(address: string | undefined): boolean {
    const { banAfterViolations, banMs } = this.#limits;
    if (banAfterViolations === 0 || address === undefined) return false;
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

  /** Forgets addresses whose state does not matter any more. Call it about once a second. */
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
    // Counting connections per address costs memory, so it is done only if a limit needs it.
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

/** The key of an address: the IPv4 address itself, or the /64 of an IPv6 address. */
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
