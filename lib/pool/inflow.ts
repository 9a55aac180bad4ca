/**
 * How much a pool may send on one connection; pure.
 *
 * Every pool sends a job now and then, so what is the same for all miners has one allowance. What
 * grows with the farm has its own: difficulties with the miners that are registered, verdicts with
 * the shares that were submitted.
 */

import { PoolFault } from "../base/violation.ts";

/** What one connection may bring in a second, in the long run. */
export interface InflowAllowance {
  /** With the ends of lines. */
  readonly bytes: number;
  /** Lines or frames. */
  readonly messages: number;
}

/** What a kind of pool sends for what we do, beside what is the same for all miners. */
export interface InflowOfKind {
  /** In a second, for each miner: what tells of a new difficulty. */
  readonly forAMiner: InflowAllowance;
  /** Once, for each share submitted: what its verdict takes. */
  readonly forAShare: InflowAllowance;
}

type Unit = keyof InflowAllowance;

/** Without miners, in the handshake too: a pool sends a job of a few KB every 30 s, and answers. */
const WITHOUT_MINERS: InflowAllowance = { bytes: 256 * 1024, messages: 200 };

/**
 * With miners: as much as does not slow the others, since what is told to miners goes out in turns
 * and only the newest of it. To leave a pool by mistake costs more than to bear a storm for seconds.
 */
const WITH_MINERS: InflowAllowance = { bytes: 2 << 20, messages: 16_000 };

/** After a rest, what these many seconds allow may come at once: 2 MB without miners. */
const SECONDS_AT_ONCE = 8;

/** Verdicts of more shares than this are owed by no pool: agent pools tell as many apart. */
const MAX_SHARES_OWED = 0x10000;

/** One kind of what comes in. */
class Meter {
  readonly #unit: Unit;
  /** What is allowed of it. */
  readonly #withoutMiners: number;
  readonly #withMiners: number;
  readonly #forAMiner: number;
  readonly #forAShare: number;
  /** How much was provoked and has not come. */
  #owed = 0;
  /** How long it takes until all that came is allowed again, as of `#at`. */
  #debtMs = 0;
  #at: number;
  /** What came since there was no debt, and since when that is. */
  #came = 0;
  #since: number;

  constructor(unit: Unit, time: number, { forAMiner, forAShare }: InflowOfKind) {
    this.#unit = unit;
    this.#withoutMiners = WITHOUT_MINERS[unit];
    this.#withMiners = WITH_MINERS[unit];
    this.#forAMiner = forAMiner[unit];
    this.#forAShare = forAShare[unit];
    this.#at = this.#since = time;
  }

  provoke(): void {
    const most = this.#forAShare * MAX_SHARES_OWED;
    this.#owed = Math.min(this.#owed + this.#forAShare, most);
  }

  /** Takes `amount` in. @returns how it is too much, if it is. */
  take(amount: number, miners: number, time: number, awayMs: number): string | undefined {
    const asked = Math.min(amount, this.#owed);
    this.#owed -= asked;
    if (asked === amount) return undefined;
    const forAll = miners > 0 ? this.#withMiners : this.#withoutMiners;
    const perSecond = forAll + miners * this.#forAMiner;
    this.#debtMs = Math.max(-awayMs, this.#debtMs - (time - this.#at));
    this.#at = time;
    if (this.#debtMs <= 0) {
      this.#came = 0;
      this.#since = time;
    }
    // In time, not in what came: miners that leave later change nothing about what came before.
    this.#debtMs += (amount - asked) * 1000 / perSecond;
    this.#came += amount - asked;
    if (this.#debtMs <= SECONDS_AT_ONCE * 1000) return undefined;
    const seconds = ((time - this.#since) / 1000).toFixed(1);
    return `${this.#came} ${this.#unit} that nothing here called for came within ${seconds} s, ` +
      `at most ${perSecond} a second and ${perSecond * SECONDS_AT_ONCE} at once are allowed`;
  }
}

/** Watches over one connection from its first byte on. */
export class Inflow {
  readonly #bytes: Meter;
  readonly #messages: Meter;
  /** Those that work here. */
  #miners = 0;

  /** `time` is now, as everywhere here in milliseconds. */
  constructor(time: number, ofKind: InflowOfKind) {
    this.#bytes = new Meter("bytes", time, ofKind);
    this.#messages = new Meter("messages", time, ofKind);
  }

  /** A miner works here from now on. */
  registered(): void {
    this.#miners++;
  }

  /** One works here no more. */
  unregistered(): void {
    this.#miners--;
  }

  /** A share was submitted of which the pool is to give a verdict. */
  submitted(): void {
    this.#bytes.provoke();
    this.#messages.provoke();
  }

  /**
   * This number of bytes came at `time`, real time.
   *
   * @param awayMs How long nobody was here to read: what the pool sent in that time comes all at
   * once, and is allowed what it was in that time.
   * @throws PoolFault `too-much`, with the bound and what was found.
   */
  read(bytes: number, time: number, awayMs: number = 0): void {
    this.#take(this.#bytes, bytes, time, awayMs);
  }

  /** A message of any kind came. @throws PoolFault as {@linkcode Inflow.read}. */
  message(time: number, awayMs: number = 0): void {
    this.#take(this.#messages, 1, time, awayMs);
  }

  #take(meter: Meter, amount: number, time: number, awayMs: number): void {
    const miners = this.#miners;
    const excess = meter.take(amount, miners, time, awayMs);
    if (excess === undefined) return;
    const whom = miners > 0 ? `with ${miners} miners` : "without miners";
    throw new PoolFault("too-much", `Too much from this pool: ${excess} ${whom}`);
  }
}
