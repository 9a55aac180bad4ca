/** `SHA256SUMS`, as `sha256sum --check` reads it. */

import { createHash } from "node:crypto";

/** What is listed: executables and packages of ours. */
const LISTED = /^btcagent[-_]/;

/** The SHA-256 of a file, in hex. */
export async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  using file = await Deno.open(path);
  for await (const bytes of file.readable) hash.update(bytes);
  return hash.digest("hex");
}

/**
 * Writes `SHA256SUMS` for everything built in `folder`, and returns its text; writes no file if
 * nothing was built.
 */
export async function writeChecksums(folder: string): Promise<string> {
  const names: string[] = [];
  for await (const entry of Deno.readDir(folder)) {
    if (entry.isFile && LISTED.test(entry.name)) names.push(entry.name);
  }
  const sums = names.sort().map(async (name) => `${await sha256(`${folder}/${name}`)}  ${name}\n`);
  const text = (await Promise.all(sums)).join("");
  const path = `${folder}/SHA256SUMS`;
  if (text === "") await Deno.remove(path).catch(() => {});
  else await Deno.writeTextFile(path, text);
  return text;
}
