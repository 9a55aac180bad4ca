/**
 * The program for one platform, in a folder of its own: the compiled executable if there is one,
 * else a launcher, the stock runtime and the program.
 *
 *     btcagent            start this
 *     deno  program/      only beside a launcher
 */

import { elfMachineOf } from "./elf.ts";
import { artifactName, type Platform } from "./platforms.ts";
import { bundleProgram, ENTRY } from "./program.ts";
import { placeRuntime } from "./runtime.ts";
import { PROGRAM_FLAGS, VERSION } from "./start_flags.ts";
import { fill, place, settleModes } from "./tree.ts";

const LAUNCHER = new URL("launcher.sh", import.meta.url);

/** The two kinds of payload. */
export type PayloadKind = "compiled" | "with the stock runtime";

/**
 * Lays the program out in `folder`; `compiled` is searched for executables compiled before.
 *
 * @throws NoRuntime if there is neither an executable nor a runtime
 */
export async function layOutPayload(
  platform: Platform,
  folder: string,
  compiled: string,
): Promise<PayloadKind> {
  await Deno.mkdir(folder, { recursive: true });
  const executable = `${compiled}/${artifactName(VERSION, platform)}`;
  if (await elfMachineOf(executable) === platform.name) {
    await Deno.copyFile(executable, `${folder}/btcagent`);
    await Deno.chmod(`${folder}/btcagent`, 0o755);
    return "compiled";
  }
  await placeRuntime(platform, `${folder}/deno`);
  await Deno.chmod(`${folder}/deno`, 0o755);
  await bundleProgram(`${folder}/program`);
  const launcher = fill(await Deno.readTextFile(LAUNCHER), {
    VERSION,
    ENTRY,
    FLAGS: PROGRAM_FLAGS.join(" \\\n  "),
  });
  await place(`${folder}/btcagent`, launcher, 0o755);
  await settleModes(folder);
  return "with the stock runtime";
}
