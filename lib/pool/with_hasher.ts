/**
 * The start of a connection whose shares are hashed here: the share hasher is loaded while the
 * connection is dialled.
 */

import { loadShareHasher } from "../bitcoin/load_share_hasher.ts";
import type { Connection } from "../net/pools/connection.ts";

/**
 * What `dialled` brings, once the share hasher is there, too.
 *
 * @throws what failed first; then no connection is open.
 */
export async function withHasher(
  dialled: Promise<Connection>,
  load: () => Promise<unknown> = loadShareHasher,
): Promise<Connection> {
  const hasher = load();
  // If dialling fails before it, nobody waits for it any more.
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
