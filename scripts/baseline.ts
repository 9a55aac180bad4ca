/**
 * `deno task baseline [COMMIT]`: builds btcagent as it was at a commit, from this repository's own
 * history, and prints the path of a program that starts it, to compare it with today's:
 *
 *     deno task bench rate attack --runs 3 --compare "$(deno task --quiet baseline) -c {conf}"
 *
 * Everything is in a new temporary folder; nothing of the working tree is touched.
 */

import { run } from "./ship/command.ts";

/** The first measured release, with which later work is compared. */
const FIRST_MEASURED = "a93944b";

const ROOT = new URL("../", import.meta.url).pathname;

/**
 * Builds `commit` in a new folder below `parent`, or the system's temporary folder, bundled as in
 * its packages.
 *
 * @returns the path of the program, which starts the bundle as the packages do.
 * @throws Error when there is no such commit, or it cannot be built.
 */
export async function buildBaseline(commit: string, parent?: string): Promise<string> {
  const hash = (await run(["git", "-C", ROOT, "rev-parse", "--verify", `${commit}^{commit}`]))
    .trim();
  const folder = await Deno.makeTempDir({
    prefix: "btcagent-baseline-",
    ...parent === undefined ? {} : { dir: parent },
  });
  const [source, release] = [`${folder}/source`, `${folder}/release`];
  await Deno.mkdir(source);
  await run(["git", "-C", ROOT, "archive", "--output", `${folder}/source.tar`, hash]);
  await run(["tar", "-xf", `${folder}/source.tar`, "-C", source]);
  // Its own bundler and its own flags, which may differ from today's.
  const url = (path: string) => JSON.stringify(`file://${source}/scripts/ship/${path}`);
  const build = `import { bundleProgram, ENTRY } from ${url("program.ts")};
import { PROGRAM_FLAGS } from ${url("start_flags.ts")};
await bundleProgram(${JSON.stringify(release)});
console.log(JSON.stringify([...PROGRAM_FLAGS, ${JSON.stringify(`${release}/`)} + ENTRY]));`;
  await Deno.writeTextFile(`${folder}/build.ts`, build);
  const config = ["--config", `${source}/deno.json`];
  const printed = await run(
    [Deno.execPath(), "run", "--quiet", "--allow-all", ...config, `${folder}/build.ts`],
    { cwd: source },
  );
  const words: readonly string[] = [Deno.execPath(), "run", ...JSON.parse(printed)];
  const program = `${folder}/btcagent-${hash.slice(0, 7)}`;
  const quoted = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");
  await Deno.writeTextFile(
    program,
    `#!/bin/sh
export DENO_NO_UPDATE_CHECK=1 MALLOC_ARENA_MAX=1 DENO_DIR='${release}/cache'
exec ${quoted} "$@"
`,
    { mode: 0o755 },
  );
  return program;
}

// deno-lint-ignore no-console -- a script speaks on the terminal
if (import.meta.main) console.log(await buildBaseline(Deno.args[0] ?? FIRST_MEASURED));
