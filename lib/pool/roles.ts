/**
 * How many connections an account has, to which pools, and what each is for; pure.
 *
 * Pools have an order: a pool's rank is its place in it, 0 the best.
 */

/** While no pool serves, the next pool is also tried if one has not answered for this long. */
export const STAGGER_MS = 2_000;

/** The rank of a connection that the configuration no longer wants: worse than any in the order. */
export const UNWANTED: number = Infinity;

/** One connection of an account, as the choices below see it. */
export interface Ranked {
  /** The pool's rank, or {@linkcode UNWANTED}. */
  readonly rank: number;
  /** Dialling or shaking hands; ready without miners; serving miners. */
  readonly role: "opening" | "spare" | "active";
  /** When it was opened. */
  readonly openedAt: number;
}

/** What an account wants of its connections. */
export interface RoleWishes {
  /** How many pools there are. */
  readonly pools: number;
  /** How many connections serve miners. */
  readonly active: number;
  /** Whether to keep one more ready, to another pool if there is one. */
  readonly spare: boolean;
  /** Whether the pool of a rank gets no spare: we connect to it only when it is needed. */
  readonly isCold: (rank: number) => boolean;
}

/**
 * The rank of the pool to open a connection to now; `undefined` for none. Ask again after each
 * opening.
 *
 * @param mayDial Whether the pool of a rank may be dialed, sooner in an outage. The first rank that
 * may is the answer: the limiter behind this question counts a dial with each yes.
 */
export function nextRank(
  entries: readonly Ranked[],
  wishes: RoleWishes,
  mayDial: (rank: number, isOutage: boolean) => boolean,
  time: number,
): number | undefined {
  const opening = entries.filter((entry) => entry.role === "opening");
  const ready = entries.filter((entry) => entry.role !== "opening");
  const isUsed = (rank: number) => entries.some((entry) => entry.rank === rank);
  const best = (mayUse: (rank: number) => boolean) => {
    for (let rank = 0; rank < wishes.pools; rank++) {
      if (mayUse(rank) && mayDial(rank, ready.length === 0)) return rank;
    }
    return undefined;
  };

  const missing = wishes.active - ready.length;
  if (missing > 0) {
    // Pools close single connections for their own reasons: while others serve, wait for a new
    // connection instead of moving to a worse pool.
    const worstReady = Math.max(...ready.map((entry) => entry.rank));
    const mayUse = (rank: number) => ready.length === 0 || rank <= worstReady;
    if (opening.length < missing) return best(mayUse);
    if (ready.length > 0) return undefined;
    const isLate = opening.every((entry) => time - entry.openedAt >= STAGGER_MS);
    // A warm spare would already serve.
    return best((rank) => !isUsed(rank) && (isLate || wishes.isCold(rank)));
  }
  const worst = worstActiveRank(entries);
  // Other connections to that pool may be serving already; one more on its way is enough.
  const isOnTheWay = (rank: number) =>
    entries.some((entry) => entry.rank === rank && entry.role !== "active");
  // Ask only if a connection would be opened: a yes of the limiter must be followed by a dial.
  const better = opening.some((entry) => entry.rank < worst)
    ? undefined
    : best((rank) => rank < worst && !isOnTheWay(rank));
  if (better !== undefined) return better;
  if (!wishes.spare || opening.length > 0) return undefined;
  // More than wanted may serve if each has room for few miners only.
  const serving = Math.max(wishes.active, ready.filter(({ role }) => role === "active").length);
  const useful = ready.filter((entry) => wishes.pools === 1 || !isBesideActive(entry, ready));
  if (useful.length > serving) return undefined;
  return best((rank) => !wishes.isCold(rank) && (wishes.pools === 1 || !isUsed(rank)));
}

/** Whether an entry is a spare to a pool that serves already: both would fail together. */
export function isBesideActive({ rank, role }: Ranked, entries: readonly Ranked[]): boolean {
  return role === "spare" &&
    entries.some((other) => other.role === "active" && other.rank === rank);
}

/** The worst rank among the pools that serve; -1 when none does. */
export function worstActiveRank(entries: readonly Ranked[]): number {
  return entries.reduce(
    (worst, entry) => entry.role === "active" ? Math.max(worst, entry.rank) : worst,
    -1,
  );
}
