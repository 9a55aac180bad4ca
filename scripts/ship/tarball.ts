/**
 * The archive for machines without Debian's package manager.
 */

import { run } from "./command.ts";
import { placePages } from "./pages.ts";
import { artifactName, type Platform } from "./platforms.ts";
import { VERSION } from "./start_flags.ts";
import { copy, placeConf, settleModes } from "./tree.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Files packed with the program, by their place in the project. */
const COMPANIONS = ["CHANGELOG.md", "LICENSE"];

/** Options of packing. */
export interface PackOptions {
  /** The machines it is for. */
  readonly platform: Platform;
  /** The folder with the program; see payload.ts. */
  readonly payload: string;
  /** A folder to work in, which is removed by its owner. */
  readonly work: string;
  /** Where the result goes. */
  readonly out: string;
  /** The time that every file gets, in seconds since 1970. */
  readonly epoch: number;
}

/** Packs it, the same bytes for the same input. Returns the path. */
export async function packTarball(options: PackOptions): Promise<string> {
  const { platform, payload, work, out, epoch } = options;
  const name = artifactName(VERSION, platform);
  const folder = `${work}/${name}`;
  await run(["cp", "-r", payload, folder]);
  for (const file of COMPANIONS) await copy(ROOT + file, `${folder}/${file}`);
  await placeConf(folder);
  await placePages(folder, Object.fromEntries(COMPANIONS.map((file) => [file, file])));
  await settleModes(folder);
  const path = `${out}/${name}.tar.gz`;
  await run([
    "tar",
    "--create",
    "--format=gnu",
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    `--mtime=@${epoch}`,
    "--use-compress-program=gzip -n",
    `--file=${path}`,
    `--directory=${work}`,
    name,
  ]);
  return path;
}
