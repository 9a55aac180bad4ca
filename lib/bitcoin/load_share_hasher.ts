/**
 * The share hasher, loaded only once a pool needs it: its WebAssembly is 0.4 MB of memory that a
 * proxy without such a pool is spared. The rest of the program imports its types alone.
 */

import type { ShareHasher } from "./share_hasher.ts";

let loaded: ShareHasher | undefined;

/** Loads the share hasher; {@linkcode loadedShareHasher} has it from then on. */
export async function loadShareHasher(): Promise<ShareHasher> {
  const { shareHasher } = await import("./share_hasher.ts");
  return loaded = shareHasher();
}

/**
 * The share hasher, at once.
 *
 * @throws {Error} unless {@linkcode loadShareHasher} is done: a pool's session loads it before it
 *   calls itself ready.
 */
export function loadedShareHasher(): ShareHasher {
  if (loaded === undefined) {
    throw new Error("Cannot hash shares: the hasher is not loaded; call loadShareHasher() before");
  }
  return loaded;
}
