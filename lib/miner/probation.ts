/**
 * New connections from addresses that broke the protocol too often. Behind one address there may be a
 * whole farm, and one device that speaks something else: the door stays open, and what comes in has
 * less time.
 *
 * Each has a second to log in, however many come. One that has made a request by then may take as
 * long as any other, but only a few of an address may, and fewer new ones a second.
 *
 * What a machine that is short of processor time has not read yet is not held against anybody: the
 * second is over when a connection that came a second later has been heard, when the address has no
 * room for another, or after three seconds if neither happens.
 */

import { Rate } from "../base/rate.ts";
import { HEARD } from "./line_session.ts";
import type { MinerSession } from "./session.ts";

/** Everybody has this long to log in, in milliseconds. */
export const SHORT_LOGIN_MS = 1000;

/** The same where no later connection has been heard, in milliseconds. */
const UNHEARD_LOGIN_MS = 3000;

/** Connections of an address that may take longer. */
export const SLOW_LOGINS = 10;

/** New ones among them in a second. */
export const SLOW_LOGINS_PER_SECOND = 5;

/** Connections of an address at a time that have not logged in, whatever they do. */
export const MOST_NEWCOMERS = 1000;

/** All that is looked at of a miner. */
export type Probationer = Pick<
  MinerSession,
  "hasLoggedIn" | "turnedAwayAt" | "connectedAt" | "heard"
>;

/** What is known of one address. */
interface Address<Session> {
  /** When it may have its whole number of slow logins again; see base/rate.ts. */
  restedAt: number;
  /** Whether it had no room for one that came. */
  isShort: boolean;
  /** Those that had not logged in when they were last looked at, and whether they may take longer. */
  readonly sessions: Map<Session, boolean>;
}

/** Connections on probation, by the key of their address. */
export class Probation<Session extends Probationer> {
  readonly #rate = new Rate(SLOW_LOGINS_PER_SECOND, SLOW_LOGINS);
  readonly #addresses = new Map<string, Address<Session>>();

  /** Whether another connection of the address may come in, of at most `most` new ones. */
  hasRoom(key: string, most: number): boolean {
    const address = this.#addresses.get(key);
    if (address === undefined || address.sessions.size < most) return true;
    forgetLoggedIn(address.sessions);
    address.isShort = address.sessions.size >= most;
    return !address.isShort;
  }

  /** One came in. */
  add(key: string, session: Session): void {
    let address = this.#addresses.get(key);
    if (address === undefined) {
      this.#addresses.set(key, address = { restedAt: 0, isShort: false, sessions: new Map() });
    }
    address.sessions.set(session, false);
  }

  /** One whose connection is over, if it is on probation at all. */
  delete(key: string, session: Session): void {
    this.#addresses.get(key)?.sessions.delete(session);
  }

  /** Whether nobody is on probation. */
  get isEmpty(): boolean {
    return this.#addresses.size === 0;
  }

  /** All are gone. */
  clear(): void {
    this.#addresses.clear();
  }

  /**
   * Those whose time to log in is over at `time`; of the connections that have been heard the last
   * came at `heardUpTo`. To be called about once a second.
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

/** One that was turned away has logged in, too: that it is not in may be the pool's fault. */
function forgetLoggedIn(sessions: Map<Probationer, boolean>): void {
  for (const session of sessions.keys()) {
    if (session.hasLoggedIn || session.turnedAwayAt !== undefined) sessions.delete(session);
  }
}
