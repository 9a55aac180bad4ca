/**
 * The troubles of simulated miners, and how a miner then behaves; pure. A miner follows its conduct
 * at each step and knows nothing of troubles itself.
 */

import type { Random } from "../base/clock.ts";
import type { MinerShare } from "./miner_dialogue.ts";

/**
 * - `dead`: works for a while, then disconnects and does not come back;
 * - `flapping`: reconnects every few seconds;
 * - `refused`: none of its shares counts: for its version bits, its jobs or its hashes;
 * - `weak`: has a fraction of the others' speed;
 * - `silent`: logs in, takes work, and sends nothing;
 * - `gaps`: pauses at regular times, as firmware with a hidden fee does.
 */
export const TROUBLES = ["dead", "flapping", "refused", "weak", "silent", "gaps"] as const;

/** One of {@linkcode TROUBLES}. */
export type Trouble = typeof TROUBLES[number];

/** How long a trouble lasts, and how far it goes. */
export interface TroubleTimes {
  /** Milliseconds of work after which a dead miner is gone, within a quarter more or less. */
  readonly deadAfterMs: number;
  /** How long a flapping miner stays connected with work, in milliseconds. */
  readonly flapMs: number;
  /** How long it then stays away, in milliseconds. */
  readonly flapPauseMs: number;
  /** A miner with gaps pauses once in this time, in milliseconds. */
  readonly gapEveryMs: number;
  /** How long it pauses, in milliseconds. */
  readonly gapMs: number;
  /** The part of its speed that a weak miner has left. */
  readonly weakPart: number;
}

/** Values that operators see in real farms; a hidden fee of 1 in 10 minutes is a high one. */
const TIMES: TroubleTimes = {
  deadAfterMs: 60_000,
  flapMs: 4_000,
  flapPauseMs: 4_000,
  gapEveryMs: 10 * 60_000,
  gapMs: 60_000,
  weakPart: 0.2,
};

/** How a miner behaves. */
export interface Conduct {
  /** Whether it looks for shares this long after it was switched on, in milliseconds. */
  works(uptimeMs: number): boolean;
  /** The part of its speed that it has. */
  readonly part: number;
  /** It ends a connection that has given it work for this long, in milliseconds. */
  readonly staysMs: number;
  /** Then it connects again after this long, in milliseconds; `Infinity` for never. */
  readonly awayMs: number;
  /** A share as it sends it. */
  spoil(share: MinerShare): MinerShare;
}

/** The conduct of a miner without trouble. */
export const HEALTHY: Conduct = {
  works: () => true,
  part: 1,
  staysMs: Infinity,
  awayMs: Infinity,
  spoil: (share) => share,
};

/** Why the shares of a `refused` miner are refused. */
type Flaw = "version bits" | "old job" | "wrong nonce";

/** What a conduct is made from. */
export interface ConductOptions {
  /** Which of the miners with this trouble it is, from 0. */
  readonly place: number;
  /** Whether its shares can have version bits. */
  readonly rollsVersions: boolean;
  /** Whether its shares are really hashed: if not, no nonce is wrong. */
  readonly isHashing: boolean;
  /** Times that differ from the usual ones. */
  readonly times?: Partial<TroubleTimes>;
  /** The source of random choices. */
  readonly random: Random;
}

/** The lowest bit of the version is outside every mask. */
const FORBIDDEN_BIT = 1;
/** Job ids count from a date on, and pools never return to their first. */
const LONG_GONE_JOB = "0";

const FLAWS: Readonly<Record<Flaw, (share: MinerShare) => MinerShare>> = {
  "version bits": (share) => ({
    ...share,
    versionBits: (share.versionBits | FORBIDDEN_BIT) >>> 0,
  }),
  "old job": (share) => ({ ...share, jobId: LONG_GONE_JOB }),
  "wrong nonce": (share) => ({ ...share, nonce: ~share.nonce >>> 0 }),
};

const CONDUCTS: Readonly<
  Record<Trouble, (options: ConductOptions, times: TroubleTimes) => Partial<Conduct>>
> = {
  dead: ({ random }, { deadAfterMs }) => ({ staysMs: deadAfterMs * (0.75 + random() / 2) }),
  flapping: (_, { flapMs, flapPauseMs }) => ({ staysMs: flapMs, awayMs: flapPauseMs }),
  refused: (options) => ({ spoil: FLAWS[flawOf(options)] }),
  weak: (_, { weakPart }) => ({ part: weakPart }),
  silent: () => ({ works: () => false }),
  gaps: (_, { gapEveryMs, gapMs }) => ({
    works: (uptimeMs) => uptimeMs % gapEveryMs < gapEveryMs - gapMs,
  }),
};

/** How a miner with this trouble behaves. */
export function conductOf(trouble: Trouble, options: ConductOptions): Conduct {
  return { ...HEALTHY, ...CONDUCTS[trouble](options, { ...TIMES, ...options.times }) };
}

/** Chooses a flaw its shares can have; neighbours get different ones. */
function flawOf({ place, rollsVersions, isHashing }: ConductOptions): Flaw {
  const flaws: Flaw[] = [
    ...rollsVersions ? ["version bits"] as const : [],
    "old job",
    ...isHashing ? ["wrong nonce"] as const : [],
  ];
  return flaws[place % flaws.length]!;
}

/** How many miners have a trouble. */
export interface TroubledMiners {
  /** Their trouble. */
  readonly trouble: Trouble;
  /** How many of them there are. */
  readonly count: number;
}

/** The trouble of one miner of a farm. */
export interface MinerTrouble {
  /** Its trouble. */
  readonly trouble: Trouble;
  /** Which of the miners with this trouble it is, from 0. */
  readonly place: number;
}

/** The first miners of a farm have the troubles, in the order given: that of miner `index`, from 0. */
export function troubleAt(
  troubled: readonly TroubledMiners[],
  index: number,
): MinerTrouble | undefined {
  let place = index;
  for (const { trouble, count } of troubled) {
    if (place < count) return { trouble, place };
    place -= count;
  }
  return undefined;
}
