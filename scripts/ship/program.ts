/**
 * The shipped program: plain JavaScript in a few files, with dependencies and embedded texts. It
 * starts faster and takes less memory than its sources, and needs neither npm nor a cache of
 * packages.
 *
 * One file for each part that is loaded on its own, so that a proxy still reads no simulator. Each
 * is written without blanks and with short names, since the runtime keeps the text in memory; a
 * source map beside it leads back to names, files and lines of the sources, which the runtime reads
 * when it shows where an error was.
 */

import { run } from "./command.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Runs first. */
export const ENTRY = "main.js";

/**
 * The cache the bundler works with. Its output contains paths relative to the project, so the cache
 * is a folder in the project: then the output does not depend on where the project is.
 */
const CACHE = `${ROOT}dist/cache/deno`;

/** The cache's folder of packages, from any registry. */
const PACKAGES = /^dist\/cache\/deno\/npm\/[^/]+\//;

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
      "--minify",
      "--sourcemap=linked",
      `--outdir=${folder}`,
      "main.ts",
    ],
    { cwd: ROOT, env: { DENO_DIR: CACHE } },
  );
  for await (const { name } of Deno.readDir(folder)) {
    if (name.endsWith(".map")) await tidySourceMap(`${folder}/${name}`);
  }
}

/** Names sources by their paths in the project, and leaves out their texts. */
async function tidySourceMap(path: string): Promise<void> {
  const { sourcesContent: _, sources, ...map } = JSON.parse(await Deno.readTextFile(path));
  const base = new URL(path, `file://${ROOT}`);
  const fromTop = (source: string) =>
    new URL(source, base).pathname.replace(ROOT, "").replace(PACKAGES, "npm/");
  await Deno.writeTextFile(path, JSON.stringify({ ...map, sources: sources.map(fromTop) }));
}
