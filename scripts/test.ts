/**
 * `deno task test`: the tests that a developer runs for every change. Arguments are for `deno test`,
 * such as `--filter verdict`.
 *
 * Deno gives each file of tests an isolate of its own, whose start takes a third of a second of
 * processor time, more than most of our files take to run. So the files of most folders share a few
 * isolates: each is a module that only imports them, in a folder that is removed at the end.
 */

import settings from "../deno.json" with { type: "json" };

const ROOT = new URL("../", import.meta.url);

/** Folders of tests with tasks of their own. */
const OTHER_TASKS: ReadonlySet<string> = new Set(["browser", "farm", "package"]);

/** Folders whose tests start processes and farms: each file has an isolate of its own. */
const ALONE: ReadonlySet<string> = new Set(["loopback", "scripts"]);

/** Files that share an isolate: few enough that the last isolate does not run alone for long. */
const MOST_TOGETHER = 10;

/** Isolates that run at a time: they wait for much of their time. */
const JOBS = "4";

/** Files of tests that share an isolate. */
export interface TestModule {
  /** Its name in the output; `undefined` for a file that runs on its own. */
  readonly name: string | undefined;
  /** Paths, from the top of the repository. */
  readonly files: readonly string[];
}

/**
 * Groups these files, as `tests/mux/terms_test.ts`, into those that run together, without files of
 * other tasks.
 */
export function testModules(paths: readonly string[]): TestModule[] {
  const folders = Map.groupBy(paths.toSorted(), (path) => path.split("/").slice(1, -1).join("/"));
  return [...folders].flatMap(([folder, files]): TestModule[] => {
    const top = folder.split("/")[0]!;
    if (OTHER_TASKS.has(top)) return [];
    if (ALONE.has(top)) return files.map((file) => ({ name: undefined, files: [file] }));
    return Array.from({ length: Math.ceil(files.length / MOST_TOGETHER) }, (_, i) => ({
      name: `${folder === "" ? "tests" : folder.replaceAll("/", "_")}_${i + 1}.ts`,
      files: files.slice(i * MOST_TOGETHER, (i + 1) * MOST_TOGETHER),
    }));
  });
}

/** The test files below `folder`, from the top of the repository. */
export function testFiles(folder = "tests"): string[] {
  return [...Deno.readDirSync(new URL(folder, ROOT))].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    if (isDirectory) return testFiles(path);
    return name.endsWith("_test.ts") ? [path] : [];
  });
}

/** Writes a module for each group into `folder`, and returns what `deno test` runs. */
function writeModules(folder: string): string[] {
  return testModules(testFiles()).map(({ name, files }) => {
    if (name === undefined) return files[0]!;
    const imports = files.map((file) => `import ${JSON.stringify(new URL(file, ROOT).href)};\n`);
    Deno.writeTextFileSync(`${folder}/${name}`, imports.join(""));
    return `${folder}/${name}`;
  });
}

/** Runs them as `deno task test:farm` runs its own, and returns the exit code. */
async function run(args: readonly string[]): Promise<number> {
  const flags = settings.tasks["test:farm"].command.split(" ").filter((word) =>
    word.startsWith("--")
  );
  const folder = Deno.makeTempDirSync({ prefix: "btcagent-tests-" });
  try {
    const { code } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--config", "deno.json", ...flags, ...args, ...writeModules(folder)],
      cwd: ROOT,
      env: { DENO_JOBS: JOBS },
    }).spawn().status;
    return code;
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args));
