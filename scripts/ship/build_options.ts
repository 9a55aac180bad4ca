/**
 * The options of the build commands: the output folder and the platforms.
 */

import { type Platform, PLATFORMS } from "./platforms.ts";

const DIST = new URL("../../dist", import.meta.url).pathname;

/** What both commands accept. */
export const BUILD_OPTIONS = "[--out DIR] [--only x86_64|aarch64]";

/** What is to be built. */
export interface BuildOptions {
  /** Where the results go. */
  readonly out: string;
  /** For which machines. */
  readonly platforms: readonly Platform[];
}

/** Reads the arguments of a build command; returns `undefined` if they are wrong. */
export function buildOptions(args: readonly string[]): BuildOptions | undefined {
  let options: BuildOptions = { out: DIST, platforms: PLATFORMS };
  for (let i = 0; i < args.length; i += 2) {
    const [option, value] = args.slice(i, i + 2);
    const only = PLATFORMS.filter(({ name }) => name === value);
    if (option === "--out" && value) options = { ...options, out: value };
    else if (option === "--only" && only.length > 0) options = { ...options, platforms: only };
    else return undefined;
  }
  return options;
}
