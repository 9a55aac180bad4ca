/**
 * Limits how often this process opens connections to one address: a pool banned a farm that
 * connected 2,000 times in 9 s.
 *
 * An asker that may not connect yet stays in a queue and asks again: connections that miners wait
 * for go first, then the one that has asked longest. Sub-accounts that a pool served before do not
 * queue: they have their own rate.
 */

import type { Now } from "../../base/clock.ts";
import type { PoolAddress } from "./connection.ts";
import { Rate } from "../../base/rate.ts";

/** Connects to one address: one a second in the long run, and this many after a pause. */
const CONNECTS_PER_SECOND = 1;
const BURST = 10;

/**
 * In addition, for sub-accounts that a pool served before and whose miners stand still: a pool that
 * closed all connections accepts them again, and one a second would make an outage longer than the
 * grace.
 */
const RETURNS_PER_SECOND = 10;

/**
 * In addition to both, for connections that come in large numbers: a farm with few miners, or a
 * single worker, on each connection would need an hour at one a second.
 */
const CROWD_PER_SECOND = 10;

/** An asker that has not asked again for this long is forgotten, in milliseconds. */
const ASKS_WITHIN_MS = 1_000;

/** Every fourth grant goes to the one that has asked longest, however urgent others are. */
const PATIENT_GRANT = 4;

/** With more addresses than this, those that have rested are forgotten: the pool list changes. */
const MANY_ADDRESSES = 256;

/** The purposes of a connection, the most urgent first. */
export const URGENCY = {
  /** Miners that a pool served before stand still. */
  outage: 0,
  /** Miners wait for their first connection. */
  first: 1,
  /** A spare, one more in addition to others, or one that was just refused. */
  more: 2,
  /** One of many in addition to those that serve, for more miners than they can hold. */
  crowd: 3,
} as const;

/** One of {@linkcode URGENCY}. */
export type Urgency = typeof URGENCY[keyof typeof URGENCY];

/** An asker in the queue of an address. */
interface Place {
  urgency: Urgency;
  askedAt: number;
}

/** The state of one address. */
interface Target {
  /** As {@linkcode Rate} keeps it: for each urgency with its own rate, and for all others. */
  readonly ownRestedAt: Map<Urgency, number>;
  restedAt: number;
  grants: number;
  /** In order of arrival. */
  readonly queue: Map<object, Place>;
  /** The one whose turn it is, until it connects or asks no more. */
  next: object | undefined;
}

/** Grants connects. Times are monotonic, in milliseconds. */
export class ConnectLimiter {
  readonly #now: Now;
  readonly #rate = new Rate(CONNECTS_PER_SECOND, BURST);
  /** The rates of urgencies that do not queue. */
  readonly #own: ReadonlyMap<Urgency, Rate> = new Map([
    [URGENCY.outage, new Rate(RETURNS_PER_SECOND, BURST)],
    [URGENCY.crowd, new Rate(CROWD_PER_SECOND, BURST)],
  ]);
  readonly #targets = new Map<string, Target>();

  /** No connection has been opened yet. */
  constructor(now: Now) {
    this.#now = now;
  }

  /**
   * Whether `asker` may connect to `address` now; {@linkcode ConnectLimiter.connects} has to follow
   * if it may. If not, it keeps its place in the queue by asking again within a second.
   */
  mayConnect(address: PoolAddress, asker: object, urgency: Urgency): boolean {
    const time = this.#now();
    const target = this.#target(address);
    const own = this.#own.get(urgency);
    if (own !== undefined) {
      if (urgency === URGENCY.outage) target.queue.delete(asker);
      return own.take(target.ownRestedAt.get(urgency) ?? 0, time) !== undefined;
    }
    const place = target.queue.get(asker);
    if (place === undefined) target.queue.set(asker, { urgency, askedAt: time });
    else {
      place.urgency = urgency;
      place.askedAt = time;
    }
    if (this.#rate.take(target.restedAt, time) === undefined) return false;
    const next = target.next === undefined ? undefined : target.queue.get(target.next);
    if (next === undefined || isGone(next, time)) target.next = nextOf(target, time);
    return target.next === asker;
  }

  /**
   * Notes that `asker` connects, after asking with this urgency: it counts against the rate of the
   * address.
   */
  connects(address: PoolAddress, asker: object, urgency: Urgency): void {
    const target = this.#target(address);
    const time = this.#now();
    const own = this.#own.get(urgency);
    if (own !== undefined) {
      const restedAt = target.ownRestedAt.get(urgency) ?? 0;
      target.ownRestedAt.set(urgency, own.take(restedAt, time) ?? restedAt);
      return;
    }
    target.restedAt = this.#rate.take(target.restedAt, time) ?? target.restedAt;
    target.grants++;
    target.queue.delete(asker);
    target.next = undefined;
  }

  /**
   * Notes one more connection of a granted asker, for example after it detected the pool's kind, or
   * when it reaches the pool in several ways at once. It does not wait for that; the next askers
   * wait longer instead.
   */
  connectsAgain(address: PoolAddress): void {
    const target = this.#target(address);
    target.restedAt = this.#rate.takeAnyway(target.restedAt, this.#now());
  }

  /** How long until a connection to the address may be opened, in milliseconds; 0 for now. */
  waitMs(address: PoolAddress): number {
    const target = this.#targets.get(keyOf(address));
    return target === undefined ? 0 : this.#rate.waitMs(target.restedAt, this.#now());
  }

  /** Forgets `asker`. */
  forget(asker: object): void {
    for (const { queue } of this.#targets.values()) queue.delete(asker);
  }

  #target(address: PoolAddress): Target {
    const key = keyOf(address);
    let target = this.#targets.get(key);
    if (target === undefined) {
      if (this.#targets.size >= MANY_ADDRESSES) this.#forgetRested();
      this.#targets.set(
        key,
        target = {
          ownRestedAt: new Map(),
          restedAt: 0,
          grants: 0,
          queue: new Map(),
          next: undefined,
        },
      );
    }
    return target;
  }

  #forgetRested(): void {
    const time = this.#now();
    for (const [key, { ownRestedAt, restedAt, queue }] of this.#targets) {
      const isWanted = [...queue.values()].some((place) => !isGone(place, time));
      const hasRested = Math.max(restedAt, ...ownRestedAt.values()) <= time;
      if (hasRested && !isWanted) this.#targets.delete(key);
    }
  }
}

/**
 * The asker whose turn is next, searched once for each connection; also forgets those that ask no
 * more.
 */
function nextOf({ queue, grants }: Target, time: number): object | undefined {
  const isPatient = grants % PATIENT_GRANT === PATIENT_GRANT - 1;
  let next: object | undefined;
  let least: Urgency | undefined;
  for (const [asker, place] of queue) {
    if (isGone(place, time)) {
      queue.delete(asker);
    } else if (least === undefined || (!isPatient && place.urgency < least)) {
      next = asker;
      least = place.urgency;
    }
  }
  return next;
}

function isGone({ askedAt }: Place, time: number): boolean {
  return time - askedAt > ASKS_WITHIN_MS;
}

function keyOf({ host, port }: PoolAddress): string {
  return `${host.toLowerCase().replace(/\.$/, "")} ${port}`;
}
