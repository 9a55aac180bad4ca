/**
 * The program as plain JavaScript in a few files, dependencies and embedded texts included: what is
 * shipped. It starts faster and takes less memory than its sources, and needs neither npm nor a
 * cache of packages.
 *
 * One file for each part that is loaded on its own, so that a proxy still reads no simulator.
 */

import { run } from "./command.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs first. */
export const ENTRY = "main.js";

/**
 * The cache the bundler works with. Paths relative to the project are in its output, so it is a
 * folder of the project's own: then the output is the same wherever the project lies.
 */
const CACHE = `${ROOT}dist/cache/deno`;

/** Writes the program's files into `folder`, which must not exist or be empty. */
export async function bundleProgram(folder: string): Promise<void> {
  await Deno.mkdir(CACHE, { recursive: true });
  await run(
    [
      Deno.execPath(),
      "bundle",
      "--quiet",
      "--frozen",
      "--platform=deno",
      "--code-splitting",
      `--outdir=${folder}`,
      "main.ts",
    ],
    { cwd: ROOT, env: { DENO_DIR: CACHE } },
  );
}
