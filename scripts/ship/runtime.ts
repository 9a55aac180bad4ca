/**
 * The stock Deno runtime of a platform, from npm: pinned, verified each time, kept in `dist/cache`
 * so that the next build needs no network.
 */

import { createHash } from "node:crypto";
import { run } from "./command.ts";
import { elfMachineOf } from "./elf.ts";
import type { NpmTarball, Platform } from "./platforms.ts";

const CACHE = new URL("../../dist/cache/runtimes", import.meta.url).pathname;

/** No runtime is available; the message says what to do. */
export class NoRuntime extends Error {
  /** Tells it from other errors. */
  override readonly name = "NoRuntime";
}

/** Returns the name that `npm pack` gives a package's archive. */
function archiveName({ name, version }: NpmTarball): string {
  return `${name.replace("@", "").replace("/", "-")}-${version}.tgz`;
}

/**
 * Returns the verified archive of `tarball` in `folder`; downloads it if it is missing.
 *
 * @throws NoRuntime if it is not available, or is not the pinned one
 */
export async function fetchTarball(tarball: NpmTarball, folder = CACHE): Promise<string> {
  const spec = `${tarball.name}@${tarball.version}`;
  const path = `${folder}/${archiveName(tarball)}`;
  await Deno.mkdir(folder, { recursive: true });
  if (await integrityOf(path) === undefined) {
    try {
      await run(["npm", "pack", "--silent", `--pack-destination=${folder}`, spec]);
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      throw new NoRuntime(
        `Cannot get ${spec} with npm; put its archive into ${path}, or try where npm has its ` +
          `registry. ${found}`,
      );
    }
  }
  const integrity = await integrityOf(path);
  if (integrity !== tarball.integrity) {
    throw new NoRuntime(
      `${path} is not the pinned archive of ${spec}: its checksum is ${integrity}, ` +
        `must be ${tarball.integrity}; remove it and try again`,
    );
  }
  return path;
}

/** Writes the runtime of `platform` to `path`. @throws NoRuntime */
export async function placeRuntime(platform: Platform, path: string): Promise<void> {
  const archive = await fetchTarball(platform.runtime);
  const folder = await Deno.makeTempDir();
  try {
    await run(["tar", "-xmzf", archive, "-C", folder, "package/deno"]);
    const machine = await elfMachineOf(`${folder}/package/deno`);
    if (machine !== platform.name) {
      throw new NoRuntime(`${archive} holds a runtime for ${machine}, not for ${platform.name}`);
    }
    await Deno.copyFile(`${folder}/package/deno`, path);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function integrityOf(path: string): Promise<string | undefined> {
  try {
    const hash = createHash("sha512").update(await Deno.readFile(path));
    return `sha512-${hash.digest("base64")}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
