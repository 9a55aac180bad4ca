/**
 * Moments to be marked in charts: the last day's, {@linkcode MOST} at most.
 *
 * An uplink that flaps fails over and comes back all day long: of one kind there is at most one mark
 * a minute, which says how often it was, and when there are too many, the kind with the most of them
 * loses its oldest. Kept under monotonic time, as the samples of the charts are.
 */

/** What there are marks for. */
export type MarkKind = "failover" | "back" | "outage" | "outage_end" | "reload" | "start";

/** One of them. */
export interface Mark {
  /** Monotonic, in milliseconds. */
  readonly time: number;
  /** What it is. */
  readonly kind: MarkKind;
  /** The same in words. */
  readonly about: string;
}

/** Most marks at a time. */
export const MOST = 200;

/** They are kept for this long, and the same is one for this long, in milliseconds. */
const KEPT_MS = 86_400_000;
const SAME_MS = 60_000;

/** Words are cut here: some are a pool's own. */
const MAX_WORDS = 300;

interface Noted extends Mark {
  more: number;
}

/** Keeps the marks of the last day. */
export class Marks {
  #marks: Noted[] = [];
  #changes = 0;

  /** How often there was something new. */
  get changes(): number {
    return this.#changes;
  }

  /** Something happened. */
  add(kind: MarkKind, about: string, time: number): void {
    this.#changes++;
    const last = this.#marks.findLast((mark) => mark.kind === kind);
    if (last !== undefined && time - last.time < SAME_MS) {
      last.more++;
      return;
    }
    this.#marks = this.#marks.filter((mark) => time - mark.time < KEPT_MS);
    this.#marks.push({ time, kind, about: about.slice(0, MAX_WORDS), more: 0 });
    if (this.#marks.length > MOST) this.#dropOne();
  }

  /** Those of the last day, the oldest first. */
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
