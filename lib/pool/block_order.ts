/**
 * Which of several pools still works on a block that others have left; pure.
 *
 * Hashes alone say nothing of which came first. A pool that goes from one previous hash to another
 * says that the second is newer; but it may have made that up, and the pools that stay be right. So
 * its word alone counts for nothing:
 *
 * - A pool is behind while more pools have gone on to one and the same hash than are where it is.
 * - One that gets to a hash which another had before was behind since then.
 * - One that is where another has left for longer than blocks take is behind.
 * - Until then two pools are on different blocks, and nobody knows which is wrong.
 *
 * No pool can put another in a bad light alone, nor can a few that agree while more stay. Pools of
 * other coins have no hash in common, and two blocks of one height are not behind each other.
 */

/** Times in milliseconds, monotonic. */
export interface LeftBlock {
  /** When the first pool left it. */
  readonly at: number;
  /** Which pool that was. */
  readonly poolId: number;
  /** Its connection, for logs. */
  readonly name: string;
  /** Whether the pool that stays is behind; else it may be the other one that is wrong. */
  readonly isSure: boolean;
}

/** Blocks that are remembered of each pool: about ten hours of them. */
const MOST = 64;

/** A block takes longer once in three years: e^-12 of them do. */
export const LONGEST_BLOCK_MS = 7_200_000;

interface Arrival {
  readonly hash: string;
  readonly at: number;
}

/** A pool, and the previous hashes it has had, the newest last. */
interface Course {
  name: string;
  readonly arrivals: Arrival[];
}

/** See above. */
export class BlockOrder {
  readonly #courses = new Map<number, Course>();

  /**
   * A job of a pool came at `time`, with this previous hash.
   *
   * @returns how long the pool was behind one that had this hash before, in milliseconds.
   */
  jobCame(poolId: number, name: string, prevHash: string, time: number): number {
    const course = this.#courses.get(poolId) ?? { name, arrivals: [] };
    this.#courses.set(poolId, course);
    course.name = name;
    const { arrivals } = course;
    const before = arrivals.at(-1)?.hash;
    if (before === prevHash) return 0;
    const isBack = arrivals.some(({ hash }) => hash === prevHash);
    const behindMs = before === undefined || isBack ? 0 : this.#behindMs(before, prevHash, time);
    arrivals.push({ hash: prevHash, at: time });
    if (arrivals.length > MOST) arrivals.shift();
    return behindMs;
  }

  /** What another pool left that this one works on; `undefined` if nobody did. */
  leftBehind(poolId: number, time: number): LeftBlock | undefined {
    const mine = this.#courses.get(poolId)?.arrivals.at(-1)?.hash;
    if (mine === undefined) return undefined;
    let first: LeftBlock | undefined;
    for (const [otherId, { name, arrivals }] of this.#courses) {
      const next = arrivals[arrivals.findLastIndex(({ hash }) => hash === mine) + 1];
      // It never was there, or is there still.
      if (next === undefined || next === arrivals[0]) continue;
      const { hash, at } = next;
      const isSure = time - at >= LONGEST_BLOCK_MS ||
        this.#count((course) => had(course, hash)) > this.#count((course) => isAt(course, mine));
      const isBetter = first === undefined ||
        (isSure === first.isSure ? at < first.at : isSure);
      if (isBetter) first = { at, poolId: otherId, name, isSure };
    }
    return first;
  }

  /** How long a pool was behind that goes from one hash to another now. */
  #behindMs(from: string, to: string, time: number): number {
    let behindMs = 0;
    for (const { arrivals } of this.#courses.values()) {
      const at = arrivals.findLastIndex(({ hash }) => hash === to);
      // One that was never where this pool was says nothing of when it should have left.
      const wasThere = arrivals.slice(0, Math.max(0, at)).some(({ hash }) => hash === from);
      if (wasThere) behindMs = Math.max(behindMs, time - arrivals[at]!.at);
    }
    return behindMs;
  }

  #count(isMeant: (course: Course) => boolean): number {
    let count = 0;
    for (const course of this.#courses.values()) if (isMeant(course)) count++;
    return count;
  }
}

function had({ arrivals }: Course, wanted: string): boolean {
  return arrivals.some(({ hash }) => hash === wanted);
}

function isAt({ arrivals }: Course, wanted: string): boolean {
  return arrivals.at(-1)?.hash === wanted;
}
