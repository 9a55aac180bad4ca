/**
 * Events of the last day that charts mark, {@linkcode MOST} at most.
 *
 * A flapping uplink fails over and comes back all day long. So each kind gets at most one mark a
 * minute, which says how often it happened, and when there are too many marks, the kind with the
 * most of them loses its oldest. Kept by monotonic time, as the samples of the charts are.
 */

/** What a mark can stand for. */
export const MARK_KINDS = [
  "failover",
  "back",
  "outage",
  "outage_end",
  "reload",
  "start",
] as const;

/** One of them. */
export type MarkKind = typeof MARK_KINDS[number];

/** A mark. */
export interface Mark {
  /** Monotonic, in milliseconds. */
  readonly time: number;
  /** What it stands for. */
  readonly kind: MarkKind;
  /** The same in words. */
  readonly about: string;
}

/** Most marks at a time. */
export const MOST = 200;

/** How long a mark is kept, and how long repeats count as the same mark, in milliseconds. */
const KEPT_MS = 86_400_000;
const SAME_MS = 60_000;

/** The greatest length of a mark's words, some of which come from a pool. */
const MAX_WORDS = 300;

interface Noted extends Mark {
  more: number;
}

/** Keeps the marks of the last day. */
export class Marks {
  #marks: Noted[] = [];
  #changes = 0;

  /** Counts the changes of the list. */
  get changes(): number {
    return this.#changes;
  }

  /** Adds a mark, or counts a repeat of the last one of its kind. @returns whether it is new. */
  add(kind: MarkKind, about: string, time: number): boolean {
    this.#changes++;
    const last = this.#marks.findLast((mark) => mark.kind === kind);
    if (last !== undefined && time - last.time < SAME_MS) {
      last.more++;
      return false;
    }
    this.#marks = this.#marks.filter((mark) => time - mark.time < KEPT_MS);
    this.#marks.push({ time, kind, about: about.slice(0, MAX_WORDS), more: 0 });
    if (this.#marks.length > MOST) this.#dropOne();
    return true;
  }

  /** The marks of the last day, oldest first. */
  list(time: number): Mark[] {
    return this.#marks
      .filter((mark) => time - mark.time < KEPT_MS)
      .map(({ time, kind, about, more }) => ({
        time,
        kind,
        about: more === 0 ? about : `${about} (and ${more} more within a minute)`,
      }));
  }

  #dropOne(): void {
    const counts = new Map<MarkKind, number>();
    for (const { kind } of this.#marks) counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const [most] = [...counts].reduce((one, other) => other[1] > one[1] ? other : one);
    this.#marks.splice(this.#marks.findIndex(({ kind }) => kind === most), 1);
  }
}
