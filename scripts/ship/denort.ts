/**
 * `denort`, the runtime without compiler that `deno compile` builds upon: where it is searched for,
 * and what to do when it is missing.
 *
 * Deno takes `$DENORT_BIN` if that is set, else the archive in its cache, else it downloads that.
 */

import { Buffer } from "node:buffer";
import { elfMachineOf } from "./elf.ts";
import type { Platform } from "./platforms.ts";

/** Values that decide where a denort comes from. */
export interface DenortPlaces {
  /** The cache folder of Deno. */
  readonly denoDir: string;
  /** The version of Deno that compiles; denort's must be the same. */
  readonly denoVersion: string;
  /** `$DENORT_BIN`, if it is set. */
  readonly denortBin: string | undefined;
}

/** Where to find it for one platform. */
export type Denort =
  /** `$DENORT_BIN` is for this platform. */
  | { readonly kind: "file"; readonly path: string }
  /** In the cache, or to be downloaded into it. */
  | { readonly kind: "archive"; readonly path: string; readonly isThere: boolean };

/** The folder of the cache for this version's archives. */
function archiveFolder({ denoDir, denoVersion }: DenortPlaces): string {
  return `${denoDir}/dl/release/v${denoVersion}`;
}

/** What the archive is called: one file, `denort`, in a zip. */
function archiveName({ target }: Platform): string {
  return `denort-${target}.zip`;
}

/** Where denort for `platform` is. `$DENORT_BIN` counts only if it is for that platform. */
export async function findDenort(platform: Platform, places: DenortPlaces): Promise<Denort> {
  const { denortBin } = places;
  if (denortBin !== undefined && await elfMachineOf(denortBin) === platform.name) {
    return { kind: "file", path: denortBin };
  }
  const path = `${archiveFolder(places)}/${archiveName(platform)}`;
  const isThere = await Deno.stat(path).then((info) => info.isFile, () => false);
  return { kind: "archive", path, isThere };
}

/** Says what to do when there is no denort for `platform`. */
export function missingDenort(platform: Platform, places: DenortPlaces): string {
  const name = archiveName(platform);
  const { denoVersion, denortBin } = places;
  const notUsed = denortBin ? `; ${denortBin} (DENORT_BIN) is no whole executable for it` : "";
  return `No denort for ${platform.name}: it is not in Deno's cache and cannot be downloaded` +
    `${notUsed}. Get\n  https://dl.deno.land/release/v${denoVersion}/${name}\n` +
    `and put it, unopened, into\n  ${archiveFolder(places)}/\n` +
    `or set DENORT_BIN to a denort ${denoVersion} for ${platform.name}. ` +
    "Packages need none: deno task package";
}

/** A text of the language server, which is in deno but not in denort. */
const ONLY_IN_DENO = "textDocument/hover";

/**
 * Whether an executable is a deno, or was built upon one instead of a denort: it treats all
 * arguments as deno's own, and never runs the program compiled into it.
 */
export async function isDeno(path: string): Promise<boolean> {
  const { buffer } = await Deno.readFile(path);
  return Buffer.from(buffer).includes(ONLY_IN_DENO);
}
