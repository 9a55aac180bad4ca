/**
 * Where miners come from, as far as many have it in common: losses are counted by it.
 */

/** Numbers the origins of miners: each combination of software, network and sub-account. */
export interface OriginBook {
  /** The number for a miner that sent a share, valid until it leaves; 0 if it gets none. */
  enter(miner: MinerOrigin): number;
  /** A miner with this number has left. */
  leave(origin: number): void;
}

/** The origin of a miner, which others may share. */
export interface MinerOrigin {
  /** Its client agent, shortened as pools do. */
  readonly clientAgent: string;
  /** The address it came from. */
  readonly hostname: string;
  /** The sub-account in its user name; empty before it has logged in. */
  readonly account: string;
}
