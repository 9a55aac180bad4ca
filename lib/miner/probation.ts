/**
 * New connections from addresses that broke the protocol too often. One address may stand for a
 * whole farm with a single device that speaks another protocol: it stays open, but new connections
 * have less time to log in.
 *
 * Each has a second to log in, however many come. One that has made a request by then may take as
 * long as any other miner, but only a few of an address at a time, and even fewer new ones a
 * second.
 *
 * A machine short of processor time may not have read a login yet. So the second is over only when
 * a connection that came a second later has been read, when the address has no room for another, or
 * after three seconds if neither happens.
 */

import { Rate } from "../base/rate.ts";
import { HEARD } from "./line_session.ts";
import type { MinerSession } from "./session.ts";

/** Every connection has this long to log in, in milliseconds. */
export const SHORT_LOGIN_MS = 1000;

/** The same if no later connection has been read, in milliseconds. */
const UNHEARD_LOGIN_MS = 3000;

/** How many connections of an address may take longer. */
export const SLOW_LOGINS = 10;

/** How many of these may be new in a second. */
export const SLOW_LOGINS_PER_SECOND = 5;

/** The most connections of an address that have not logged in, whatever they do. */
export const MOST_NEWCOMERS = 1000;

/** The part of a miner that is needed here. */
export type Probationer = Pick<
  MinerSession,
  "hasLoggedIn" | "turnedAwayAt" | "connectedAt" | "heard"
>;

/** The state of one address. */
interface Address<Session> {
  /** When its whole allowance of slow logins is available again; see base/rate.ts. */
  restedAt: number;
  /** Whether it had no room for a new connection. */
  isShort: boolean;
  /** Its connections that had not logged in at the last check, and whether they may take longer. */
  readonly sessions: Map<Session, boolean>;
}

/** Connections on probation, by the key of their address. */
export class Probation<Session extends Probationer> {
  readonly #rate = new Rate(SLOW_LOGINS_PER_SECOND, SLOW_LOGINS);
  readonly #addresses = new Map<string, Address<Session>>();

  /** Whether the address may have another connection; at most `most` may be new. */
  hasRoom(key: string, most: number): boolean {
    const address = this.#addresses.get(key);
    if (address === undefined || address.sessions.size < most) return true;
    forgetLoggedIn(address.sessions);
    address.isShort = address.sessions.size >= most;
    return !address.isShort;
  }

  /** Adds a connection. */
  add(key: string, session: Session): void {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      this.#addresses.set(key, address = { restedAt: 0, isShort: false, sessions: new Map() });
    }
    address.sessions.set(session, false);
  }

  /** Removes a connection that has ended, if it is on probation. */
  delete(key: string, session: Session): void {
    this.#addresses.get(key)?.sessions.delete(session);
  }

  /** Whether no connection is on probation. */
  get isEmpty(): boolean {
    return this.#addresses.size === 0;
  }

  /** Removes all. */
  clear(): void {
    this.#addresses.clear();
  }

  /**
   * The connections whose time to log in is over at `time`; the newest connection that has been
   * read came at `heardUpTo`. Call it about once a second.
   */
  *overdue(time: number, heardUpTo: number): Generator<Session> {
    for (const [key, address] of this.#addresses) {
      const { sessions } = address;
      const judgedUpTo = address.isShort
        ? time
        : Math.max(heardUpTo, time - UNHEARD_LOGIN_MS + SHORT_LOGIN_MS);
      address.isShort = false;
      forgetLoggedIn(sessions);
      let slow = 0;
      for (const isSlow of sessions.values()) if (isSlow) slow++;
      for (const [session, isSlow] of sessions) {
        if (isSlow || judgedUpTo - session.connectedAt <= SHORT_LOGIN_MS) continue;
        const restedAt = session.heard === HEARD.request && slow < SLOW_LOGINS
          ? this.#rate.take(address.restedAt, time)
          : undefined;
        if (restedAt === undefined) {
          yield session;
          continue;
        }
        address.restedAt = restedAt;
        sessions.set(session, true);
        slow++;
      }
      if (sessions.size === 0 && address.restedAt <= time) this.#addresses.delete(key);
    }
  }
}

/** A miner that was turned away counts as logged in: that may be the pool's fault. */
function forgetLoggedIn(sessions: Map<Probationer, boolean>): void {
  for (const session of sessions.keys()) {
    if (session.hasLoggedIn || session.turnedAwayAt !== undefined) sessions.delete(session);
  }
}
