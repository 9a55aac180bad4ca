/**
 * The answer to `mining.configure` (BIP 310; stratum.md "Configure"); pure.
 */

import { formatHex32 } from "../base/hex.ts";
import { ROLLABLE_BITS } from "../base/version_bits.ts";

/** An answer, and what it promised. */
export interface ConfigureAnswer {
  /** JSON text of the result: the keys of the extensions asked for and no other, or firmware that
   * knows fewer keys drops the connection. */
  readonly resultJson: string;
  /** The version bits the miner was promised; `undefined` if it did not ask. */
  readonly promisedMask: number | undefined;
}

/**
 * Answers `mining.configure`.
 *
 * Version rolling is always granted, with what the miner asks of {@linkcode ROLLABLE_BITS} and
 * whatever pools allow: cgminer, Avalon and Braiins OS give a server up that answers anything less,
 * and Bitaxe rolls all the same. What the pool allows is told with the first job.
 *
 * @returns `undefined` when the first parameter is no list of extension names (error 27).
 */
export function answerConfigure(params: readonly unknown[]): ConfigureAnswer | undefined {
  const [extensions, options] = params;
  if (extensions === undefined || extensions === null) {
    return { resultJson: "{}", promisedMask: undefined };
  }
  const names: unknown = typeof extensions === "string" ? [extensions] : extensions;
  if (!Array.isArray(names)) return undefined;
  let promisedMask: number | undefined;
  const members = new Map<string, string>();
  for (const name of names) {
    // Pools pass over what is no text, too.
    if (typeof name !== "string") continue;
    if (name !== "version-rolling") {
      members.set(name, "false");
      continue;
    }
    promisedMask = maskIn(options) & ROLLABLE_BITS;
    members.set(name, "true");
    members.set("version-rolling.mask", `"${formatHex32(promisedMask)}"`);
  }
  const text = [...members].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  return { resultJson: `{${text.join(",")}}`, promisedMask };
}

/** The mask asked for, its lowest 32 bits; one that is missing or no hex number is any. */
function maskIn(options: unknown): number {
  if (typeof options !== "object" || options === null) return ROLLABLE_BITS;
  const mask = (options as Readonly<Record<string, unknown>>)["version-rolling.mask"];
  const digits = typeof mask === "string" ? /^(?:0x)?([0-9a-f]+)$/i.exec(mask)?.[1] : undefined;
  return digits === undefined ? ROLLABLE_BITS : parseInt(digits.slice(-8), 16);
}
