/**
 * Finds the pool that still works on a block that others have left; pure.
 *
 * Hashes alone do not show which came first. A pool that moves from one previous hash to another
 * claims that the second is newer; but the claim may be false, and the pools that stay may be
 * right. So the claim of one pool alone does not count:
 *
 * - A pool is behind while more pools have moved on to the same hash than are still at its hash.
 * - A pool that moves to a hash that another pool had before was behind since then.
 * - A pool is behind when another left its hash longer ago than a block takes.
 * - Until then two pools are on different blocks, and it is unknown which is wrong.
 *
 * So no single pool can make another look behind, nor can a few pools that agree while more stay.
 * Pools of other coins have no hash in common, and two blocks of one height are not behind each
 * other.
 */

/** Times in milliseconds, monotonic. */
export interface LeftBlock {
  /** When the first pool left it. */
  readonly at: number;
  /** Which pool that was. */
  readonly poolId: number;
  /** Its connection, for logs. */
  readonly name: string;
  /** Whether the pool that stays is certainly behind; if not, the other pool may be wrong. */
  readonly isSure: boolean;
}

/** How many blocks are remembered for each pool: about ten hours. */
const MOST = 64;

/** Only one block in e^12 takes longer: one in three years. */
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

/** Remembers the previous hashes of each pool and compares the pools by the rules above. */
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

  /** Which pool left the block that this one works on, and when; `undefined` if none did. */
  leftBehind(poolId: number, time: number): LeftBlock | undefined {
    const mine = this.#courses.get(poolId)?.arrivals.at(-1)?.hash;
    if (mine === undefined) return undefined;
    let first: LeftBlock | undefined;
    for (const [otherId, { name, arrivals }] of this.#courses) {
      const next = arrivals[arrivals.findLastIndex(({ hash }) => hash === mine) + 1];
      // It was never at this hash, or still is.
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

  /** How long a pool was behind that moves from one hash to another now. */
  #behindMs(from: string, to: string, time: number): number {
    let behindMs = 0;
    for (const { arrivals } of this.#courses.values()) {
      const at = arrivals.findLastIndex(({ hash }) => hash === to);
      // A pool that never had this pool's hash does not show when this pool should have left it.
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
