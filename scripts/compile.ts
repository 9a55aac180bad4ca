/**
 * `deno task compile [--out DIR] [--only x86_64|aarch64]`: one executable for each platform, with
 * the flags and permissions of the `start` task, and `SHA256SUMS`.
 *
 * Only working executables remain: each result is checked to be for the processor in its name, and
 * the one for this machine has printed its version and mined in the demo.
 *
 * Exit codes: 0 all built, 1 something built is wrong, 2 wrong use, 3 no denort for a platform.
 */

import { BUILD_OPTIONS, buildOptions } from "./ship/build_options.ts";
import { writeChecksums } from "./ship/checksums.ts";
import { outcome, run } from "./ship/command.ts";
import { type DenortPlaces, findDenort, isDeno, missingDenort } from "./ship/denort.ts";
import { elfMachineOf } from "./ship/elf.ts";
import { artifactName, type Platform } from "./ship/platforms.ts";
import { bundleProgram, ENTRY } from "./ship/program.ts";
import { complain, say } from "./ship/say.ts";
import { START_FLAGS, VERSION } from "./ship/start_flags.ts";

const EXIT = { built: 0, wrong: 1, misused: 2, noDenort: 3 } as const;

const DEMO_SECONDS = 5;

/** A build that failed, with its exit code. */
class NotBuilt extends Error {
  override readonly name = "NotBuilt";

  constructor(readonly code: number, message: string) {
    super(message);
  }
}

async function denortPlaces(): Promise<DenortPlaces> {
  const info: { denoDir: string } = JSON.parse(await run([Deno.execPath(), "info", "--json"]));
  return {
    denoDir: info.denoDir,
    denoVersion: Deno.version.deno,
    denortBin: Deno.env.get("DENORT_BIN"),
  };
}

/** Builds for one platform into `path`. @throws NotBuilt */
async function compile(platform: Platform, program: string, path: string): Promise<void> {
  const places = await denortPlaces();
  const denort = await findDenort(platform, places);
  const { DENORT_BIN: _, ...env } = Deno.env.toObject();
  const command = [
    Deno.execPath(),
    "compile",
    "--quiet",
    "--no-check",
    "--no-config",
    "--no-lock",
    ...START_FLAGS,
    `--target=${platform.target}`,
    `--output=${path}`,
    `${program}/${ENTRY}`,
  ];
  const { code, stderr } = await outcome(command, {
    clearEnv: true,
    env: {
      ...env,
      // Without it the compiler has overflowed its stack.
      RUST_MIN_STACK: String(32 << 20),
      ...(denort.kind === "file" ? { DENORT_BIN: denort.path } : {}),
    },
  });
  if (code !== 0) {
    const after = await findDenort(platform, places);
    if (after.kind === "archive" && !after.isThere) {
      throw new NotBuilt(EXIT.noDenort, missingDenort(platform, places));
    }
    throw new NotBuilt(EXIT.wrong, `deno compile failed for ${platform.name}:\n${stderr.trim()}`);
  }
  const machine = await elfMachineOf(path);
  if (machine !== platform.name) {
    const found = machine ?? "no executable";
    throw new NotBuilt(
      EXIT.wrong,
      `deno compile wrote ${found} for ${platform.name}: the denort it took is another machine's`,
    );
  }
  if (await isDeno(path)) {
    const from = denort.kind === "file" ? "DENORT_BIN" : "Deno's cache";
    throw new NotBuilt(EXIT.wrong, `${denort.path} (${from}) is a deno, where a denort is wanted`);
  }
  if (platform.target === Deno.build.target) await smokeTest(path);
}

/** Lets it print its version and mine for a moment. @throws NotBuilt */
async function smokeTest(path: string): Promise<void> {
  const version = await outcome([path, "--version"]);
  if (!version.stdout.startsWith(`btcagent ${VERSION}\n`)) {
    const said = (version.stdout + version.stderr).trim().split("\n")[0];
    throw new NotBuilt(
      EXIT.wrong,
      `The executable is not btcagent: for --version it says ${JSON.stringify(said)}; ` +
        `the denort it was built upon must be of version ${Deno.version.deno}`,
    );
  }
  const demo = await outcome([path, "demo", "--seconds", String(DEMO_SECONDS), "--miners", "10"]);
  if (demo.code !== 0) {
    throw new NotBuilt(
      EXIT.wrong,
      `The executable's demo ended with code ${demo.code}:\n${demo.stdout}${demo.stderr}`,
    );
  }
}

async function main(): Promise<number> {
  const options = buildOptions(Deno.args);
  if (options === undefined) {
    complain(`Usage: deno task compile ${BUILD_OPTIONS}`);
    return EXIT.misused;
  }
  const { out, platforms } = options;
  await Deno.mkdir(out, { recursive: true });
  const work = await Deno.makeTempDir({ dir: out, prefix: ".compile-" });
  let code: number = EXIT.built;
  const built: string[] = [];
  try {
    await bundleProgram(`${work}/program`);
    for (const platform of platforms) {
      const name = artifactName(VERSION, platform);
      const wasRun = platform.target === Deno.build.target ? "run here" : "not run here";
      try {
        await compile(platform, `${work}/program`, `${work}/${name}`);
        await Deno.rename(`${work}/${name}`, `${out}/${name}`);
        built.push(name);
        const { size } = await Deno.stat(`${out}/${name}`);
        say(`${out}/${name}: ${(size / 1e6).toFixed(1)} MB, ${wasRun}`);
      } catch (error) {
        if (!(error instanceof NotBuilt)) throw error;
        // An executable of an earlier build must not remain.
        await Deno.remove(`${out}/${name}`).catch(() => {});
        complain(`${name} was not built. ${error.message}`);
        code = code === EXIT.wrong ? code : error.code;
      }
    }
    const checksums = (await writeChecksums(out)).trimEnd();
    if (built.length > 0) say(checksums);
    return code;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

Deno.exit(await main());
