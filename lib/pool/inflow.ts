/**
 * How much a pool may send on one connection; pure.
 *
 * Messages that are the same for all miners, such as jobs, have one allowance. Messages that grow
 * with the farm have their own: difficulties with the number of registered miners, verdicts with
 * the number of submitted shares.
 */

import { counted } from "../base/counted.ts";
import { PoolFault } from "../base/violation.ts";

/** What may come on one connection in a second, in the long run. */
export interface InflowAllowance {
  /** Bytes, including line ends. */
  readonly bytes: number;
  /** Lines or frames. */
  readonly messages: number;
}

/** What a kind of pool sends in response to us, in addition to what is the same for all miners. */
export interface InflowOfKind {
  /** In a second, for each miner: messages with a new difficulty. */
  readonly forAMiner: InflowAllowance;
  /** Once, for each submitted share: its verdict. */
  readonly forAShare: InflowAllowance;
}

type Unit = keyof InflowAllowance;

/** Without miners, and in the handshake: a pool sends a job of a few KB every 30 s, and answers. */
const WITHOUT_MINERS: InflowAllowance = { bytes: 256 * 1024, messages: 200 };

/**
 * With miners: an amount that does not slow other connections, since miners are served in turns and
 * get only the newest values. Leaving a pool by mistake costs more than a storm of some seconds.
 */
const WITH_MINERS: InflowAllowance = { bytes: 2 << 20, messages: 16_000 };

/** After a pause, the allowance of this number of seconds may come at once: 2 MB without miners. */
const SECONDS_AT_ONCE = 8;

/** No pool owes verdicts of more shares than this: agent pools cannot tell more apart. */
const MAX_SHARES_OWED = 0x10000;

/** Meters the bytes, or the messages, of one connection. */
class Meter {
  readonly #unit: Unit;
  /** What is allowed of it. */
  readonly #withoutMiners: number;
  readonly #withMiners: number;
  readonly #forAMiner: number;
  readonly #forAShare: number;
  /** How much we have asked for and has not come yet. */
  #owed = 0;
  /** The time, as of `#at`, until everything that came is within the allowance. */
  #debtMs = 0;
  #at: number;
  /** How much came since there was last no debt, and when that was. */
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

  /** Counts `amount`. @returns in what way it is too much, if it is. */
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
    // The debt is a time, not an amount, so that miners that leave later do not change it.
    this.#debtMs += (amount - asked) * 1000 / perSecond;
    this.#came += amount - asked;
    if (this.#debtMs <= SECONDS_AT_ONCE * 1000) return undefined;
    const seconds = ((time - this.#since) / 1000).toFixed(1);
    return `${this.#came} ${this.#unit} that btcagent did not ask for came within ${seconds} ` +
      `s, at most ${perSecond} a second and ${perSecond * SECONDS_AT_ONCE} at once are allowed`;
  }
}

/** Limits one connection from its first byte on. */
export class Inflow {
  readonly #bytes: Meter;
  readonly #messages: Meter;
  /** How many miners work on this connection. */
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

  /** A miner stops working here. */
  unregistered(): void {
    this.#miners--;
  }

  /** A share was submitted, and the pool owes a verdict for it. */
  submitted(): void {
    this.#bytes.provoke();
    this.#messages.provoke();
  }

  /**
   * This number of bytes came at `time`, real time.
   *
   * @param awayMs How long this process did not read: everything that the pool sent in that time
   * comes at once, and has the allowance of that time.
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
    const whom = miners > 0 ? `with ${counted(miners, "miner")}` : "without miners";
    throw new PoolFault("too-much", `Cannot read on from this pool: ${excess} ${whom}`);
  }
}
