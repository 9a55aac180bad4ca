/**
 * The V8 flags and permissions of the program, wherever it is started: those of the `start` task in
 * deno.json, the only place where they are written.
 */

import settings from "../../deno.json" with { type: "json" };

/** Each `--flag` or `--flag=value` of the `start` task, in its order. */
export const START_FLAGS: readonly string[] = settings.tasks.start.command.split(" ")
  .filter((word) => word.startsWith("--"));

/** The same for the bundled program, which needs neither npm, nor a configuration, nor the network. */
export const PROGRAM_FLAGS: readonly string[] = [
  ...["--cached-only", "--no-remote", "--no-npm", "--no-config", "--no-lock"],
  ...START_FLAGS,
];

/** The version of this build. */
export const VERSION: string = settings.version;
