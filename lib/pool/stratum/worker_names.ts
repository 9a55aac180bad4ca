/**
 * The names of our workers at a Stratum pool that sees each of them; pure.
 *
 * The account is always the operator's, whatever name a miner sends: pools pay the account in a
 * name, and some pay the last one that was authorized.
 */

import { DEFAULT_WORKER_NAME } from "../../protocol/stratum/worker_name.ts";

/**
 * The longest worker part, in characters: with the longest payout address the whole name stays
 * below the 128 that ckpool and its relatives accept.
 */
export const MAX_WORKER_CHARS = 32;

/**
 * Characters that some pools do not accept. They include dots, after which some pools start another
 * name.
 */
const FOREIGN = /[^A-Za-z0-9_-]+/g;

/**
 * The name of a worker at the pool: the account of the configured `user`, and only the worker part
 * of the miner's name, filtered and cut. Workers whose names become equal are one worker there.
 */
export function workerUser(user: string, workerName: string): string {
  // Different names should stay different: rig.1.11 and rig.11.1 are two.
  const worker = workerName.slice(0, MAX_LOOKED_AT).replace(FOREIGN, "-").replace(/^-+/, "");
  const cut = worker.slice(0, MAX_WORKER_CHARS).replace(/-+$/, "");
  return `${accountOf(user)}.${cut || DEFAULT_WORKER_NAME}`;
}

/** The longest part of a name that is read, in characters. */
const MAX_LOOKED_AT = 256;

/** The part of the user before the first dot. A mail address is kept whole. */
function accountOf(user: string): string {
  if (user.includes("@")) return user;
  const dot = user.indexOf(".", 1);
  return dot < 0 ? user : user.slice(0, dot);
}
