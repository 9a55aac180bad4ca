/** Builds packages for tests, as `deno task package` does. */

import { outcome } from "../../scripts/ship/command.ts";

const ROOT = new URL("../../", import.meta.url).pathname;

/** Builds for one platform into a new folder, and returns that. */
export async function buildPackages(platform: "x86_64" | "aarch64"): Promise<string> {
  const out = await Deno.makeTempDir();
  const { code, stderr } = await outcome(
    [Deno.execPath(), "task", "package", "--out", out, "--only", platform],
    { cwd: ROOT },
  );
  if (code !== 0) throw new Error(`deno task package ended with code ${code}:\n${stderr}`);
  return out;
}
