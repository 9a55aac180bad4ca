/**
 * The start of a connection whose shares btcagent hashes: the share hasher is loaded while the
 * connection is dialed.
 */

import { loadShareHasher } from "../bitcoin/load_share_hasher.ts";
import type { Connection } from "../net/pools/connection.ts";

/**
 * The result of `dialled`, once the share hasher is also loaded.
 *
 * @throws what failed first; then no connection is open.
 */
export async function withHasher(
  dialled: Promise<Connection>,
  load: () => Promise<unknown> = loadShareHasher,
): Promise<Connection> {
  const hasher = load();
  // If dialing fails first, nothing waits for the hasher any more.
  hasher.catch(() => {});
  const connection = await dialled;
  try {
    await hasher;
  } catch (error) {
    connection.close();
    throw error;
  }
  return connection;
}
