/**
 * Loads the share hasher only when a pool needs it: a proxy without such a pool saves the 0.4 MB of
 * its WebAssembly. The rest of the program imports only its types.
 */

import type { ShareHasher } from "./share_hasher.ts";

let loaded: ShareHasher | undefined;

/** Loads the share hasher; {@linkcode loadedShareHasher} returns it from then on. */
export async function loadShareHasher(): Promise<ShareHasher> {
  const { shareHasher } = await import("./share_hasher.ts");
  return loaded = shareHasher();
}

/**
 * The loaded share hasher.
 *
 * @throws {Error} unless {@linkcode loadShareHasher} has finished: a pool's session loads it before
 * it becomes ready.
 */
export function loadedShareHasher(): ShareHasher {
  if (loaded === undefined) {
    throw new Error("Cannot hash shares: the hasher is not loaded; call loadShareHasher() before");
  }
  return loaded;
}
