/** The connections of an account between fake pools, a clock and a book of roles. */

import { loadShareHasher } from "../../lib/bitcoin/load_share_hasher.ts";
import { ConnectLimiter } from "../../lib/net/pools/connect_limiter.ts";
import type { ListedPool, RosterSettings } from "../../lib/pool/settings.ts";
import type { OpenConnection } from "../../lib/pool/connection.ts";
import { POOL_KINDS, workerUserAt } from "../../lib/pool/kinds.ts";
import { PoolRoster } from "../../lib/pool/roster.ts";
import { WorkerQuota } from "../../lib/pool/worker_quota.ts";
import { PoolTroubleLog } from "../../lib/pool/trouble_log.ts";
import { FakeClock, turn } from "./fake_clock.ts";
import { FakePools, type Mood } from "./fake_pools.ts";
import { RoleBook } from "./role_book.ts";
import { stratumHandshake } from "./stratum_rig.ts";

export const RETURN_AFTER_MS = 180_000;
export const TICK_MS = 250;
export const HALF_DEAD = { noJobMs: 180_000, allRefusedMs: 60_000, noVerdictMs: 60_000 };

export class RosterRig {
  readonly clock = new FakeClock();
  readonly pools: FakePools;
  readonly roles = new RoleBook(this.clock.now);
  readonly roster: PoolRoster;
  readonly settings: RosterSettings;
  readonly #random: () => number;
  readonly #connects = new ConnectLimiter(this.clock.now);
  readonly #troubles = new PoolTroubleLog(this.clock.now);
  /** What all pools speak: fake ones answer as agent pools unless a test says otherwise. */
  kind: "agent" | "stratum" = "agent";
  /** Opens connections, if not those of {@linkcode RosterRig.kind}. */
  open: OpenConnection | undefined;
  /** How many miners sit at each connection, and how many need more room. */
  miners = 0;
  roomless: () => number = () => 0;
  /** The workers that have a miner. */
  workerNames: ReadonlySet<string> = new Set();
  /** How many connections of single workers there may be. */
  readonly quota = new WorkerQuota(Infinity);
  /** What would suit all miners. */
  suggestedDifficulty: number | undefined;
  /** Whether a spare may be opened. */
  maySpare = true;

  constructor(
    moods: readonly Mood[],
    connections?: number,
    random: () => number = () => 1,
    standbyIntervalMs: number | undefined = undefined,
    listed: Partial<ListedPool> = {},
  ) {
    this.pools = new FakePools(...moods);
    this.settings = {
      pools: this.pools.entries.map((pool) => ({ ...pool, ...listed })),
      connections,
      mostConnections: 100,
      returnAfterMs: RETURN_AFTER_MS,
      halfDead: HALF_DEAD,
      leavesOnPayoutChange: false,
      standbyIntervalMs,
      connection: {
        wantsVerdicts: true,
        dial: this.pools.fakeDial.dial,
        handshakeTimeoutMs: 15_000,
        readTimeoutMs: 60_000,
        shareWindowMs: 0,
      },
    };
    this.#random = random;
    this.roster = this.another();
  }

  /** The connections of another account, in the same process. */
  another(): PoolRoster {
    return new PoolRoster({
      ...this.settings,
      open: (options) => (this.open ?? POOL_KINDS.open)({ ...options, kind: this.kind }),
      workerUser: workerUserAt,
      version: "1.2.3",
      mux: this.roles,
      now: this.clock.now,
      rateClock: { realNow: this.clock.now, awayMs: () => 0 },
      time: { ...this.clock.time, random: this.#random },
      connects: this.#connects,
      troubles: this.#troubles,
      quota: this.quota,
      need: () => ({
        roomless: this.roomless(),
        minersAt: () => this.miners,
        workerNames: () => this.workerNames,
        hashrateFor: () => 0,
        suggestedDifficulty: this.suggestedDifficulty,
      }),
      maySpare: () => this.maySpare,
    });
  }

  /**
   * The list has these of its pools from now on, in this order, and the rest is as `changes` say.
   */
  reconfigure(pools: readonly number[], changes: Partial<RosterSettings> = {}): void {
    const entries = pools.map((pool) => this.settings.pools[pool]!);
    this.roster.reconfigure({ ...this.settings, pools: entries, ...changes });
  }

  /** A rig whose connections had time to become what they should. */
  static async started(
    moods: readonly Mood[],
    connections?: number,
    random = () => 1,
  ): Promise<RosterRig> {
    const rig = new RosterRig(moods, connections, random);
    await rig.pass(TICK_MS);
    return rig;
  }

  /** The same for ordinary Stratum pools. */
  static async startedStratum(
    moods: readonly Mood[],
    connections?: number,
    listed: Partial<ListedPool> = {},
  ): Promise<RosterRig> {
    await loadShareHasher();
    const rig = new RosterRig(moods, connections, () => 1, undefined, listed);
    rig.kind = "stratum";
    rig.pools.handshake = stratumHandshake;
    await rig.pass(TICK_MS);
    return rig;
  }

  /** Time goes by in ticks; pools talk, as they do. `each` is called after every tick. */
  async pass(ms: number, each: () => void | Promise<void> = () => {}): Promise<void> {
    for (let passed = 0; passed < ms; passed += TICK_MS) {
      this.clock.advance(TICK_MS);
      this.pools.keepTalking();
      await turn();
      this.roster.tick();
      await turn();
      await each();
    }
  }
}
