/**
 * The settings of a simulated miner.
 */

import type { Time } from "../base/clock.ts";
import type { FirmwareName } from "./firmware.ts";
import type { MinerConnection } from "./miner_socket.ts";
import type { MinerMode } from "./share_source.ts";
import type { Conduct } from "./trouble.ts";
import type { Watch } from "./watch.ts";
import type { WorkScheduler } from "./work_scheduler.ts";

/** The settings of a miner. */
export interface SimMinerOptions {
  /** Where to connect to; 127.0.0.1 if not given. */
  readonly hostname?: string;
  /** The port to connect to. */
  readonly port: number;
  /** The firmware it behaves like; `cgminer` if not given. */
  readonly firmware?: FirmwareName;
  /** What to authorize as: `account.worker`. */
  readonly user: string;
  /** The password; `x` if not given. */
  readonly password?: string;
  /** Where shares come from; `idle` if not given. */
  readonly mode?: MinerMode;
  /** Its trouble; none if not given. */
  readonly conduct?: Conduct;
  /**
   * Whether to reconnect when the server ends the connection or makes it useless; false if not
   * given. After a connection that the miner ended out of impatience it always reconnects.
   */
  readonly reconnects?: boolean;
  /** How many times sooner than the real firmware it connects again; 1 if not given. */
  readonly haste?: number;
  /**
   * How many times longer than the real firmware it waits for its login; 50 if not given, since
   * simulations share their processors and some firmware waits little more than a second.
   */
  readonly loginPatience?: number;
  /**
   * The value of difficulty 1 in this simulation, below which firmware reports a fault; no limit if
   * not given.
   */
  readonly difficultyUnit?: number;
  /**
   * Called at each job: whether a job that is not clean is a fault within 5 s of the one before;
   * always if not given. For servers that stand still, or whose clock jumps.
   */
  readonly mindsPace?: () => boolean;
  /**
   * The time between the bytes it sends until it is authorized, in milliseconds; 0, at once, if not
   * given.
   */
  readonly dribbleMs?: number;
  /** The seed of all its random choices; 1 if not given. */
  readonly seed?: number;
  /** The clock and timers; the system's if not given. */
  readonly time?: Time;
  /**
   * The scheduler that gives it turns to hash; one for all miners on the same time if not given.
   */
  readonly scheduler?: WorkScheduler;
  /** Gets its changes and serves `until()`; its own if not given. */
  readonly watch?: Watch;
  /** How to connect; `Deno.connect` if not given. */
  readonly dial?: (hostname: string, port: number) => Promise<MinerConnection>;
}
