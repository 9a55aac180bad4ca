/**
 * The difficulty of every miner of an account where that is our business: as many shares as wanted
 * from each, and never above what the pool counts; pure, all times are handed in.
 *
 * A miner has the difficulty it should have, by the work it does, and is told the lower one of that
 * and the pool's: work above the pool's difficulty that is withheld would be lost. A new one is told
 * together with a job only, so it is asked for at a job.
 *
 * Of a miner are kept {@linkcode BYTES_PER_MINER} bytes in columns, by its place.
 */

import { isFarTooMany, RIGHT, stepsWanted } from "./difficulty_evidence.ts";
import { exponentAtMost, powerOf } from "./powers_of_two.ts";
import { RememberedDifficulties } from "./remembered_difficulties.ts";
import { type Start, startOf } from "./starting_difficulty.ts";
import { HIGHEST_EXPONENT, type VardiffRules } from "./vardiff_rules.ts";

/** A miner that begins to work. */
export interface Newcomer {
  /** Its whole worker name: by this its difficulty is remembered. */
  readonly name: string;
  /** As it gave it. */
  readonly clientAgent: string;
  /** The difficulty it suggests, by request or password. */
  readonly suggestion: number | undefined;
}

/** What is kept of a miner, in bytes. */
export const BYTES_PER_MINER = 20;

/**
 * The brake makes a miner's work at most this many powers of two harder than it should be: at 60
 * shares a minute for each, 65,535 miners send 16 a second then.
 */
export const MOST_BRAKE_STEPS = 12;

/** The brake is off. */
export const NO_BRAKE = -128;

/**
 * Of a miner that got no job for longer than this, in milliseconds, silence says nothing: there was
 * no pool, or this program was not running.
 */
export const MAX_JOB_GAP_MS = 240_000;

/**
 * Shares that come in one read came at one moment, but were not found at one, so a miner is taken to
 * have been watched for at least this long, in milliseconds.
 */
const LEAST_MS = 1_000;

/** A miner that was never heard of is lowered by this many powers of two for being silent. */
const GUESS_SILENT_STEPS = 4;
/** One that is known to find shares is rather switched off than that much slower. */
const KNOWN_SILENT_STEPS = 2;
/** Lower it falls by shares alone, or it would flood us once it is switched on. */
const MOST_KNOWN_SILENT_STEPS = 4;
/** Nor does a fast kind of miner fall below this exponent without a share. */
const FAST_SILENT_EXPONENT = 10;

/** In the column of silences: it found no share here yet, and is known from before. */
const REMEMBERED = 0x40;
/** Or nothing is known from before; of a fast kind, and of another one. */
const GUESSED_FAST = 0x80;
const GUESSED = 0x81;

/** In the column of floors: the setting's counts. */
const NO_FLOOR = -128;

const FIRST_PLACES = 16;
/** Columns double up to this, and grow by as much from then on. */
const MORE_PLACES = 1024;

/** The miners of one account. */
export class Vardiff {
  readonly #remembered: RememberedDifficulties;
  /** Exponent of the difficulty a miner should have. */
  #wanted = new Int8Array(FIRST_PLACES);
  /** Exponent of the one it has since its last job: lower by the pool's, higher by the brake. */
  #told = new Int8Array(FIRST_PLACES);
  /** Exponent of the lowest it takes, or {@linkcode NO_FLOOR}. */
  #floor = new Int8Array(FIRST_PLACES);
  /** By how many powers of two it was lowered since its last share, and what if it found none. */
  #silence = new Uint8Array(FIRST_PLACES);
  /** Shares since it is watched, counted at the higher one of the two difficulties. */
  #shares = new Float64Array(FIRST_PLACES);
  /** Since when it is watched, and when it was last asked for: milliseconds modulo 2^32. */
  #since = new Uint32Array(FIRST_PLACES);
  #askedAt = new Uint32Array(FIRST_PLACES);
  readonly #freePlaces: number[] = [];
  #places = 0;
  /** The last ceiling that came, and its exponent: it is the same for a whole connection. */
  #ceiling = 1;
  #ceilingExponent = 0;

  /** Nobody is here. What is `remembered` may be shared with other accounts. */
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
   * @param now milliseconds, monotonic; of all calls alike.
   * @returns its place, until {@linkcode give}. What it is told, {@linkcode atJob} says.
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

  /** A miner leaves; what it did is remembered by its name. */
  give(place: number, name: string, now: number): void {
    const isKnown = this.#silence[place]! < GUESSED_FAST;
    if (isKnown) this.#remembered.add(name, this.#known(place), now);
    this.#freePlaces.push(place);
  }

  /**
   * A miner that is here suggests a difficulty. If it found no share yet, it starts as if it had
   * come with the suggestion.
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
   * @param difficulty what it is credited with.
   * @returns whether shares come that fast that the miner should have a job out of turn.
   */
  share(place: number, difficulty: number, now: number, rules: VardiffRules): boolean {
    const wanted = this.#wanted[place]!;
    const told = this.#told[place]!;
    const unit = powerOf(Math.max(wanted, told));
    // One for an old job may be worth many; chance counts it as one.
    const shares = this.#shares[place]! + (difficulty < unit ? difficulty / unit : 1);
    this.#shares[place] = shares;
    this.#silence[place] = 0;
    // The pool's difficulty, the brake or a setting keeps it where it is.
    if (told !== wanted || wanted >= rules.highest) return false;
    return isFarTooMany(shares, this.#watchedMs(place, now) * rules.aimPerMs);
  }

  /**
   * The difficulty that a miner is told together with a job, and has for it: a power of two.
   *
   * @param ceiling the pool's difficulty for the job.
   * @param brake exponent of the difficulty it has at least, against a flood, also above the ceiling
   * and the settings' highest; but at most {@linkcode MOST_BRAKE_STEPS} above what it should have.
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
    // Shares are counted in other units from now on.
    const isOther = Math.max(wanted, braked) !== Math.max(before, this.#told[place]!);
    this.#wanted[place] = wanted;
    this.#told[place] = braked;
    if (isOther) this.restart(place, now);
    this.#askedAt[place] = now;
    return powerOf(braked);
  }

  /** What a miner did so far says nothing: it comes from elsewhere, or had no pool. */
  restart(place: number, now: number): void {
    this.#shares[place] = 0;
    this.#since[place] = now;
    this.#askedAt[place] = now;
  }

  /** The exponent a miner should have, by what it did. */
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

  /** The exponent for a miner that sent nothing; `steps` are fewer than 0. */
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

  /** The exponent of a miner that is known to find shares, before it fell silent. */
  #known(place: number): number {
    return this.#wanted[place]! + this.#silence[place]! % REMEMBERED;
  }

  /** An exponent within what the settings and the miner allow. */
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

/** How long ago a time of a column was, in milliseconds, up to 24 days. */
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
