/**
 * What a Stratum pool calls our workers where it sees more than one; pure.
 *
 * The account is always the operator's, whatever a miner calls itself: pools pay the account of a
 * name, and some pay the last one that was authorized.
 */

import { DEFAULT_WORKER_NAME } from "../../protocol/stratum/worker_name.ts";

/**
 * The longest worker part, in characters: with the longest payout address the whole name stays
 * below 128, which ckpool and its kin take.
 */
export const MAX_WORKER_CHARS = 32;

/** What not every pool takes. Dots are among it: behind one, some pools begin another name. */
const FOREIGN = /[^A-Za-z0-9_-]+/g;

/**
 * The name of a worker at the pool: the account of the configured `user`, and of the miner only the
 * worker part, filtered and cut. Workers whose names come to the same are one worker there.
 */
export function workerUser(user: string, workerName: string): string {
  // What stands apart stays apart: rig.1.11 and rig.11.1 are two.
  const worker = workerName.slice(0, MAX_LOOKED_AT).replace(FOREIGN, "-").replace(/^-+/, "");
  const cut = worker.slice(0, MAX_WORKER_CHARS).replace(/-+$/, "");
  return `${accountOf(user)}.${cut || DEFAULT_WORKER_NAME}`;
}

/** No more of a name is looked at, in characters. */
const MAX_LOOKED_AT = 256;

/** What stands before the first dot of the user. The dots of a mail address are no end of it. */
function accountOf(user: string): string {
  if (user.includes("@")) return user;
  const dot = user.indexOf(".", 1);
  return dot < 0 ? user : user.slice(0, dot);
}
