/**
 * The answer to `mining.configure` (BIP 310; stratum.md "Configure"); pure.
 */

import { formatHex32, parseHex32 } from "../base/hex.ts";

/** BIP 310: a miner that names no mask may roll any bit. */
const ANY_MASK = 0xffffffff;

/** An answer, and what it promised. */
export interface ConfigureAnswer {
  /** JSON text of the result: the keys of the extensions asked for and no other, or firmware that
   * knows fewer keys drops the connection. */
  readonly resultJson: string;
  /** The version bits the miner wants to roll; `undefined` if it did not ask. */
  readonly requestedMask: number | undefined;
}

/**
 * Answers `mining.configure` for a pool that lets `poolMask` be rolled. A mask that ends up empty
 * is refused honestly, with `false` and no mask.
 *
 * @returns `undefined` when the first parameter is no list of extension names (error 27).
 */
export function answerConfigure(
  params: readonly unknown[],
  poolMask: number,
): ConfigureAnswer | undefined {
  const [extensions, options] = params;
  if (extensions === undefined || extensions === null) {
    return { resultJson: "{}", requestedMask: undefined };
  }
  if (!Array.isArray(extensions)) return undefined;
  let requestedMask: number | undefined;
  const members = new Map<string, string>();
  for (const name of extensions) {
    if (typeof name !== "string") return undefined;
    if (name !== "version-rolling") {
      members.set(name, "false");
      continue;
    }
    requestedMask = maskIn(options);
    const mask = (requestedMask & poolMask) >>> 0;
    members.set(name, mask === 0 ? "false" : "true");
    if (mask !== 0) members.set("version-rolling.mask", `"${formatHex32(mask)}"`);
  }
  const text = [...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return { resultJson: `{${text.join(",")}}`, requestedMask };
}

function maskIn(options: unknown): number {
  if (typeof options !== "object" || options === null) return ANY_MASK;
  const mask = (options as Readonly<Record<string, unknown>>)["version-rolling.mask"];
  return (typeof mask === "string" ? parseHex32(mask) : undefined) ?? ANY_MASK;
}
