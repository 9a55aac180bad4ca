/**
 * `deno task package [--out DIR] [--only x86_64|aarch64]`: a tar.gz and a .deb for each platform,
 * and `SHA256SUMS`. Two builds of one commit are the same bytes.
 *
 * They contain the executable that `deno task compile` left in that folder, else the stock Deno
 * runtime and the program.
 *
 * Exit codes: 0 all packed, 1 failed, 2 wrong use, 3 no runtime for a platform.
 */

import { BUILD_OPTIONS, buildOptions } from "./ship/build_options.ts";
import { writeChecksums } from "./ship/checksums.ts";
import { run } from "./ship/command.ts";
import { packDeb } from "./ship/deb.ts";
import { layOutPayload } from "./ship/payload.ts";
import { NoRuntime } from "./ship/runtime.ts";
import { complain, say } from "./ship/say.ts";
import { packTarball } from "./ship/tarball.ts";

const EXIT = { packed: 0, failed: 1, misused: 2, noRuntime: 3 } as const;

const ROOT = new URL("..", import.meta.url).pathname;

/** Returns the time of packed files: `$SOURCE_DATE_EPOCH`, else that of the last commit. */
async function sourceEpoch(): Promise<number> {
  const text = Deno.env.get("SOURCE_DATE_EPOCH") ??
    await run(["git", "-C", ROOT, "log", "-1", "--format=%ct"]).catch(() => "");
  if (/^\d+\s*$/.test(text)) return Number(text);
  throw new Error(
    "Cannot tell the time to give the files: this is no git checkout, and SOURCE_DATE_EPOCH is " +
      "not set to a number of seconds",
  );
}

async function main(): Promise<number> {
  const options = buildOptions(Deno.args);
  if (options === undefined) {
    complain(`Usage: deno task package ${BUILD_OPTIONS}`);
    return EXIT.misused;
  }
  const { out, platforms } = options;
  const epoch = await sourceEpoch();
  await Deno.mkdir(out, { recursive: true });
  const work = await Deno.makeTempDir({ dir: out, prefix: ".package-" });
  let code: number = EXIT.packed;
  try {
    for (const platform of platforms) {
      try {
        const payload = `${work}/payload-${platform.name}`;
        const kind = await layOutPayload(platform, payload, out);
        const pack = { platform, payload, work, out, epoch };
        for (const path of await Promise.all([packTarball(pack), packDeb(pack)])) {
          const { size } = await Deno.stat(path);
          say(`${path}: ${(size / 1e6).toFixed(1)} MB, ${kind}`);
        }
      } catch (error) {
        if (!(error instanceof NoRuntime)) throw error;
        complain(`Nothing was packed for ${platform.name}. ${error.message}`);
        code = EXIT.noRuntime;
      }
    }
    say((await writeChecksums(out)).trimEnd());
    return code;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

try {
  Deno.exit(await main());
} catch (error) {
  complain(`Not all was packed. ${error instanceof Error ? error.message : error}`);
  Deno.exit(EXIT.failed);
}
