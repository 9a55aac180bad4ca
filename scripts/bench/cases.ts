/**
 * The scenarios with their cases, as data.
 */

import type { Crowd, MinersCommand } from "./ends.ts";

/** One case to measure. */
export interface Case {
  /** Its scenario, and what distinguishes it from others of that scenario. */
  readonly name: string;
  /** How many miners. */
  readonly miners: number;
  /** How many of them log in at once. */
  readonly atOnce: number;
  /** How often a job comes, in milliseconds; 0 for never. */
  readonly jobEveryMs: number;
  /** Whether shares are answered with the pool's verdict. */
  readonly givesVerdicts: boolean;
  /** What the miners do while it is measured. */
  readonly load: readonly MinersCommand[];
  /** How long it is measured, in seconds. */
  readonly seconds: number;
  /** How long it runs before it is measured, in seconds; 0 if absent. */
  readonly warmSeconds?: number;
  /** Whether the pool connection is lost. */
  readonly losesPool?: boolean;
  /** Attackers for a second measurement, after the undisturbed one. */
  readonly attack?: Crowd;
}

/** A scenario of the command line. */
export interface Scenario {
  /** The name. */
  readonly name: string;
  /** One line for the help. */
  readonly about: string;
  /** Its cases. */
  readonly cases: readonly Case[];
}

/** What the command line can scale. */
export interface Scale {
  /** How many miners, instead of each scenario's own number. */
  readonly miners: number | undefined;
  /** How long to measure, in seconds, instead of each scenario's own time. */
  readonly seconds: number | undefined;
  /** How long `soak` takes. */
  readonly minutes: number;
}

const FARM = 10_000;
const SHARES_PER_SECOND = 1000;
const GENTLY = 200;
const WIRE_WARM_SECONDS = 180;
const ALL = 1 << 16;

/** Returns the load in proportion to the miners. */
function perMiner(perSecond: number, of: number, miners: number): number {
  return Math.max(1, Math.round(perSecond * miners / of));
}

/** Returns every scenario at this scale. */
export function scenarios({ miners, seconds, minutes }: Scale): readonly Scenario[] {
  const farm = miners ?? FARM;
  const crowd = miners ?? 500;
  const restless = miners ?? 5000;
  const crowded = miners ?? 2000;
  const base = {
    miners: farm,
    atOnce: GENTLY,
    jobEveryMs: 5000,
    givesVerdicts: true,
    load: [] as MinersCommand[],
    seconds: seconds ?? 15,
  };
  const shares: MinersCommand = {
    do: "rate",
    perSecond: perMiner(SHARES_PER_SECOND, FARM, farm),
  };
  return [
    {
      name: "idle",
      about: "10,000 miners, a job every 5 s, no shares",
      cases: [{ ...base, name: "idle" }],
    },
    {
      name: "rate",
      about: "10,000 miners, 1,000 shares/s, with and without verdicts",
      cases: [
        { ...base, name: "rate, no verdicts", givesVerdicts: false, load: [shares] },
        { ...base, name: "rate, verdicts", load: [shares] },
      ],
    },
    {
      name: "wire",
      about: "10,000 miners, 1,000 shares/s, a job every 30 s, after three minutes",
      cases: [{
        ...base,
        name: "wire",
        jobEveryMs: 30_000,
        load: [shares],
        seconds: seconds ?? 60,
        warmSeconds: seconds === undefined
          ? WIRE_WARM_SECONDS
          : Math.min(WIRE_WARM_SECONDS, seconds),
      }],
    },
    {
      name: "saturate",
      about: "500 miners, each with 4 or 16 shares unanswered all the time",
      cases: [4, 16].map((depth) => ({
        ...base,
        name: `saturate, depth ${depth}`,
        miners: crowd,
        givesVerdicts: false,
        load: [{ do: "depth", depth }],
      })),
    },
    {
      name: "storm",
      about: "10,000 miners connect at once; time until all have a job",
      cases: [{ ...base, name: "storm", atOnce: ALL, jobEveryMs: 0, seconds: seconds ?? 2 }],
    },
    {
      name: "fanout",
      about: "10,000 miners, a job every 5 s; time to each and to the last",
      cases: [{ ...base, name: "fanout", seconds: seconds ?? 30 }],
    },
    {
      name: "flood",
      about:
        "2,000 miners, 1,000 shares/s, 40 jobs/s from the pool: what it costs shares and memory",
      cases: [{
        ...base,
        name: "flood",
        miners: crowded,
        jobEveryMs: 25,
        load: [{ do: "rate", perSecond: perMiner(SHARES_PER_SECOND, 2000, crowded) }],
      }],
    },
    {
      name: "churn",
      about: "5,000 miners, 500 of them reconnect each second",
      cases: [{
        ...base,
        name: "churn",
        miners: restless,
        load: [{ do: "churn", perSecond: perMiner(500, 5000, restless) }],
      }],
    },
    {
      name: "move",
      about: "10,000 miners, the pool connection is lost; time to the last new job",
      cases: [{ ...base, name: "move", jobEveryMs: 0, losesPool: true, seconds: seconds ?? 4 }],
    },
    {
      name: "attack",
      about: "500 miners, 500 shares/s; then the same beside 5,400 attackers",
      cases: [{
        ...base,
        name: "attack",
        miners: crowd,
        load: [{ do: "rate", perSecond: crowd }],
        attack: {
          silent: 10 * crowd,
          drippers: perMiner(200, 500, crowd),
          senders: perMiner(200, 500, crowd),
          connectsPerSecond: 2 * crowd,
        },
      }],
    },
    {
      name: "soak",
      about: "10,000 miners, 1,000 shares/s, 50 reconnects/s, for --minutes",
      cases: [{
        ...base,
        name: "soak",
        load: [shares, { do: "churn", perSecond: perMiner(50, FARM, farm) }],
        seconds: minutes * 60,
      }],
    },
  ];
}
