/**
 * Sets the difficulty of every miner of an account, where that is ours to set: each miner should
 * send the wanted number of shares, at a difficulty never above the pool's; pure. All times are
 * parameters.
 *
 * A miner's wanted difficulty follows from its work; it is told the lower of that and the pool's,
 * because at a higher one it would not send shares that the pool wants. A new difficulty is told
 * only together with a job, so it is computed at a job.
 *
 * The state of a miner is {@linkcode BYTES_PER_MINER} bytes in columns, indexed by its place.
 */

import { isFarTooMany, RIGHT, stepsWanted } from "./difficulty_evidence.ts";
import { exponentAtMost, powerOf } from "./powers_of_two.ts";
import { RememberedDifficulties } from "./remembered_difficulties.ts";
import { type Start, startOf } from "./starting_difficulty.ts";
import { HIGHEST_EXPONENT, type VardiffRules } from "./vardiff_rules.ts";

/** A miner that starts to work. */
export interface Newcomer {
  /** Its whole worker name, under which its difficulty is remembered. */
  readonly name: string;
  /** Its client agent, unchanged. */
  readonly clientAgent: string;
  /** The difficulty it suggests, by request or password. */
  readonly suggestion: number | undefined;
}

/** The size of a miner's state, in bytes. */
export const BYTES_PER_MINER = 20;

/**
 * The brake makes a miner's work at most this many powers of two harder than wanted: with 60 shares
 * a minute for each, 65,535 miners then send 16 a second.
 */
export const MOST_BRAKE_STEPS = 12;

/** The brake is off. */
export const NO_BRAKE: number = -128;

/**
 * If a miner got no job for longer than this, in milliseconds, its silence proves nothing: there
 * was no pool, or this program was not running.
 */
export const MAX_JOB_GAP_MS = 240_000;

/**
 * Shares that arrive in one read were not all found at that moment, so a miner counts as watched
 * for at least this long, in milliseconds.
 */
const LEAST_MS = 1_000;

/** A silent miner without a history is lowered by this many powers of two. */
const GUESS_SILENT_STEPS = 4;
/**
 * A silent miner that has found shares before is lowered by less: it is more likely off than that
 * much slower.
 */
const KNOWN_SILENT_STEPS = 2;
/**
 * The most powers of two that silence lowers such a miner: otherwise it would flood us when it is
 * switched on.
 */
const MOST_KNOWN_SILENT_STEPS = 4;
/** A fast kind of miner does not fall below this exponent by silence either. */
const FAST_SILENT_EXPONENT = 10;

/** In the column of silences: it has found no share here yet, but is known from before. */
const REMEMBERED = 0x40;
/** Nothing is known from before: a fast kind, and another kind. */
const GUESSED_FAST = 0x80;
const GUESSED = 0x81;

/** In the column of floors: the setting applies. */
const NO_FLOOR = -128;

const FIRST_PLACES = 16;
/** Columns double up to this size, and then grow by this much. */
const MORE_PLACES = 1024;

/** The miners of one account. */
export class Vardiff {
  readonly #remembered: RememberedDifficulties;
  /** Exponent of the wanted difficulty. */
  #wanted = new Int8Array(FIRST_PLACES);
  /**
   * Exponent of the difficulty told with its last job: the pool's may make it lower, the brake
   * higher.
   */
  #told = new Int8Array(FIRST_PLACES);
  /** Exponent of the lowest difficulty it accepts, or {@linkcode NO_FLOOR}. */
  #floor = new Int8Array(FIRST_PLACES);
  /**
   * By how many powers of two it was lowered since its last share, or a mark if it has found none.
   */
  #silence = new Uint8Array(FIRST_PLACES);
  /** Shares since the start of watching, counted at the higher of the two difficulties. */
  #shares = new Float64Array(FIRST_PLACES);
  /** The start of watching, and when its difficulty was last computed: milliseconds modulo 2^32. */
  #since = new Uint32Array(FIRST_PLACES);
  #askedAt = new Uint32Array(FIRST_PLACES);
  readonly #freePlaces: number[] = [];
  #places = 0;
  /** The last ceiling and its exponent, cached because it is the same for a whole connection. */
  #ceiling = 1;
  #ceilingExponent = 0;

  /** No miner yet. `remembered` may be shared with other accounts. */
  constructor(remembered: RememberedDifficulties = new RememberedDifficulties()) {
    this.#remembered = remembered;
  }

  /** How much memory the columns take. */
  get bytes(): number {
    return this.#wanted.length * BYTES_PER_MINER;
  }

  /**
   * A miner comes.
   *
   * @param now milliseconds, monotonic, from the same clock in all calls.
   * @returns its place, until {@linkcode give}. {@linkcode atJob} returns the difficulty to tell
   * it.
   */
  take(newcomer: Newcomer, now: number): number {
    const { name, clientAgent, suggestion } = newcomer;
    const remembered = this.#remembered.find(name, now);
    const place = this.#freePlaces.pop() ?? this.#places++;
    if (place === this.#wanted.length) this.#grow();
    this.#start(place, startOf(clientAgent, suggestion, remembered));
    this.#told[place] = this.#wanted[place]!;
    this.restart(place, now);
    return place;
  }

  /** A miner leaves; its difficulty is remembered by its name. */
  give(place: number, name: string, now: number): void {
    const isKnown = this.#silence[place]! < GUESSED_FAST;
    if (isKnown) this.#remembered.add(name, this.#known(place), now);
    this.#freePlaces.push(place);
  }

  /**
   * A present miner suggests a difficulty. If it has found no share yet, it starts as if it had
   * come with this suggestion.
   */
  suggest(place: number, clientAgent: string, suggestion: number): void {
    const silence = this.#silence[place]!;
    const remembered = silence < GUESSED_FAST ? this.#known(place) : undefined;
    const start = startOf(clientAgent, suggestion, remembered);
    if (silence >= REMEMBERED) this.#start(place, start);
    else this.#floor[place] = start.floor ?? NO_FLOOR;
  }

  /**
   * A good share of a miner came.
   *
   * @param difficulty the difficulty that it is credited with.
   * @returns whether shares come so fast that the miner should get a job out of turn.
   */
  share(place: number, difficulty: number, now: number, rules: VardiffRules): boolean {
    const wanted = this.#wanted[place]!;
    const told = this.#told[place]!;
    const unit = powerOf(Math.max(wanted, told));
    // A share for an old job may be worth many, but statistically it is one.
    const shares = this.#shares[place]! + (difficulty < unit ? difficulty / unit : 1);
    this.#shares[place] = shares;
    this.#silence[place] = 0;
    // The pool's difficulty, the brake or a setting keeps the difficulty where it is.
    if (told !== wanted || wanted >= rules.highest) return false;
    return isFarTooMany(shares, this.#watchedMs(place, now) * rules.aimPerMs);
  }

  /**
   * The difficulty to tell a miner together with a job: a power of two.
   *
   * @param ceiling the pool's difficulty for the job.
   * @param brake exponent of its lowest difficulty during a flood, which may exceed the ceiling and
   * the highest setting, but the wanted difficulty by at most {@linkcode MOST_BRAKE_STEPS}.
   */
  atJob(
    place: number,
    now: number,
    ceiling: number,
    rules: VardiffRules,
    brake: number = NO_BRAKE,
  ): number {
    const before = this.#wanted[place]!;
    const wanted = this.#bounded(place, this.#judged(place, now, rules), rules);
    const told = Math.min(wanted, this.#exponentOfCeiling(ceiling));
    const braked = Math.max(told, Math.min(brake, wanted + MOST_BRAKE_STEPS, HIGHEST_EXPONENT));
    // From now on shares are counted in other units.
    const isOther = Math.max(wanted, braked) !== Math.max(before, this.#told[place]!);
    this.#wanted[place] = wanted;
    this.#told[place] = braked;
    if (isOther) this.restart(place, now);
    this.#askedAt[place] = now;
    return powerOf(braked);
  }

  /**
   * Starts watching a miner again: its past proves nothing, because it comes from elsewhere or had
   * no pool.
   */
  restart(place: number, now: number): void {
    this.#shares[place] = 0;
    this.#since[place] = now;
    this.#askedAt[place] = now;
  }

  /** The wanted exponent of a miner, by its work. */
  #judged(place: number, now: number, rules: VardiffRules): number {
    const wanted = this.#wanted[place]!;
    const shares = this.#shares[place]!;
    const watchedMs = this.#watchedMs(place, now);
    const braked = this.#told[place]! - wanted;
    const aim = watchedMs * rules.aimPerMs;
    const steps = stepsWanted(shares, braked > 0 ? aim / 2 ** braked : aim, watchedMs);
    const isLate = since(this.#askedAt[place]!, now) > MAX_JOB_GAP_MS;
    if (steps === undefined && !isLate) return wanted;
    this.restart(place, now);
    if (steps === undefined || steps === RIGHT || (steps < 0 && isLate)) return wanted;
    return shares > 0 || steps > 0 ? wanted + steps : this.#silenced(place, wanted, steps, rules);
  }

  /** The exponent for a miner that sent nothing; `steps` is below 0. */
  #silenced(place: number, wanted: number, steps: number, rules: VardiffRules): number {
    const silence = this.#silence[place]!;
    if (silence >= GUESSED_FAST) {
      const fallen = wanted + Math.max(steps, -GUESS_SILENT_STEPS);
      const isFast = silence === GUESSED_FAST;
      return isFast ? Math.max(fallen, FAST_SILENT_EXPONENT) : fallen;
    }
    const left = MOST_KNOWN_SILENT_STEPS - silence % REMEMBERED;
    const fallen = this.#bounded(place, wanted - Math.min(-steps, KNOWN_SILENT_STEPS, left), rules);
    this.#silence[place] = silence + Math.max(0, wanted - fallen);
    return fallen;
  }

  #start(place: number, { start, floor, isKnown, isFast }: Start): void {
    this.#wanted[place] = start;
    this.#floor[place] = floor ?? NO_FLOOR;
    this.#silence[place] = isKnown ? REMEMBERED : isFast ? GUESSED_FAST : GUESSED;
  }

  /** The exponent of a miner that has found shares, before it fell silent. */
  #known(place: number): number {
    return this.#wanted[place]! + this.#silence[place]! % REMEMBERED;
  }

  /** Limits an exponent to the range that the settings and the miner allow. */
  #bounded(place: number, exponent: number, rules: VardiffRules): number {
    const { lowest, highest, isFixed } = rules;
    const floor = this.#floor[place]!;
    const least = floor === NO_FLOOR || isFixed ? lowest : floor;
    return Math.min(highest, Math.max(least, exponent));
  }

  #exponentOfCeiling(ceiling: number): number {
    if (ceiling !== this.#ceiling) {
      this.#ceilingExponent = exponentAtMost(ceiling);
      this.#ceiling = ceiling;
    }
    return this.#ceilingExponent;
  }

  #watchedMs(place: number, now: number): number {
    return Math.max(LEAST_MS, since(this.#since[place]!, now));
  }

  #grow(): void {
    const places = this.#wanted.length;
    const more = Math.min(places, MORE_PLACES);
    this.#wanted = grown(this.#wanted, new Int8Array(places + more));
    this.#told = grown(this.#told, new Int8Array(places + more));
    this.#floor = grown(this.#floor, new Int8Array(places + more));
    this.#silence = grown(this.#silence, new Uint8Array(places + more));
    this.#shares = grown(this.#shares, new Float64Array(places + more));
    this.#since = grown(this.#since, new Uint32Array(places + more));
    this.#askedAt = grown(this.#askedAt, new Uint32Array(places + more));
  }
}

/** The time since a time in a column, in milliseconds, up to 24 days. */
function since(time: number, now: number): number {
  return Math.max(0, (now - time) | 0);
}

function grown<Column extends Int8Array | Uint8Array | Float64Array | Uint32Array>(
  from: Column,
  to: Column,
): Column {
  to.set(from);
  return to;
}
