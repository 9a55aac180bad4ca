/**
 * What is needed to judge a pool, in addition to the findings about it.
 */

import type { KindOfPool, WorkersSeen } from "../base/pool_kind.ts";
import type { LayoutRules } from "./layouts.ts";

/** The configuration and circumstances of a check. */
export interface PoolContext {
  /** What the list says that the pool speaks. */
  readonly kind: KindOfPool;
  /** Whether TLS is spoken to the pool. */
  readonly usesTls: boolean;
  /** Whether its certificate is verified. */
  readonly isVerified: boolean;
  /** The name we authorized as; `undefined` for none. */
  readonly account: string | undefined;
  /** How many workers it sees, if it is not an agent pool. */
  readonly workers: WorkersSeen;
  /** The rules for the bytes that miners get. */
  readonly layoutRules: LayoutRules;
  /** As `submit_response_from_server`. */
  readonly wantsVerdicts: boolean | undefined;
  /** How long each attempt may take, in seconds. */
  readonly timeoutSeconds: number;
  /** This machine's clock, in milliseconds since 1970. */
  readonly wallTime: number;
}
