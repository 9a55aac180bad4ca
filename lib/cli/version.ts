/** Which version of the program this is, and what runs it. */

import manifest from "../../deno.json" with { type: "json" };

/** The version of this program. */
export const VERSION: string = manifest.version;

/** What runs the program, as `Deno.version` and `Deno.build` have it. */
export interface Runtime {
  /** As in `2.9.6`. */
  readonly deno: string;
  /** As in `14.0.365.5`. */
  readonly v8: string;
  /** As in `x86_64-unknown-linux-gnu`. */
  readonly target: string;
}

/** What `--version` shows: this program's version and what it runs on. */
export function versionText({ deno, v8, target }: Runtime): string {
  return `btcagent ${VERSION}\nDeno ${deno}, V8 ${v8}, ${target}`;
}
